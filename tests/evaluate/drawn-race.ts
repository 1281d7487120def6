/**
 * @file A race as its cameras see it, drawn from chance: runners of several waves with paces of their own pass cameras along the course, are photographed or
 * not, some of them twice, show their number, a part of it, or none. Clothes are vectors whose likeness is spread as that of real runners, at once and at
 * another place (docs/bib.md). No pictures.
 */
import type { BibCandidate } from '../../src/contracts/race.ts';
import type { Passing } from '../../src/core/race/passings.ts';
import { normalised } from '../../src/core/vector.ts';

/** How the race is. */
export interface DrawnRaceOptions {
  readonly runners: number;
  readonly seed: number;
  /** Kilometres from the start, one camera each. */
  readonly camerasKm: readonly number[];
  /** Runners start together in so many groups, ten minutes apart. */
  readonly waves: number;
  /** Of the runners who pass a camera: photographed at all, and of those: number seen surely, no number seen; the rest is in doubt. */
  readonly photographed01: number;
  readonly sure01: number;
  readonly hidden01: number;
  /** Of those photographed: again within half a minute. */
  readonly again01: number;
  /** Nameless people at each camera who run nowhere else, as a share of those photographed. */
  readonly strangers01: number;
  /** Runners who wear the shirt of a team of ten. */
  readonly teams01: number;
}

export const DRAWN_RACE: DrawnRaceOptions = {
  ...{ runners: 2000, seed: 1, camerasKm: [4, 11, 21], waves: 4, photographed01: 0.7, sure01: 0.6, hidden01: 0.25 },
  ...{ again01: 0.15, strangers01: 0.1, teams01: 0.15 },
};

/** A bib that was read in doubt. */
export interface DrawnDoubt {
  readonly cameraId: string;
  readonly atMs: number;
  /** As often right as their probabilities say. */
  readonly candidates: readonly BibCandidate[];
  readonly bib: string;
}

/** A drawn race, and who passed in truth. */
export interface DrawnRace {
  /** In order of time; a passing in doubt is not among them. */
  readonly passings: readonly Passing[];
  readonly doubts: readonly DrawnDoubt[];
  /** Of every passing; null: a stranger. */
  readonly truth: ReadonlyMap<Passing, string | null>;
  readonly waveOf: (bib: string) => string | null;
}

const START_MS = Date.UTC(2026, 10, 22, 9);
const WAVE_MS = 10 * 60_000;
/** Photos are taken so often while somebody passes; who passes in the same is in the same photo. */
const PHOTO_MS = 1_000;
/** What a look is made of: what all share, what the runner wears, and light and pose of the moment; shares of its square. */
const SHARED = 0.42;
const WORN = 0.42;
const WORN_DIMENSIONS = 10;
const MOMENT_DIMENSIONS = 10;
/** Of the clothes, what looks the same at another place. */
const KEPT = 0.2;
/** Cameras that stand closer are at one place. */
const PLACE_KM = 0.1;
/** Seen so that the clothes show as they are; else from behind, in shadow, half hidden, a part of them. */
const SEEN_WELL = 0.8;

