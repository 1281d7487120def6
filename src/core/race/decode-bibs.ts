/** @file The bibs of one photo together: nobody runs twice in it. Pure; any thread. */
import type { BibAnswer, BibScores } from '../../contracts/race.ts';
import { decodeBib } from './decode-bib.ts';
import type { RaceNumbers } from './race-numbers.ts';

/** Odds by which one of two bibs with the same number must be likelier for its answer to stand as it is. */
const CLEARLY = 20;

/**
 * @param scores of each bib; null: one that nothing was seen on.
 * @returns in the same order. Where two bibs say the same number, the less likely one is `check` at most, both are when neither is clearly
 * likelier: one is misread, or two wear the same number, and a person has to look.
 */
export function decodeBibs(scores: readonly (BibScores | null)[], race: RaceNumbers): BibAnswer[] {
  return doubtTwins(scores.map((one) => decodeBib(one, race)));
}

/** @param answers of the bibs of one photo, each by itself. @returns as {@link decodeBibs}. */
function doubtTwins(answers: readonly BibAnswer[]): BibAnswer[] {
  return answers.map((answer, i) => {
    if (answer.certainty !== 'sure') return answer;
    const isDoubted = answers.some((other, k) => k !== i && other.bib === answer.bib && oddsOf(answer) < oddsOf(other) * CLEARLY);
    return isDoubted ? { ...answer, certainty: 'check' } : answer;
  });
}

function oddsOf({ probability01 }: BibAnswer): number {
  return probability01 / Math.max(1e-6, 1 - probability01);
}
