/** @file At what height of a grown-up a row stands. Pure; any thread. */
import type { EyeLevel } from '../../contracts/shelf.ts';

/** What a photo shows of a bay, and how high the shoppers' eyes are; centimetres above the floor. */
export interface BayHeights {
  /** Lowest board in the photo. */
  readonly lowestCm: number;
  /** Heads of the products on the highest row in the photo. */
  readonly highestCm: number;
  readonly eyeCm: number;
}

/** A whole supermarket gondola, and eyes between those of men and women. An assumption until the user says otherwise. */
export const USUAL_BAY: BayHeights = { lowestCm: 15, highestCm: 185, eyeCm: 152 };

/** Centimetres below the eyes at which each zone ends; the zones that planogram makers use (120-160 cm is eye level). */
const EYE_TO_CM = 32;
const TOUCH_TO_CM = 77;
const ABOVE_CM = 13;

/**
 * @param middle01 height of the row's middle between the lowest board (0) and the heads of the highest row (1).
 */
export function eyeLevelOf(middle01: number, { lowestCm, highestCm, eyeCm }: BayHeights = USUAL_BAY): EyeLevel {
  const belowEyesCm = eyeCm - (lowestCm + middle01 * (highestCm - lowestCm));
  if (belowEyesCm < -ABOVE_CM) return 'stretch';
  if (belowEyesCm <= EYE_TO_CM) return 'eye';
  return belowEyesCm <= TOUCH_TO_CM ? 'touch' : 'stoop';
}
