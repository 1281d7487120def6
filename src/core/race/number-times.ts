/**
 * @file How timely a number is at a camera: of several that a print may show, whose runner is expected there just then, or whose wave passes. It weighs
 * doubts, and makes nothing sure. Pure; any thread. Figures: docs/bib.md.
 */
import type { BibCandidate } from '../../contracts/race.ts';
import type { Passing } from './passings.ts';
import { densityAt, passingTimes, type Expected } from './passing-times.ts';

/** Neighbours that say which wave passes. */
const AROUND_MS = 60_000;
/** Neighbours that a wave is credited with beforehand, by its share. */
const CREDIT = 5;
/** Expectations fail so often: a runner who stops, a wrong list. */
const FAILS = 0.15;
/** Time says so much and no more, as a factor, and less than it would claim. */
const MOST = 8;
const MILD = 0.7;

/** @returns candidates of a bib that a camera saw at some time, weighed anew; most likely first. */
export type WeighByTime = (cameraId: string, atMs: number, candidates: readonly BibCandidate[]) => BibCandidate[];

/** @param passings of the race, in order of time. @param waveOf of a number on the start list; null: not known */
export function weighByTime(passings: readonly Passing[], waveOf: (bib: string) => string | null): WeighByTime {
  const expectedAt = passingTimes(passings, waveOf);
  const cameras = new Map<string, CameraTimes>();
  const timesOf = (cameraId: string): CameraTimes => {
    const known = cameras.get(cameraId) ?? cameraTimes(passings, cameraId, expectedAt(cameraId), waveOf);
    cameras.set(cameraId, known);
    return known;
  };
  return (cameraId, atMs, candidates) => {
    const around = timesOf(cameraId)(atMs);
    const weighed = candidates.map(({ bib, probability01 }) => ({ bib, weight: probability01 * around(bib) ** MILD }));
    const rest = Math.max(0, 1 - candidates.reduce((sum, { probability01 }) => sum + probability01, 0));
    const all = weighed.reduce((sum, { weight }) => sum + weight, rest);
    if (!(all > 0)) return [...candidates];
    return weighed.map(({ bib, weight }) => ({ bib, probability01: weight / all })).sort((a, b) => b.probability01 - a.probability01);
  };
}

/** Of a moment: how much likelier a number is then than at any time. */
type CameraTimes = (atMs: number) => (bib: string) => number;

function cameraTimes(
  passings: readonly Passing[],
  cameraId: string,
  expected: Expected,
  waveOf: (bib: string) => string | null,
): CameraTimes {
  const named = passings.filter((passing) => passing.cameraId === cameraId && passing.bib !== null);
  const shares = new Map<string, number>();
  for (const { bib } of named) {
    const wave = waveOf(bib!);
    if (wave !== null) shares.set(wave, (shares.get(wave) ?? 0) + 1 / named.length);
  }
  const seen = new Set(named.map(({ bib }) => bib!));
  return (atMs) => {
    const near = named.filter((passing) => Math.abs(passing.atMs - atMs) <= AROUND_MS);
    const inWave = new Map<string, number>();
    for (const { bib } of near) {
      const wave = waveOf(bib!);
      if (wave !== null) inWave.set(wave, (inWave.get(wave) ?? 0) + 1);
    }
    const anybody = (near.length + 1) / ((named.length + 1) * 2 * AROUND_MS);
    const bounded = (factor: number): number => Math.min(MOST, Math.max(1 / MOST, factor));
    return (bib) => {
      const [first, ...others] = expected.of(bib).filter(({ from }) => !seen.has(bib) || from.cameraId === cameraId);
      if (first !== undefined) {
        const best = others.reduce((a, b) => (b.spreadMs < a.spreadMs ? b : a), first);
        return bounded(FAILS + ((1 - FAILS) * densityAt(best, atMs)) / anybody);
      }
      // Seen here already, and nobody comes again.
      if (seen.has(bib))
        return named.some((passing) => passing.bib === bib && Math.abs(passing.atMs - atMs) <= AROUND_MS) ? 1 : bounded(FAILS);
      const wave = waveOf(bib);
      const share = wave === null ? undefined : shares.get(wave);
      if (wave === null || share === undefined) return 1;
      return bounded(((inWave.get(wave) ?? 0) + CREDIT * share) / ((near.length + CREDIT) * share));
    };
  };
}
