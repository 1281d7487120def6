/** @file Light and camera that the scenes share. */
import type { Finish } from './photo-finish.ts';
import type { Lighting } from './rasteriser.ts';

export const DAYLIGHT: Lighting = { direction: [-0.5, 1, 0.75], colour: [0.86, 0.85, 0.82], ambient: [0.34, 0.36, 0.4], softness: 26 };
export const EVENING: Lighting = { direction: [0.6, 0.85, 0.8], colour: [0.98, 0.88, 0.7], ambient: [0.36, 0.33, 0.3], softness: 20 };
export const SHOP: Lighting = { direction: [0.15, 1, 0.8], colour: [0.7, 0.72, 0.72], ambient: [0.46, 0.48, 0.5], softness: 60 };
export const FINISH: Finish = {
  seed: '',
  exposure: 1.12,
  cast: [1, 1, 1],
  backgroundBlurPx: 3,
  blurPx: 0.55,
  noise: 2.2,
  falloff: 0.22,
  quality: 74,
};
