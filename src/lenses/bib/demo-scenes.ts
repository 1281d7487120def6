/** @file What the photos of the demo race show. Nobody reads the numbers here but the pen: the app has to find them in the pictures. Thread: page. */

/** One runner as drawn; lengths in heights of the photo. */
export interface DrawnRunner {
  readonly bib: string;
  /** Middle of the feet, 0..1 of the photo. */
  readonly x: number;
  readonly footY: number;
  readonly height: number;
  readonly shirt: string;
  readonly shorts: string;
  readonly skin: string;
  readonly hair: string;
  readonly cap?: string;
  /** Which leg is in front. */
  readonly step: 0 | 1;
  /** An arm before the bib: over a part of it, or over all. */
  readonly cover?: 'part' | 'all';
  /** A crease across the bib, 0..1 of its width deep. */
  readonly fold?: number;
  /** Turned by this many degrees. */
  readonly lean?: number;
  /** Both arms up. */
  readonly cheers?: boolean;
  /** Blurred along the way it runs, 0..1. */
  readonly motion?: number;
}

/** One photo as drawn. */
export interface DrawnScene {
  readonly file: string;
  readonly camera: 'course' | 'goal';
  /** After the start, by the camera's own clock. */
  readonly afterMs: number;
  readonly seed: number;
  readonly runners: readonly DrawnRunner[];
}

const NINA = { shirt: '#d33c4e', shorts: '#24262d', skin: '#e3b08c', hair: '#3a2419' } as const;
const TORU = { shirt: '#2878c9', shorts: '#1d2a44', skin: '#d9a177', hair: '#17120f', cap: '#f2f4f6' } as const;
const ADA = { shirt: '#f0a826', shorts: '#343840', skin: '#7c4e33', hair: '#15100d' } as const;
const SORA = { shirt: '#3f9d63', shorts: '#20332a', skin: '#e8bd98', hair: '#241a14' } as const;
const MEI = { shirt: '#8d5bc4', shorts: '#2b2340', skin: '#e6b793', hair: '#1b1512', cap: '#d9cbe9' } as const;
const LUCA = { shirt: '#e9edf0', shorts: '#c2342f', skin: '#dca780', hair: '#5b3a20' } as const;

/** In the order of the race; the last two by the goal's camera, whose clock is 95 s fast. */
export const DEMO_SCENES: readonly DrawnScene[] = [
  scene('course/RACE0101.jpg', 'course', 1_812_000, 11, [{ ...NINA, bib: '1207', x: 0.42, footY: 0.9, height: 0.66, step: 0 }]),
  scene('course/RACE0102.jpg', 'course', 1_812_400, 11, [{ ...NINA, bib: '1207', x: 0.46, footY: 0.94, height: 0.73, step: 1 }]),
  scene('course/RACE0103.jpg', 'course', 1_812_800, 11, [
    { ...NINA, bib: '1207', x: 0.5, footY: 0.97, height: 0.8, step: 0, cover: 'all' },
  ]),
  scene('course/RACE0104.jpg', 'course', 1_871_000, 23, [
    { ...TORU, bib: '352', x: 0.33, footY: 0.93, height: 0.74, step: 1 },
    { ...ADA, bib: '1118', x: 0.64, footY: 0.9, height: 0.68, step: 0 },
  ]),
  scene('course/RACE0105.jpg', 'course', 1_934_000, 37, [{ ...SORA, bib: '845', x: 0.55, footY: 0.95, height: 0.78, step: 0, fold: 0.1 }]),
  scene('course/RACE0106.jpg', 'course', 1_990_000, 41, [
    { ...LUCA, bib: '930', x: 0.28, footY: 0.86, height: 0.6, step: 0 },
    { ...MEI, bib: '2014', x: 0.5, footY: 0.95, height: 0.76, step: 1 },
    { ...SORA, bib: '561', shirt: '#d9772b', x: 0.74, footY: 0.88, height: 0.62, step: 0, cover: 'part' },
  ]),
  scene('course/RACE0107.jpg', 'course', 2_044_000, 53, []),
  scene('course/RACE0108.jpg', 'course', 2_101_000, 59, [
    { ...LUCA, shirt: '#1f8f99', bib: '1520', x: 0.48, footY: 0.94, height: 0.74, step: 1, motion: 0.35 },
  ]),
  // One of them is cut off by the edge of the photo.
  scene('course/RACE0109.jpg', 'course', 2_166_000, 61, [
    { ...MEI, shirt: '#c84f8a', bib: '4077', x: 0.55, footY: 0.95, height: 0.76, step: 0, lean: 4 },
    { ...LUCA, shirt: '#46505c', bib: '846', x: 0.003, footY: 0.93, height: 0.72, step: 1 },
  ]),
  scene('goal/GOAL0231.jpg', 'goal', 3_905_000, 71, [{ ...TORU, bib: '352', x: 0.5, footY: 0.95, height: 0.78, step: 0, cheers: true }]),
  scene('goal/GOAL0232.jpg', 'goal', 4_006_000, 71, [
    { ...NINA, bib: '1207', x: 0.4, footY: 0.93, height: 0.74, step: 1 },
    { ...ADA, bib: '77', shirt: '#5a6f1e', x: 0.68, footY: 0.9, height: 0.68, step: 0, cheers: true },
  ]),
  scene('goal/GOAL0233.jpg', 'goal', 4_071_000, 71, [{ ...MEI, bib: '2014', x: 0.52, footY: 0.95, height: 0.76, step: 0, cheers: true }]),
];

function scene(file: string, camera: DrawnScene['camera'], afterMs: number, seed: number, runners: readonly DrawnRunner[]): DrawnScene {
  return { file, camera, afterMs, seed, runners };
}
