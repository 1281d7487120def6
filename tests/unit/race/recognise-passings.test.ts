/** @file Runners without a number, told by clothes and time: in drawn races, and where nothing may be told. */
import { describe, expect, it } from 'vitest';
import { bodyAnswer } from '../../../src/core/race/body-answer.ts';
import type { Passing } from '../../../src/core/race/passings.ts';
import { recognisePassings, type RaceKnowledge } from '../../../src/core/race/recognise-passings.ts';
import { DRAWN_RACE, drawRace, type DrawnRaceOptions } from '../../evaluate/drawn-race.ts';

const KNOWLEDGE: RaceKnowledge = { waveOf: () => null, shownIn: () => [] };

async function measured(options: Partial<DrawnRaceOptions>) {
  const { passings, truth, waveOf } = drawRace({ ...DRAWN_RACE, ...options });
  const found = await recognisePassings(passings, { ...KNOWLEDGE, waveOf });
  const proposals = found.flatMap(({ passing, candidates }) => {
    const { bib } = bodyAnswer(candidates);
    return bib === null ? [] : [bib === truth.get(passing)];
  });
  return { proposed: proposals.length, right: proposals.filter(Boolean).length, found, truth };
}

describe('a drawn race', () => {
  it('gives proposals of which most are right', async () => {
    const { proposed, right } = await measured({ runners: 1000, waves: 2, camerasKm: [10, 10.02, 21] });
    expect(proposed).toBeGreaterThan(20);
    expect(right / proposed).toBeGreaterThan(0.8);
  });

  it('gives hardly any where cameras stand far apart: clothes look another way there', async () => {
    const beside = await measured({ runners: 300, waves: 1, camerasKm: [10, 10.02] });
    const apart = await measured({ runners: 300, waves: 1, camerasKm: [10, 12], again01: 0 });
    expect(apart.proposed).toBeLessThan(beside.proposed / 4);
  });

  it('shares out no more than there is', async () => {
    const { found } = await measured({ runners: 500, waves: 1 });
    expect(found.length).toBeGreaterThan(0);
    for (const { candidates } of found)
      expect(candidates.reduce((sum, { probability01 }) => sum + probability01, 0)).toBeLessThanOrEqual(1);
  });
});

it('is proposed, offered or only listed', () => {
  const told = (probability01: number) => bodyAnswer([{ bib: '7', probability01 }]);
  expect(told(0.7)).toMatchObject({ bib: '7', certainty: 'check', probability01: 0.7 });
  expect(told(0.4)).toMatchObject({ bib: null, certainty: 'check', candidates: [{ bib: '7' }] });
  expect(told(0.1)).toMatchObject({ bib: null, certainty: 'none', candidates: [{ bib: '7' }] });
});

describe('a passing without a number', () => {
  const worn = (n: number): Float32Array<ArrayBuffer> => Float32Array.from({ length: 40 }, (_, i) => (i === n ? 1 : 0));
  const passing = (bib: string | null, cameraId: string, atMs: number, n: number, photoId = `${cameraId}${atMs}`): Passing => ({
    ...{ bib, cameraId, atMs, look: worn(n), sightings: [{ photoId, sightingId: `${photoId}/${n}` }] },
  });
  /** Thirty runners in clothes of their own, a minute after the course at the goal; runner 15 shows no number there. */
  const race = (more: readonly Passing[] = []): Passing[] =>
    [
      ...Array.from({ length: 30 }, (_, i) => [
        passing(String(i), 'course', i * 20_000, i),
        passing(i === 15 ? null : String(i), 'goal', i * 20_000 + 90_000 + (i % 3) * 1_000, i),
      ]).flat(),
      ...more,
    ].sort((a, b) => a.atMs - b.atMs);
  const told = async (passings: readonly Passing[], knowledge = KNOWLEDGE) =>
    (await recognisePassings(passings, knowledge)).map(({ candidates }) => bodyAnswer(candidates).bib);

  it('gets the number of the one who is expected then in these clothes, never surely', async () => {
    const [only] = await recognisePassings(race(), KNOWLEDGE);
    expect(bodyAnswer(only!.candidates)).toMatchObject({ bib: '15', certainty: 'check', saidBy: 'body' });
  });

  it('gets none that its photo shows already', async () => {
    expect(await told(race(), { ...KNOWLEDGE, shownIn: () => ['15'] })).not.toContain('15');
  });

  it('gets none when somebody in other clothes, at another time, or whose number is known nowhere else came by', async () => {
    const without = race().filter(({ bib }) => bib !== null);
    expect(await told([...without, passing(null, 'goal', 391_000, 35)].sort((a, b) => a.atMs - b.atMs))).not.toContain('15');
    expect(await told([...without, passing(null, 'goal', 2_000_000, 15)])).not.toContain('15');
    expect(await told(race().filter(({ bib }) => bib !== '15'))).toEqual([]);
  });

  it('shares the number with another body of its photo that looks alike', async () => {
    const twin = passing(null, 'goal', 390_000, 15, 'goal390000');
    const both = race([twin]);
    const answers = await told(both);
    expect(answers.filter((bib) => bib === '15').length).toBeLessThanOrEqual(1);
  });

  it('gets nothing from cameras that saw too few runners together', async () => {
    expect(await told(race().filter(({ atMs, bib }) => bib === null || atMs > 500_000))).toEqual([]);
  });
});
