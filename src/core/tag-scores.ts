/** @file A net's numbers → tags. Pure; any thread. */
import type { TagOutput } from '../contracts/model-spec.ts';
import type { Tag } from '../contracts/recognise-api.ts';
import { sigmoid } from './logistic.ts';

/**
 * @param numbers one for each label.
 * @returns the best `limit` tags, score descending; none for numbers that are not finite.
 */
export function tagScores(numbers: Float32Array, { labels, activation }: TagOutput, limit: number): Tag[] {
  const scores = activated(numbers, activation);
  return labels
    .map(({ id, en, ja }, i): Tag => {
      const label =
        en === undefined && ja === undefined ? null : { ...(en === undefined ? {} : { en }), ...(ja === undefined ? {} : { ja }) };
      return { id, label, score01: Math.min(1, Math.max(0, scores[i] ?? Number.NaN)) };
    })
    .filter(({ score01 }) => Number.isFinite(score01))
    .sort((a, b) => b.score01 - a.score01)
    .slice(0, limit);
}

function activated(numbers: Float32Array, activation: TagOutput['activation']): readonly number[] {
  const values = [...numbers];
  if (activation === 'none') return values;
  if (activation === 'sigmoid') return values.map(sigmoid);
  const highest = values.reduce((most, value) => Math.max(most, value), -Infinity);
  const powers = values.map((value) => Math.exp(value - highest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}
