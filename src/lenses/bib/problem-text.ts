/** @file Why a photo could not be read, in the user's words. Thread: page. */
import { ERROR_CODES } from '../../contracts/errors.ts';
import type { RacePhoto } from '../../contracts/race.ts';
import { m } from '../../paraglide/messages.js';

/** @returns what happened; empty for a photo without a problem. */
export function problemText({ state, problem }: RacePhoto): string {
  if (state === 'gone') return m.bib_problem_gone();
  if (problem === null) return '';
  if (problem === 'decode-unsupported') return m.bib_problem_decode();
  if (problem === 'worker-died') return m.bib_problem_died();
  const code = ERROR_CODES.find((each) => each === problem) ?? 'bug';
  return m[`error_${code}`]();
}
