/** @file Brackets in a folded label. Pure. */
import type { LabelContext } from './label-context.ts';

/** @returns of each index from `from` on, how many brackets are open around it; a bracket itself lies outside. */
export function bracketDepths(text: string, from: number): Int16Array {
  const depths = new Int16Array(text.length - from + 1);
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    if (text[at] === ')') depth = Math.max(0, depth - 1);
    depths[at - from] = depth;
    if (text[at] === '(') depth++;
  }
  return depths;
}

/** @returns where the bracket at `open` closes; `limit` when it does not. */
export function closingBracket(context: LabelContext, open: number, limit: number): { at: number; isMissing: boolean } {
  let depth = 0;
  for (let at = open; at < limit; at++) {
    if (context.isMasked[at]) continue;
    if (context.folded.text[at] === '(') depth++;
    else if (context.folded.text[at] === ')' && --depth === 0) return { at, isMissing: false };
  }
  return { at: limit, isMissing: true };
}
