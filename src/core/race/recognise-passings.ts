/**
 * @file Runners who show no number at a camera, told by body and clothes and by the time at which those are expected who were seen surely elsewhere.
 * Only proposals come of it. Pure; any thread. Figures: docs/bib.md.
 *
 * [Note: Who comes when] Who may it be? Those who are expected at this camera at about this time ([Note: Legs]), each with the density of the
 * expectation there; somebody who is expected nowhere; nobody who is in the photo already, or who was seen here surely at another time. Likeness of
 * colours then weighs them by Bayes' rule: how much likelier it is of one runner than of two, beyond how much this body is like everybody (teams and
 * shirts of the race). Bodies that share a photo share their candidates: nobody is two runners.
 */
import type { BibCandidate } from '../../contracts/race.ts';
import { median } from '../robust.ts';
import { dot } from '../vector.ts';
import type { Passing } from './passings.ts';
import { densityAt, passingsByRunner, passingTimes, type Expectation, type Expected } from './passing-times.ts';

/** Who a runner without a number may be. */
export interface RecognisedPassing {
  readonly passing: Passing;
  /** Probability descending, at most 5. */
  readonly candidates: readonly BibCandidate[];
}

/** What is known beside the passings. */
export interface RaceKnowledge {
  /** Of a number on the start list; null: not known. */
  readonly waveOf: (bib: string) => string | null;
  /** Numbers that a photo shows, sure ones or not. */
  readonly shownIn: (photoId: string) => Iterable<string>;
}

/**
 * Likeness of colours beyond what either has to anybody which says nothing, what 1 more would add to the log odds, and how much it says (docs/bib.md).
 * Within a minute light, side and pose are alike; at another time and place colours say little.
 */
const LOOK = {
  near: { even: 0.235, weight: 15, least: -4, most: 4.5 },
  apart: { even: 0.105, weight: 5, least: -1, most: 1.3 },
} as const;
const NEAR_MS = 60_000;
/** Runners whose looks are compared: of those expected, the likeliest. */
const COMPARED = 150;
/** Somebody without a number is a runner so often, not a spectator. */
const IS_RUNNER = 0.6;
/** Share of what is usually expected at a camera below which somebody else is as likely. */
const UNEXPECTED = 0.1;
/** Bodies that an own likeness is held against. */
const CROWD = 24;
/** Moments at which a camera is asked what is usual. */
const MOMENTS = 200;
/** What is less likely is not told. */
const LEAST = 0.02;
const MOST_CANDIDATES = 5;

interface Guess {
  readonly passing: Passing;
  readonly odds: Map<string, number>;
}

/**
 * @param passings in order of time. @param breathe awaited after each small step.
 * @returns of those without a number the ones that may be somebody.
 */
export async function recognisePassings(
  passings: readonly Passing[],
  { waveOf, shownIn }: RaceKnowledge,
  breathe: () => Promise<void> | undefined = () => undefined,
): Promise<RecognisedPassing[]> {
  const expectedAt = passingTimes(passings, waveOf);
  const cameras = new Set(passings.flatMap(({ bib, cameraId }) => (bib === null ? [cameraId] : [])));
  const byRunner = passingsByRunner(passings);
  const looked = passings.filter(({ look, bib }) => look !== null && bib !== null);
  const usualLikeness = crowdLikeness(thinned(looked, CROWD).map(({ look }) => look!));
  const recognised: RecognisedPassing[] = [];
  for (const cameraId of cameras) {
    await breathe();
    const own = passings.filter((passing) => passing.cameraId === cameraId);
    const place = placeOf(cameraId, own, expectedAt(cameraId), byRunner, usualLikeness);
    const guesses: Guess[] = [];
    for (const passing of own) {
      if (passing.bib !== null || passing.look === null) continue;
      await breathe();
      const taken = new Set(passing.sightings.flatMap(({ photoId }) => [...shownIn(photoId)]));
      guesses.push({ passing, odds: oddsOf(passing, passing.look, place, taken) });
    }
    recognised.push(...settled(guesses));
  }
  return recognised;
}

/** What is known of one camera. */
interface CameraPlace {
  readonly cameraId: string;
  readonly expected: Expected;
  /** Runners who were seen here surely. */
  readonly seen: ReadonlySet<string>;
  /** 0..1: somebody who passes here is seen surely elsewhere, too. */
  readonly known01: number;
  /** What is usually expected at one moment, 1/ms. */
  readonly usual: number;
  /** Where a runner was seen surely, here or elsewhere. */
  readonly passingsOf: (bib: string) => readonly Passing[];
  /** How much a look is like anybody's. */
  readonly usualLikeness: (look: Float32Array) => number;
}

