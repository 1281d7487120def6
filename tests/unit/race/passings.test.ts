/** @file What counts as a runner passing a camera, and when somebody is expected at another one. */
import { describe, expect, it } from 'vitest';
import type { BibAnswer, Sighting } from '../../../src/contracts/race.ts';
import { Passings, type Passing } from '../../../src/core/race/passings.ts';
import { passingTimes } from '../../../src/core/race/passing-times.ts';
import { answerOf, sightingOf } from './race-fixtures.ts';

const HIDDEN = answerOf(null, { probability01: 0 });
const body = (bib: string): BibAnswer => answerOf(bib, { certainty: 'check', saidBy: 'body' });

function passingsOf(...photos: readonly (readonly Sighting[])[]): Passing[] {
  const passings = new Passings();
  photos.forEach((sightings, i) =>
    passings.add({
      photo: { id: `p${i}`, cameraId: 'goal', cameraAtMs: 1 },
      atMs: 1000 + i * 200,
      reading: { sightings: [...sightings] },
      looks: { looks: sightings.map((_, n) => Float32Array.from([i, n])) },
    }),
  );
  return passings.all();
}

describe('a passing', () => {
  it('is a burst, with the mean of its looks and the middle of its time', () => {
    const burst = { burstId: 'b' };
    const [passing] = passingsOf(
      [sightingOf('a', answerOf('7'), burst)],
      [sightingOf('c', HIDDEN, burst)],
      [sightingOf('d', HIDDEN, burst)],
    );
    expect(passing).toMatchObject({ bib: '7', atMs: 1200, cameraId: 'goal' });
    expect([...passing!.look!]).toEqual([1, 0]);
    expect(passing!.sightings.map(({ photoId, sightingId }) => `${photoId} ${sightingId}`)).toEqual(['p0 a', 'p1 c', 'p2 d']);
  });

  it('has no number only where nothing can be read and nobody has said so', () => {
    const bibs = (answer: BibAnswer, read = answer) => passingsOf([sightingOf('a', answer, { read })]).map(({ bib }) => bib);
    expect(bibs(HIDDEN)).toEqual([null]);
    expect(bibs(answerOf('7'))).toEqual(['7']);
    expect(bibs(answerOf('7', { certainty: 'check' }))).toEqual([]);
    expect(bibs(answerOf(null, { partial: '?7' }))).toEqual([]);
    expect(bibs(answerOf(null, { candidates: [{ bib: '7', probability01: 0.2 }] }))).toEqual([]);
    expect(bibs(answerOf(null, { saidBy: 'user' }))).toEqual([]);
    // What was proposed before is no knowledge: neither a number nor the want of one.
    expect(bibs(body('7'), HIDDEN)).toEqual([null]);
  });

  it('says nothing where two numbers are sure', () => {
    const burst = { burstId: 'b' };
    expect(passingsOf([sightingOf('a', answerOf('7'), burst)], [sightingOf('c', answerOf('8'), burst)])).toEqual([]);
  });
});

describe('times', () => {
  const passing = (bib: string, cameraId: string, atMs: number): Passing => ({ bib, cameraId, atMs, look: null, sightings: [] });
  /** Runners every ten seconds, whose way to the goal takes ever longer. */
  const way = (i: number): number => 600_000 + i * 6_000;
  const race = (count: number): Passing[] =>
    Array.from({ length: count }, (_, i) => [passing(String(i), 'course', i * 10_000), passing(String(i), 'goal', i * 10_000 + way(i))])
      .flat()
      .sort((a, b) => a.atMs - b.atMs);

  it('follow those who came by at about the same time', () => {
    const known = [...race(100), passing('new', 'course', 505_000)].sort((a, b) => a.atMs - b.atMs);
    const [expected] = passingTimes(known)('goal')
      .at(505_000 + way(50))
      .filter(({ bib }) => bib === 'new');
    expect(Math.abs(expected!.atMs - 505_000 - way(50))).toBeLessThan(20_000);
    expect(expected!.share01).toBeCloseTo(100 / 101);
    const back = passingTimes(known)('course').at(300_000);
    expect(back.some(({ bib, from }) => bib === '30' && from.cameraId === 'goal')).toBe(true);
  });

  it('are not made up from a handful of runners, and nobody is expected far off', () => {
    expect(passingTimes(race(7))('goal').at(way(3))).toEqual([]);
    expect(passingTimes(race(100))('goal').at(5e7)).toEqual([]);
  });

  it('are those of the wave where it is known', () => {
    // Two waves pass the course together; the second is slower by half an hour.
    const slow = (i: number): number => (i % 2 === 0 ? 0 : 1_800_000);
    const known = race(80)
      .map((one) => (one.cameraId === 'goal' ? { ...one, atMs: one.atMs + slow(Number(one.bib)) } : one))
      .sort((a, b) => a.atMs - b.atMs);
    const goal = passingTimes(known, (bib) => String(Number(bib) % 2))('goal');
    const ofForty = goal.at(400_000 + way(40)).find(({ bib, from }) => bib === '40' && from.cameraId === 'course');
    expect(ofForty!.spreadMs).toBeLessThan(120_000);
    expect(goal.at(400_000 + way(40)).some(({ bib, from }) => bib === '41' && from.cameraId === 'course')).toBe(false);
  });
});
