/** @file A history entry in a line: its name and the strictest verdict of it. Thread: page. */
import type { Verdict } from '../contracts/dietary.ts';
import type { HistoryEntry } from '../contracts/history.ts';
import { m } from '../paraglide/messages.js';

/** @returns the product's name when it is known, else what was read first, else "not sure". */
export function entryName({ candidates, certainty, correctedProductId, text, editedText, barcodes }: HistoryEntry): string {
  const chosen =
    candidates.find(({ productId }) => productId === correctedProductId) ?? (certainty === 'not-sure' ? undefined : candidates[0]);
  if (chosen !== undefined) return chosen.name;
  const words = (editedText ?? text?.text ?? '').trim().split('\n', 1)[0] ?? '';
  if (words !== '') return words.slice(0, 60);
  return barcodes[0]?.text ?? m.certainty_not_sure();
}

const STRICTNESS: Readonly<Record<Verdict, number>> = { suits: 0, check: 1, avoid: 2 };

/** @returns the strictest verdict over everybody; null when nothing was judged. */
export function entryVerdict({ judgement }: HistoryEntry): Verdict | null {
  const verdicts = judgement?.people.map(({ verdict }) => verdict) ?? [];
  return verdicts.reduce<Verdict | null>((worst, each) => (worst === null || STRICTNESS[each] > STRICTNESS[worst] ? each : worst), null);
}
