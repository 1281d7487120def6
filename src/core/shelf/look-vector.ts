/** @file Learnt look and colour of a facing as one vector, to compare facings of one photo with each other. Pure; any thread. */
import type { Look } from '../../contracts/results.ts';
import { lookWeights } from '../fuse/look-score.ts';

/** @returns a unit vector; the dot product of two is their likeness: the look score of fusion, scaled to at most 1. One space only. */
export function lookVector({ embedding, colour }: Look): Float32Array<ArrayBuffer> {
  const { colour: weight } = lookWeights(embedding.space);
  const joined = new Float32Array(embedding.vector.length + colour.length);
  const ofLook = Math.sqrt(1 / (1 + weight));
  const ofColour = Math.sqrt(weight / (1 + weight));
  embedding.vector.forEach((value, i) => (joined[i] = value * ofLook));
  colour.forEach((value, i) => (joined[embedding.vector.length + i] = value * ofColour));
  return joined;
}
