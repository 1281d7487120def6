/** @file Which of several verdicts weighs most. Pure. */
import type { Verdict } from '../../contracts/dietary.ts';

/** The less, the worse. */
export const SEVERITY: Readonly<Record<Verdict, number>> = { avoid: 0, check: 1, suits: 2 };

/** @returns the worst of them; `check` when there are none. */
export function worstVerdict(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.length === 0 || verdicts.includes('check')) return verdicts.includes('avoid') ? 'avoid' : 'check';
  return verdicts.includes('avoid') ? 'avoid' : 'suits';
}
