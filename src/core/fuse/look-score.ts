/** @file How learnt look and colour add up for one gallery photo. Pure; any thread. */
import { calibrationOf } from './calibration.ts';

/** Weights of one embedding space. */
export interface LookWeights {
  /** Added per unit of colour similarity, in units of cosine. */
  readonly colour: number;
  /** Colour similarity assumed where the gallery photo has none: what unlike products have on average. */
  readonly typicalColour: number;
}

/** Weights fitted for `space`, or those of an unknown space. */
export function lookWeights(space: string): LookWeights {
  return calibrationOf(space).look;
}

/** @param cosine -1..1. @param colour 0..1 or null. @returns cosine plus weighted colour; comparable within one space only. */
export function fusedLook(cosine: number, colour: number | null, weights: LookWeights): number {
  return cosine + weights.colour * (colour ?? weights.typicalColour);
}
