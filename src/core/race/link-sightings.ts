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
  /** What its photo alone says, or the user. */
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

/** Middle and height of a body, in heights of the photo. */
interface Place {
  readonly x: number;
  readonly y: number;
  readonly height: number;
}

/** A photo with what comparing needs of each sighting, worked out once: it is compared with several others. */
export interface ComparablePhoto {
  readonly atMs: number;
  readonly sightings: readonly ComparableSighting[];
}

interface ComparableSighting {
  readonly byPerson: Place | null;
  readonly byBib: Place | null;
  readonly look: Float32Array;
  readonly candidates: BibAnswer['candidates'];
  /** Sum of the candidates' probabilities. */
  readonly mass: number;
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
/** Doubt of place and size beyond which nothing else is asked. */
const TOO_FAR = 9;
/** Place and size that fit add this at most, less the longer ago. */
const FIT = 2.5;
/** Two whole readings of one number differ so rarely. */
const MISREAD = 0.02;

/** @returns the photo, ready to be compared. */
export function comparable(photo: LinkedPhoto): ComparablePhoto {
  return {
    atMs: photo.atMs,
    sightings: photo.sightings.map(({ personBox, bibBox, read: { candidates }, look }) => ({
      byPerson: personBox === null ? null : placeOf(personBox, photo),
      byBib: bibBox === null ? null : placeOf(bodyAround(bibBox, photo), photo),
      look,
      candidates,
      mass: Math.min(
        1,
        candidates.reduce((sum, { probability01 }) => sum + probability01, 0),
      ),
    })),
  };
}

/**
 * @returns rows: sightings of `a`, columns: those of `b`; 0..1: that the two are one runner. Nobody is two runners, so rows and columns add up to 1 at most.
 */
export function linkSightings(a: ComparablePhoto, b: ComparablePhoto): number[][] {
  const seconds = Math.abs(b.atMs - a.atMs) / 1000;
  const odds = a.sightings.map((one) => b.sightings.map((other) => oddsOf(one, other, seconds)));
  const rowSums = odds.map((row) => row.reduce((sum, value) => sum + value, 0));
  const columnSums = b.sightings.map((_, column) => odds.reduce((sum, row) => sum + row[column]!, 0));
  return odds.map((row, i) => row.map((value, column) => value / (1 + Math.max(rowSums[i]!, columnSums[column]!))));
}

/** Odds that two sightings are one runner. */
function oddsOf(one: ComparableSighting, other: ComparableSighting, seconds: number): number {
  // Like is compared with like where it can be: a box of a person and a body guessed from a bib differ.
  const byBib = (one.byPerson === null || other.byPerson === null) && one.byBib !== null && other.byBib !== null;
  const here = (byBib ? one.byBib : (one.byPerson ?? one.byBib))!;
  const there = (byBib ? other.byBib : (other.byPerson ?? other.byBib))!;
  const height = Math.sqrt(here.height * there.height);
  const place =
    doubt((here.x - there.x) / height, STRAY.x + STRAY.xPerS * seconds) +
    doubt((here.y - there.y) / height, STRAY.y + STRAY.yPerS * seconds) +
    doubt(Math.log(here.height / there.height), STRAY.size + STRAY.sizePerS * seconds);
  if (place > TOO_FAR) return 0;
  return Math.exp(PRIOR + FIT / (1 + seconds) - place + colours(one.look, other.look)) * agreement(one, other);
}

function doubt(distance: number, stray: number): number {
  return Math.min(MOST_DOUBT, (distance / stray) ** 2 / 2);
}

function colours(a: Float32Array, b: Float32Array): number {
  if (a.length === 0 || a.length !== b.length) return 0;
  return Math.max(LOOK.least, Math.min(LOOK.most, (dot(a, b) - LOOK.even) * LOOK.weight));
}

/** How much likelier two readings are of one runner's number than of two runners'. */
function agreement(a: ComparableSighting, b: ComparableSighting): number {
  const told = a.mass * b.mass;
  if (told === 0) return 1;
  let shared = 0;
  for (const one of a.candidates)
    for (const other of b.candidates) if (one.bib === other.bib) shared += one.probability01 * other.probability01;
  return 1 - told + shared * NUMBERS_AROUND + Math.max(0, told - shared) * MISREAD;
}

function placeOf(box: Box, photo: LinkedPhoto): Place {
  return {
    x: ((box.x + box.width / 2) * photo.widthPx) / photo.heightPx,
    y: box.y + box.height / 2,
    height: Math.max(1e-6, box.height),
  };
}
