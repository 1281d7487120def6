import { describe, expect, it } from 'vitest';
import { chosenRunners, deliverySummary, runnersOf } from '../../../src/core/race/runner-photos.ts';
import { answerOf, DAY_MS, photoOf, raceContents, readingOf, sightingOf } from './race-fixtures.ts';

const SURE = { certainty: 'sure', withDuplicates: false, minSharpness01: 0 } as const;
const idsOf = async (choice: Parameters<typeof runnersOf>[1], contents = raceContents()) =>
  (await runnersOf(contents, choice)).map(({ bib, photos }) => [bib, photos.map(({ photo }) => photo.id)]);

it('gives every runner what is sure or confirmed, the best photo at the goal first, the rest by corrected time', async () => {
  expect(await idsOf(SURE)).toEqual([
    ['7', ['p3', 'p2', 'p4', 'p1']],
    ['A3', ['p4']],
  ]);
});

it('gives what is doubtful, duplicates and blurred photos only when they are asked for', async () => {
  expect((await idsOf({ ...SURE, certainty: 'check' })).map(([bib]) => bib)).toEqual(['7', '12', 'A3']);
  expect((await idsOf({ ...SURE, withDuplicates: true }))[0]![1]).toContain('p5');
  expect((await idsOf({ ...SURE, minSharpness01: 0.5 }))[0]![1]).toEqual(['p3', 'p4', 'p1']);
});

it('takes a photo once that shows a number twice, and none that failed or is not wanted', async () => {
  const contents = raceContents();
  const twice = [sightingOf('x', answerOf('7', { certainty: 'check', saidBy: 'user' })), sightingOf('y', answerOf('7'))];
  const photos = [photoOf('p1', 'a.jpg'), photoOf('p2', 'b.jpg', { state: 'skipped' }), photoOf('p3', 'c.jpg', { state: 'failed' })];
  const readings = photos.map(({ id }) => readingOf(id, twice));
  const [runner] = await runnersOf({ ...contents, photos, readings }, SURE);
  expect(runner!.photos.map(({ photo, sighting }) => [photo.id, sighting.id])).toEqual([['p1', 'y']]);
});

it('says who holds a number: nobody, one, or several when the list has it twice', async () => {
  const contents = raceContents();
  const doubled = { ...contents, entrants: [...contents.entrants, { ...contents.entrants[0]!, id: 'again', name: 'Other' }] };
  const [seven, three] = await runnersOf(doubled, SURE);
  expect(seven!.entrants.map(({ name }) => name)).toEqual(['佐藤 花子', 'Other']);
  expect(three!.entrants).toEqual([]);
});

describe('almost equal shots', () => {
  /** A runner before a camera, frame after frame: milliseconds, sharpness, left edge and height of the box. */
  const burst = (...frames: readonly (readonly [number, number, number, number])[]) => ({
    ...raceContents(),
    photos: frames.map(([ms, sharpness01], i) => photoOf(`f${i}`, `${i}.jpg`, { cameraAtMs: DAY_MS + ms, sharpness01 })),
    readings: frames.map(([, , x, height], i) =>
      readingOf(`f${i}`, [sightingOf(`s${i}`, answerOf('7'), { personBox: { x, y: 0.1, width: height / 3, height } })]),
    ),
  });
  const better = async (contents: ReturnType<typeof burst>) =>
    Object.fromEntries((await runnersOf(contents, SURE))[0]!.photos.map(({ photo, betterId }) => [photo.id, betterId]));

  it('have one that is best: large and sharp', async () => {
    const contents = burst([0, 0.5, 0.4, 0.6], [300, 0.8, 0.41, 0.61], [600, 0.7, 0.42, 0.63]);
    expect(await better(contents)).toEqual({ f0: 'f1', f1: null, f2: 'f1' });
    const runners = await runnersOf(contents, SURE);
    expect(chosenRunners(runners, { onlyBest: true, bibs: null })[0]!.photos.map(({ photo }) => photo.id)).toEqual(['f1']);
    expect(runners[0]!.photos).toHaveLength(3);
  });

  it('are not those of another moment, place, size or camera', async () => {
    expect(await better(burst([0, 0.5, 0.4, 0.6], [2500, 0.8, 0.4, 0.6]))).toEqual({ f0: null, f1: null });
    expect(await better(burst([0, 0.5, 0.1, 0.6], [200, 0.8, 0.5, 0.6]))).toEqual({ f0: null, f1: null });
    expect(await better(burst([0, 0.5, 0.4, 0.3], [200, 0.8, 0.4, 0.6]))).toEqual({ f0: null, f1: null });
    const two = burst([0, 0.5, 0.4, 0.6], [200, 0.8, 0.4, 0.6]);
    const photos = two.photos.map((photo, i) => ({ ...photo, cameraId: i === 0 ? 'goal' : 'course' }));
    expect(await better({ ...two, photos })).toEqual({ f0: null, f1: null });
  });

  it('end where a runner has slowly become another picture', async () => {
    const frames = Array.from({ length: 8 }, (_, i) => [i * 250, 0.6, 0.3, 0.3 + i * 0.06] as const);
    const judged = await better(burst(...frames));
    expect(Object.values(judged).filter((id) => id === null).length).toBeGreaterThan(1);
  });
});

it('adds up what there is to deliver, for everybody and for some', async () => {
  const runners = await runnersOf(raceContents(), SURE);
  expect(deliverySummary(runners)).toEqual({ runners: 2, pictures: 5, photos: 4 });
  expect(deliverySummary(chosenRunners(runners, { onlyBest: false, bibs: ['A3'] }))).toEqual({ runners: 1, pictures: 1, photos: 1 });
});
