/** @file Numbers of a photo's bibs from their scores, without blocking the page: a bib takes some milliseconds, a crowd has thirty. Thread: page. */
import type { BibAnswer, BibScores } from '../contracts/race.ts';
import { decodeBib } from '../core/race/decode-bib.ts';
import { doubtTwins } from '../core/race/decode-bibs.ts';
import type { RaceNumbers } from '../core/race/race-numbers.ts';
import { nextTurn } from './next-turn.ts';

/** @returns as `decodeBibs` gives it; others have their turn after every bib. */
export async function decodeInTurns(scores: readonly (BibScores | null)[], race: RaceNumbers): Promise<BibAnswer[]> {
  const answers: BibAnswer[] = [];
  for (const one of scores) {
    answers.push(decodeBib(one, race));
    await nextTurn();
  }
  return doubtTwins(answers);
}
