/** @file Numbers in doubt, weighed by time: who is expected, which wave passes, and how much that may say. */
import { expect, it } from 'vitest';
import type { BibCandidate } from '../../../src/contracts/race.ts';
import { weighByTime } from '../../../src/core/race/number-times.ts';
import type { Passing } from '../../../src/core/race/passings.ts';
import { DRAWN_RACE, drawRace } from '../../evaluate/drawn-race.ts';

const passing = (bib: string, cameraId: string, atMs: number): Passing => ({ bib, cameraId, atMs, look: null, sightings: [] });
const EVEN: readonly BibCandidate[] = [
  { bib: '40', probability01: 0.45 },
  { bib: '20', probability01: 0.45 },
];
/** Every twenty seconds one, whose way to the goal takes ten minutes; some were not seen there. */
const race = (unseen: readonly number[] = []): Passing[] =>
  Array.from({ length: 60 }, (_, i) => [
    passing(String(i), 'course', i * 20_000),
    ...(unseen.includes(i) ? [] : [passing(String(i), 'goal', i * 20_000 + 600_000 + (i % 3) * 2_000)]),
  ])
    .flat()
    .sort((a, b) => a.atMs - b.atMs);
const bibsOf = (candidates: readonly BibCandidate[]): string[] => candidates.map(({ bib }) => bib);

it('prefers the runner who is expected then, and never by more than a factor', () => {
  const weigh = weighByTime(race([20, 40]), () => null);
  const weighed = weigh('goal', 20 * 20_000 + 600_000, EVEN);
  expect(bibsOf(weighed)).toEqual(['20', '40']);
  expect(bibsOf(weigh('goal', 40 * 20_000 + 600_000, EVEN))).toEqual(['40', '20']);
  const sure = [
    { bib: '40', probability01: 0.98 },
    { bib: '20', probability01: 0.01 },
  ];
  expect(weigh('goal', 20 * 20_000 + 600_000, sure)[0]!.bib).toBe('40');
  expect(weighed.reduce((sum, { probability01 }) => sum + probability01, 0)).toBeLessThanOrEqual(1);
});

it('doubts who was seen surely there at another time', () => {
  const weigh = weighByTime(race([20]), () => null);
  expect(bibsOf(weigh('goal', 30 * 20_000 + 600_000, EVEN))[0]).toBe('20');
});

it('goes by the wave that passes, of runners whom nobody saw elsewhere', () => {
  const waveOf = (bib: string): string => (Number(bib) % 100 < 30 ? 'first' : 'second');
  const strangers = [
    { bib: '440', probability01: 0.5 },
    { bib: '420', probability01: 0.4 },
  ];
  const weigh = weighByTime(race(), waveOf);
  expect(bibsOf(weigh('goal', 10 * 20_000 + 600_000, strangers))).toEqual(['420', '440']);
  expect(bibsOf(weigh('goal', 50 * 20_000 + 600_000, strangers))).toEqual(['440', '420']);
  expect(weighByTime(race(), () => null)('goal', 800_000, strangers)).toEqual(strangers);
});

it('leaves a camera alone that nothing is known of', () => {
  expect(weighByTime([], () => null)('goal', 1, EVEN)).toEqual(EVEN);
});

it('is right more often than the print alone in a drawn race, also where the list has the waves wrong', () => {
  const { passings, doubts, waveOf } = drawRace({ ...DRAWN_RACE, runners: 600, waves: 3 });
  const rightBy = (waves: (bib: string) => string | null): number => {
    const weigh = weighByTime(passings, waves);
    return doubts.filter(({ cameraId, atMs, candidates, bib }) => weigh(cameraId, atMs, candidates)[0]!.bib === bib).length;
  };
  const byPrint = doubts.filter(({ candidates, bib }) => candidates[0]!.bib === bib).length;
  expect(rightBy(waveOf)).toBeGreaterThan(byPrint * 1.15);
  expect(rightBy((bib) => waveOf(String(601 - Number(bib))))).toBeGreaterThan(byPrint);
});
