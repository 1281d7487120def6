/** @file How learnt look, colour, layout and shape add up for a facing and one gallery photo. Pure; any thread. */
import type { Match } from '../../contracts/results.ts';
import { calibrationOf, type SpaceCalibration } from './calibration.ts';

/** Weights of one embedding space. */
export type FacingWeights = SpaceCalibration['facing']['score'];

/** Boxes are this unsure, in natural log of width over height. */
const ASPECT_SLACK = 0.1;
/** Beyond this the shapes are unlike, however much: a facing may be half hidden. */
const ASPECT_LIMIT = 1;

/** Weights fitted for `space`, or those of an unknown space. */
export function facingWeights(space: string): FacingWeights {
  return calibrationOf(space).facing.score;
}

/**
 * [Note: Facing score] cosine + weighted likeness of colour and of layout - weighted difference of shape. A gallery photo whose colour or front
 * is not known is taken to lie half-way between its cosine and what unlike products have on average, and to be of the same shape.
 * @param aspect of the facing; null where it is not known. @returns comparable within one space only.
 */
export function facingScore({ cosine, colour, front }: Match, aspect: number | null, weights: FacingWeights): number {
  const difference = front === undefined || aspect === null ? 0 : Math.abs(Math.log(aspect / front.aspect)) - ASPECT_SLACK;
  return (
    cosine +
    weights.colour * (colour ?? (cosine + weights.typicalColour) / 2) +
    weights.layout * (front?.likeness ?? (cosine + weights.typicalLayout) / 2) -
    weights.aspect * Math.min(ASPECT_LIMIT, Math.max(0, difference))
  );
}
