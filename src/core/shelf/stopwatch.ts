/** @file Capture to report, as the stopwatch shows it. Pure; any thread. */
import type { BayPhoto, Stopwatch } from '../../contracts/visit.ts';

/** Who photographs the next part of a bay within this time after the last answer is still at it. */
const SAME_RUN_MS = 60_000;

type Timed = Pick<BayPhoto, 'addedAtMs' | 'readAtMs' | 'state'>;

/** From the first photo to the last report, pauses included. @returns null without photos. */
export function visitStopwatch(photos: readonly Timed[]): Stopwatch | null {
  const counted = photos.filter(({ state }) => state !== 'failed');
  if (counted.length === 0) return null;
  const isDone = counted.every(({ readAtMs }) => readAtMs !== null);
  return {
    captureAtMs: Math.min(...counted.map(({ addedAtMs }) => addedAtMs)),
    reportAtMs: isDone ? Math.max(...counted.map(({ readAtMs }) => readAtMs ?? 0)) : null,
    photos: counted.length,
  };
}

/** The last run at a bay: photos taken one after the other, without a pause. @returns null without photos. */
export function bayStopwatch(photos: readonly Timed[]): Stopwatch | null {
  const ordered = photos.filter(({ state }) => state !== 'failed').sort((a, b) => a.addedAtMs - b.addedAtMs);
  let run: Timed[] = [];
  for (const photo of ordered) {
    const end = Math.max(...run.map(({ addedAtMs, readAtMs }) => readAtMs ?? addedAtMs), -Infinity);
    const isOpen = run.some(({ readAtMs }) => readAtMs === null);
    if (run.length > 0 && !isOpen && photo.addedAtMs > end + SAME_RUN_MS) run = [];
    run.push(photo);
  }
  return visitStopwatch(run);
}