export function drawRace(options: DrawnRaceOptions): DrawnRace {
  const random = randomFrom(options.seed);
  const passings: Passing[] = [];
  const truth = new Map<Passing, string | null>();
  const doubts: DrawnDoubt[] = [];
  const waves = new Map<string, string>();
  const teams = Array.from({ length: Math.max(1, Math.ceil((options.runners * options.teams01) / 10)) }, () =>
    direction(WORN_DIMENSIONS, random),
  );
  const add = (bib: string | null, runner: string | null, camera: number, atMs: number, worn: Float32Array): void => {
    const photoId = `c${camera}-${Math.floor(atMs / PHOTO_MS)}`;
    const sightings = [{ photoId, sightingId: `${photoId}/${passings.length}` }];
    const passing: Passing = { cameraId: `c${camera}`, atMs, bib, look: lookOf(worn, random), sightings };
    passings.push(passing);
    truth.set(passing, runner);
  };
  for (let i = 0; i < options.runners; i++) {
    const bib = String(i + 1);
    const wave = Math.floor((i * options.waves) / options.runners);
    waves.set(bib, String(wave));
    // The fast stand in front: from wave to wave a little slower.
    const kmPerHour = (12.5 - wave * 0.8) * Math.exp(normal(random) * 0.13);
    const worn = random() < options.teams01 ? teams[Math.floor(random() * teams.length)]! : direction(WORN_DIMENSIONS, random);
    let atMs = START_MS + wave * WAVE_MS + random() * 60_000;
    let km = 0;
    let here = worn;
    options.camerasKm.forEach((placeKm, camera) => {
      // Nobody keeps the pace.
      atMs += ((placeKm - km) / kmPerHour) * 3_600_000 * Math.exp(normal(random) * 0.04 + km * 0.003);
      if (placeKm - km > PLACE_KM || km === 0) here = blend(worn, direction(WORN_DIMENSIONS, random), Math.sqrt(KEPT));
      km = placeKm;
      if (random() >= options.photographed01) return;
      for (let nth = 0; nth === 0 || (nth === 1 && random() < options.again01); nth++) {
        const thenMs = atMs + nth * (4_000 + random() * 20_000);
        const shown = random();
        if (shown < options.sure01) add(bib, bib, camera, thenMs, here);
        else if (shown < options.sure01 + options.hidden01) add(null, bib, camera, thenMs, here);
        else doubts.push({ cameraId: `c${camera}`, atMs: thenMs, bib, candidates: misread(bib, options.runners, random) });
      }
      if (random() < options.strangers01) add(null, null, camera, atMs + normal(random) * 60_000, direction(WORN_DIMENSIONS, random));
    });
  }
  passings.sort((a, b) => a.atMs - b.atMs);
  return { passings, doubts, truth, waveOf: (bib) => waves.get(bib) ?? null };
}

/** What a reader in doubt says of a number: itself and others that a digit more or less or another one makes of it, if they start. */
function misread(bib: string, runners: number, random: () => number): BibCandidate[] {
  const digit = (): string => String(Math.floor(random() * 10));
  const others = new Set<string>();
  for (let tries = 0; tries < 40 && others.size < 3; tries++) {
    const at = Math.floor(random() * bib.length);
    const made = [bib.slice(0, at) + digit() + bib.slice(at + 1), bib.slice(1), bib.slice(0, -1), digit() + bib][Math.floor(random() * 4)]!;
    if (made !== bib && /^[1-9]/.test(made) && Number(made) <= runners) others.add(made);
  }
  const first = 0.35 + random() * 0.5;
  const shares = [first, (1 - first) * 0.6, (1 - first) * 0.25, (1 - first) * 0.1];
  // Which place the true one takes is as likely as its share says.
  let place = 0;
  for (let left = random() * shares.reduce((sum, share) => sum + share, 0); left > shares[place]!; place++) left -= shares[place]!;
  const names = [...others].slice(0, 3);
  names.splice(Math.min(place, names.length), 0, bib);
  return names.map((name, i) => ({ bib: name, probability01: shares[i]! }));
}

function lookOf(worn: Float32Array, random: () => number): Float32Array<ArrayBuffer> {
  const moment = direction(MOMENT_DIMENSIONS, random);
  const shown = random() < SEEN_WELL ? 1 : random();
  const seen = blend(worn, direction(WORN_DIMENSIONS, random), shown);
  const look = new Float32Array(1 + WORN_DIMENSIONS + MOMENT_DIMENSIONS);
  look[0] = Math.sqrt(SHARED);
  seen.forEach((value, i) => (look[1 + i] = value * Math.sqrt(WORN)));
  moment.forEach((value, i) => (look[1 + WORN_DIMENSIONS + i] = value * Math.sqrt(1 - SHARED - WORN)));
  return look;
}

/** @param share of the first in the outcome, as a cosine. */
function blend(a: Float32Array, b: Float32Array, share: number): Float32Array<ArrayBuffer> {
  return normalised(Float32Array.from(a, (value, i) => value * share + b[i]! * Math.sqrt(1 - share * share)));
}

function direction(dimensions: number, random: () => number): Float32Array<ArrayBuffer> {
  return normalised(Float32Array.from({ length: dimensions }, () => normal(random)));
}

/** Mean 0, deviation 1 (Box & Muller 1958). */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** The same numbers for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
