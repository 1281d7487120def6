/**
 * @file The same runner in two photos that one camera took within moments: by place, size, colours and numbers. Pure; any thread.
 * [Note: Places over time] Lengths count in heights of the runner. Between two frames a runner who comes nearer grows, one who passes moves, and the
 * camera may turn after them, which moves all; so place says much at a tenth of a second and little after two.
 */
import type { Box } from '../../contracts/geometry.ts';
import type { BibAnswer } from '../../contracts/race.ts';
import { dot } from '../vector.ts';
import { bodyAround } from './pair-bibs.ts';

/** A sighting as far as it can be known again. */
export interface LinkedSighting {
  readonly personBox: Box | null;
  readonly bibBox: Box | null;
  /** What its photo alone says. */
  readonly read: BibAnswer;
  /** Empty: not looked at. */
  readonly look: Float32Array;
}

/** A photo of a burst. */
export interface LinkedPhoto {
  readonly atMs: number;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly sightings: readonly LinkedSighting[];
}

/** Two neighbouring runners carry one number of so many, for want of anything better. */
export const NUMBERS_AROUND = 200;

/** Odds before anything is compared, as a logarithm. */
const PRIOR = -0.5;
/** Likeness of colours that says nothing, what a likeness of 1 more would add, and how much it says at most (docs/bib.md). */
const LOOK = { even: 0.58, weight: 10, least: -4, most: 3.5 } as const;
/** Stray of place and size of one runner: at once, and more for every second. */
const STRAY = { x: 0.2, xPerS: 1.2, y: 0.12, yPerS: 0.4, size: 0.1, sizePerS: 0.25 } as const;
/** No one measure decides alone. */
const MOST_DOUBT = 6;
/** Place and size that fit add this at most, less the longer ago. */
const FIT = 2.5;
/** Two whole readings of one number differ so rarely. */
const MISREAD = 0.02;

/**
 * @returns rows: sightings of `a`, columns: those of `b`; 0..1: that the two are one runner. Nobody is two runners, so rows and columns add up to 1 at most.
 */
export function linkSightings(a: LinkedPhoto, b: LinkedPhoto): number[][] {
  const seconds = Math.abs(b.atMs - a.atMs) / 1000;
  const odds = a.sightings.map((one) => b.sightings.map((other) => Math.exp(evidence(one, other, a, b, seconds))));
  const rowSums = odds.map((row) => row.reduce((sum, value) => sum + value, 0));
  const columnSums = b.sightings.map((_, column) => odds.reduce((sum, row) => sum + row[column]!, 0));
  return odds.map((row, i) => row.map((value, column) => value / (1 + Math.max(rowSums[i]!, columnSums[column]!))));
}

/** Logarithm of the odds that two sightings are one runner. */
function evidence(one: LinkedSighting, other: LinkedSighting, a: LinkedPhoto, b: LinkedPhoto, seconds: number): number {
  // Like is compared with like where it can be: a box of a person and a body guessed from a bib differ.
  const byBib = (one.personBox === null || other.personBox === null) && one.bibBox !== null && other.bibBox !== null;
  const here = bodyIn(one, a, byBib);
  const there = bodyIn(other, b, byBib);
  const height = Math.sqrt(here.height * there.height);
  const doubt = (distance: number, stray: number): number => Math.min(MOST_DOUBT, (distance / stray) ** 2 / 2);
  const place =
    doubt((here.x - there.x) / height, STRAY.x + STRAY.xPerS * seconds) +
    doubt((here.y - there.y) / height, STRAY.y + STRAY.yPerS * seconds) +
    doubt(Math.log(here.height / there.height), STRAY.size + STRAY.sizePerS * seconds);
  return PRIOR + FIT / (1 + seconds) - place + colours(one.look, other.look) + Math.log(agreement(one.read, other.read));
}

function colours(a: Float32Array, b: Float32Array): number {
  if (a.length === 0 || a.length !== b.length) return 0;
  return Math.max(LOOK.least, Math.min(LOOK.most, (dot(a, b) - LOOK.even) * LOOK.weight));
}

/** How much likelier two readings are of one runner's number than of two runners'. */
function agreement(a: BibAnswer, b: BibAnswer): number {
  let [massA, massB, shared] = [0, 0, 0];
  const ofB = new Map(b.candidates.map(({ bib, probability01 }) => [bib, probability01]));
  for (const probability01 of ofB.values()) massB += probability01;
  for (const { bib, probability01 } of a.candidates) {
    massA += probability01;
    shared += probability01 * (ofB.get(bib) ?? 0);
  }
  const told = Math.min(1, massA) * Math.min(1, massB);
  return 1 - told + shared * NUMBERS_AROUND + Math.max(0, told - shared) * MISREAD;
}

/** Middle and height of a body, in heights of the photo. */
function bodyIn({ personBox, bibBox }: LinkedSighting, photo: LinkedPhoto, byBib: boolean): { x: number; y: number; height: number } {
  const box = personBox === null || byBib ? bodyAround(bibBox!, photo) : personBox;
  return {
    x: ((box.x + box.width / 2) * photo.widthPx) / photo.heightPx,
    y: box.y + box.height / 2,
    height: Math.max(1e-6, box.height),
  };
}
