/**
 * @file How sharp a runner is. Measured on runners, because a blurred background is what a photographer wants; and at one size, because blur that
 * nobody sees at that size is none. Pure; any thread. Figures: docs/bib.md.
 */
import type { Frame } from '../../contracts/media.ts';
import { perceptualBlur } from '../shelf/frame-measures.ts';

/** Longest side at which a runner is looked at; larger ones are shrunk to it, smaller ones stay. */
export const SHARPNESS_SIDE_PX = 384;

/** Runners less sharp than this are blurred. */
export const BLURRED_BELOW01 = 0.4;

/** @returns 0 blurred … 1 sharp; null where nothing has an edge. @param runner not consumed. */
export function sharpnessOf(runner: Frame): number | null {
  const { widthPx, heightPx, data } = runner;
  const grey = new Uint8Array(widthPx * heightPx);
  for (let i = 0, at = 0; i < grey.length; i++, at += 4) grey[i] = (data[at]! * 77 + data[at + 1]! * 150 + data[at + 2]! * 29) >> 8;
  const blur01 = perceptualBlur({ widthPx, heightPx, data: grey });
  return blur01 === null ? null : Math.max(0, Math.min(1, 1 - blur01));
}

/** A runner as far as the photo's sharpness wants to know. */
interface SharpRunner {
  /** Share of the photo's height. */
  readonly height: number;
  readonly sharpness01: number | null;
}

/** Those at least so tall, against the tallest, are what the photo is about. */
const MAIN_RUNNER = 0.5;

/** @returns the sharpest of the main runners: one in focus makes a photo; null when none can be judged. */
export function photoSharpness(runners: readonly SharpRunner[]): number | null {
  const tallest = Math.max(0, ...runners.map(({ height }) => height));
  const known = runners.flatMap(({ height, sharpness01 }) =>
    height >= tallest * MAIN_RUNNER && sharpness01 !== null ? [sharpness01] : [],
  );
  return known.length === 0 ? null : Math.max(...known);
}
