/** @file Scores as the reader would give them for a text, made up: three steps a character, blanks between. */
import type { BibScores } from '../../../../src/contracts/race.ts';
import { BIB_ALPHABET, BIB_CLASSES, classOf } from '../../../../src/core/race/bib-alphabet.ts';

/** A character as seen: one that is sure, or shares of several. */
export type Seen = string | Readonly<Record<string, number>>;

/** Probability that is spread over everything else. */
const REST = 0.004;

/**
 * @param seen one entry a character.
 * @param cut01 that its left, its right is hidden.
 */
export function scoresOf(seen: readonly Seen[], cut01: readonly [number, number] = [0.01, 0.01]): BibScores {
  const steps = 2 + seen.length * 3;
  const logProbabilities = new Float32Array(steps * BIB_CLASSES);
  for (let step = 0; step < steps; step++) {
    const at = seen[Math.floor((step - 1) / 3)];
    const isCharacter = step > 0 && (step - 1) % 3 === 1 && at !== undefined;
    const shares = !isCharacter ? { '': 1 } : typeof at === 'string' ? { [at]: 1 } : at;
    const probabilities = new Float32Array(BIB_CLASSES).fill(REST / BIB_CLASSES);
    for (const [character, share] of Object.entries(shares)) probabilities[classOf(character)]! += share * (1 - REST);
    for (let one = 0; one < BIB_CLASSES; one++) logProbabilities[step * BIB_CLASSES + one] = Math.log(probabilities[one]!);
  }
  const quad = [
    { x: 0.1, y: 0.4 },
    { x: 0.9, y: 0.4 },
    { x: 0.9, y: 0.6 },
    { x: 0.1, y: 0.6 },
  ] as const;
  return { alphabet: BIB_ALPHABET, steps, logProbabilities, quad, cut01, aspect: 1.3, offCentre: 0.1 };
}

/** {@link scoresOf} of a text that is read without doubt. */
export function clearScores(text: string, cut01?: readonly [number, number]): BibScores {
  return scoresOf(Array.from(text), cut01);
}