function placeOf(
  cameraId: string,
  own: readonly Passing[],
  expected: Expected,
  byRunner: ReadonlyMap<string, readonly Passing[]>,
  usualLikeness: (look: Float32Array) => number,
): CameraPlace {
  const named = own.filter(({ bib }) => bib !== null);
  const again = named.filter(({ bib }) => byRunner.get(bib!)!.length > 1).length;
  const moments = thinned(named, MOMENTS).map(({ atMs }) =>
    expected.at(atMs).reduce((sum, one) => sum + one.share01 * densityAt(one, atMs), 0),
  );
  return {
    ...{ cameraId, expected, seen: new Set(named.map(({ bib }) => bib!)) },
    known01: named.length === 0 ? 0.5 : again / named.length,
    usual: moments.length === 0 ? 0 : median(moments),
    passingsOf: (bib) => byRunner.get(bib) ?? [],
    usualLikeness,
  };
}

/** Worked out once for each look. */
function crowdLikeness(crowd: readonly Float32Array[]): (look: Float32Array) => number {
  const known = new Map<Float32Array, number>();
  return (look) => {
    const before = known.get(look);
    if (before !== undefined) return before;
    const alike = crowd.filter((other) => other.length === look.length && other !== look);
    const usual = alike.length === 0 ? 0 : median(alike.map((other) => dot(look, other)));
    known.set(look, usual);
    return usual;
  };
}

/** Odds of each number against somebody whom nobody expects. */
function oddsOf(passing: Passing, look: Float32Array, place: CameraPlace, taken: ReadonlySet<string>): Map<string, number> {
  const { atMs } = passing;
  const best = new Map<string, Expectation>();
  for (const one of place.expected.at(atMs)) {
    const { bib, from } = one;
    // Who was seen here surely comes again only as others did.
    if (taken.has(bib) || (place.seen.has(bib) && from.cameraId !== place.cameraId)) continue;
    const before = best.get(bib);
    if (before === undefined || one.spreadMs < before.spreadMs) best.set(bib, one);
  }
  const densities = [...best].map(([bib, one]) => ({ bib, density: one.share01 * densityAt(one, atMs) }));
  const all = densities.reduce((sum, { density }) => sum + density, 0);
  if (!(all > 0)) return new Map();
  const isExpected01 = (place.known01 * IS_RUNNER * all) / (all + UNEXPECTED * place.usual);
  const odds = new Map<string, number>();
  for (const { bib, density } of densities.sort((a, b) => b.density - a.density).slice(0, COMPARED)) {
    const says = saysLikeness(look, atMs, place.passingsOf(bib), place.usualLikeness);
    if (says !== null) odds.set(bib, (isExpected01 / (1 - isExpected01)) * (density / all) * Math.exp(says));
  }
  return odds;
}

/** @param known passings of one runner. @returns log odds that it is this runner; null: nothing to compare. */
function saysLikeness(
  look: Float32Array,
  atMs: number,
  known: readonly Passing[],
  usualLikeness: (look: Float32Array) => number,
): number | null {
  const looked = known.flatMap(({ look: other, atMs: otherMs }) =>
    other === null || other.length !== look.length ? [] : [{ other, isNear: Math.abs(otherMs - atMs) <= NEAR_MS }],
  );
  if (looked.length === 0) return null;
  const isNear = looked.some((each) => each.isNear);
  const { even, weight, least, most } = isNear ? LOOK.near : LOOK.apart;
  const told = looked.filter((each) => each.isNear === isNear);
  const beyond = told.map(({ other }) => dot(look, other) - (usualLikeness(look) + usualLikeness(other)) / 2);
  const mean = beyond.reduce((sum, value) => sum + value, 0) / beyond.length;
  return Math.max(least, Math.min(most, (mean - even) * weight));
}

/** Guesses about bodies of one photo compete for a number. */
function settled(guesses: readonly Guess[]): RecognisedPassing[] {
  const inPhoto = new Map<string, Map<string, number>>();
  const photosOf = ({ passing }: Guess): string[] => [...new Set(passing.sightings.map(({ photoId }) => photoId))];
  for (const guess of guesses)
    for (const photoId of photosOf(guess)) {
      const sums = inPhoto.get(photoId) ?? new Map<string, number>();
      inPhoto.set(photoId, sums);
      for (const [bib, odds] of guess.odds) sums.set(bib, (sums.get(bib) ?? 0) + odds);
    }
  return guesses.flatMap((guess) => {
    const all = [...guess.odds.values()].reduce((sum, odds) => sum + odds, 0);
    const photos = photosOf(guess).map((photoId) => inPhoto.get(photoId)!);
    const candidates = [...guess.odds]
      .map(([bib, odds]) => ({ bib, probability01: odds / (1 + Math.max(all, ...photos.map((sums) => sums.get(bib)!))) }))
      .filter(({ probability01 }) => probability01 >= LEAST)
      .sort((a, b) => b.probability01 - a.probability01 || (a.bib < b.bib ? -1 : 1))
      .slice(0, MOST_CANDIDATES);
    return candidates.length === 0 ? [] : [{ passing: guess.passing, candidates }];
  });
}

/** At most so many, evenly taken. */
function thinned<Item>(items: readonly Item[], most: number): Item[] {
  if (items.length <= most) return [...items];
  return Array.from({ length: most }, (_, i) => items[Math.floor(((i + 0.5) * items.length) / most)]!);
}
