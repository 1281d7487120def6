/** @file Which candidates are worth a user's time. Pure; any thread. */
import type { Candidate } from '../../contracts/product.ts';

/** By the calibrated odds, fewer than one in a hundred offers below this would be right. */
const LEAST_PROBABILITY = 0.01;

/** @returns the candidates, in order, that may be shown as a choice; empty when nothing known looks like the photo. */
export function plausibleCandidates<Choice extends Pick<Candidate, 'probability01'>>(candidates: readonly Choice[]): readonly Choice[] {
  return candidates.filter(({ probability01 }) => probability01 >= LEAST_PROBABILITY);
}
