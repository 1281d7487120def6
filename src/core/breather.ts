/** @file Lets the page breathe in long loops of small steps. Thread: page or Node. */
import { nextTurn } from './next-turn.ts';

/** Well below what a user notices ([Note: Short tasks]). */
const STRETCH_MS = 15;

/** @returns a function to be awaited after each step: it gives the page a turn when it is time, and else returns at once. */
export function breather(): () => Promise<void> | undefined {
  let sinceMs = performance.now();
  return () => {
    if (performance.now() - sinceMs < STRETCH_MS) return undefined;
    return nextTurn().then(() => {
      sinceMs = performance.now();
    });
  };
}
