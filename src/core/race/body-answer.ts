/** @file What recognising a runner by body, clothes and time comes to: a proposal, or numbers to choose from. Pure; any thread. */
import type { BibAnswer, BibCandidate } from '../../contracts/race.ts';

/** A number is proposed from so much on; below it, numbers are shown for somebody to choose from, or only where they are asked for. Figures: docs/bib.md. */
const PROPOSED = 0.6;
const OFFERED = 0.25;

/** @param candidates probability descending, one or more. @returns never more than doubtful. */
export function bodyAnswer(candidates: readonly BibCandidate[]): BibAnswer {
  const [{ bib, probability01 }] = candidates as readonly [BibCandidate];
  const isProposed = probability01 >= PROPOSED;
  return {
    ...{
      bib: isProposed ? bib : null,
      certainty: probability01 >= OFFERED ? 'check' : 'none',
      probability01: isProposed ? probability01 : 0,
    },
    ...{ partial: null, candidates: [...candidates], saidBy: 'body' },
  };
}
