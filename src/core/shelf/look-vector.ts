/** @file Learnt look, colour and layout of a facing as one vector, to compare facings of one photo with each other. Pure; any thread. */
import type { Look } from '../../contracts/results.ts';
import { facingWeights } from '../fuse/facing-score.ts';

/** @returns a unit vector; the dot product of two is their likeness: the facing score without shape, scaled to at most 1. One space only. */
export function lookVector({ embedding, colour, front }: Look): Float32Array<ArrayBuffer> {
  const weights = facingWeights(embedding.space);
  const parts: readonly (readonly [Float32Array, number])[] = [
    [embedding.vector, 1],
    [colour, weights.colour],
    ...(front === undefined ? [] : [[front.layout, weights.layout] as const]),
  ];
  const total = parts.reduce((sum, [, weight]) => sum + weight, 0);
  const joined = new Float32Array(parts.reduce((sum, [{ length }]) => sum + length, 0));
  let at = 0;
  for (const [vector, weight] of parts) {
    const scale = Math.sqrt(weight / total);
    for (const value of vector) joined[at++] = value * scale;
  }
  return joined;
}
