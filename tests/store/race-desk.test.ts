/** @file What the race worker makes of a whole race: lists, tables, files, and proposals by clothes and time. */
import 'fake-indexeddb/auto';
import { beforeEach, describe, expect, it } from 'vitest';
import type { RaceTableWords } from '../../src/contracts/race-delivery.ts';
import type { Sighting } from '../../src/contracts/race.ts';
import { BURST_PHOTOS, BURST_WINDOW_MS, settleBurst } from '../../src/core/race/settle-burst.ts';
import { createRaceDesk } from '../../workers/stages/race-desk.ts';
import { freshDatabase } from './fixtures.ts';
import { bibAnswer, decision, entrant, finishedPhoto, foundFile, raceStand, sighting } from './race-fixtures.ts';

const TASK = { taskId: 't1' };
const SETTLE = { windowMs: BURST_WINDOW_MS, photos: BURST_PHOTOS, settle: settleBurst };
const CHOICE = { certainty: 'sure', withDuplicates: false, minSharpness01: 0, onlyBest: false, bibs: null } as const;
const NONE = bibAnswer(null);
const RUNNERS = 20;
const HIDDEN = 11;
/** Any words will do. */
const WORDS = new Proxy(
  {},
  { get: (_, name) => (['certainties', 'voices', 'places'].includes(String(name)) ? { sure: 's' } : String(name)) },
);

/** Clothes of a runner's own. */
function worn(runner: number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: RUNNERS + 1 }, (_, i) => (i === runner ? 1 : 0));
}

async function stand() {
  const here = await raceStand(freshDatabase());
  const read = async (path: string, cameraLabel: string, cameraAtMs: number, sightings: readonly Sighting[], runner: number) => {
    const { wanted } = await here.photos.add('s1', [foundFile(path)]);
    const id = wanted[0]!;
    await here.photos.begin(id);
    const finished = finishedPhoto(id, sightings, { cameraLabel, cameraAtMs });
    await here.photos.finish(id, { ...finished, looks: { ...finished.looks, looks: sightings.map(() => worn(runner)) } }, SETTLE);
    return id;
  };
  const goal: string[] = [];
  const START_MS = 1_700_000_000_000;
  for (let i = 0; i < RUNNERS; i++) {
    const atMs = START_MS + i * 30_000;
    const bib = String(100 + i);
    await read(`course-${i}.jpg`, 'Course', atMs, [sighting(`c${i}`, bibAnswer(bib))], i);
    goal.push(await read(`goal-${i}.jpg`, 'Goal', atMs + 120_000, [sighting(`g${i}`, i === HIDDEN ? NONE : bibAnswer(bib))], i));
  }
  await here.entrants.replace('e1', [entrant('100', 'Ada'), entrant('111', 'Ben', { wave: 'A' })]);
  const answerAt = async (i: number) => (await here.readings.get(goal[i]!))!.sightings[0]!.answer;
  return { ...here, read, goal, answerAt, desk: createRaceDesk(here.database), startMs: START_MS };
}

let here: Awaited<ReturnType<typeof stand>>;
beforeEach(async () => {
  here = await stand();
});

describe('recognising', () => {
  it('proposes the number of who is expected then in these clothes, once, and lets it be found', async () => {
    expect(await here.desk.recognise('e1', TASK)).toEqual({ proposed: 1, changed: 1 });
    expect(await here.answerAt(HIDDEN)).toMatchObject({ bib: '111', certainty: 'check', saidBy: 'body' });
    expect((await here.readings.sightings('e1', 'check')).map(({ bib }) => bib)).toEqual(['111']);
    expect(await here.readings.photosOf(['e1'], '111')).toHaveLength(2);
    expect(await here.events.counts('e1')).toMatchObject({ sightings: { check: 1, none: 0 } });
    expect(await here.desk.recognise('e1', TASK)).toEqual({ proposed: 1, changed: 0 });
  });

  it('takes back what does not hold any more', async () => {
    await here.desk.recognise('e1', TASK);
    // Another one of the goal's photos turns out to show that runner.
    const photoId = here.goal[3]!;
    await here.readings.decide(decision('d1', photoId, 'g3', '111', bibAnswer('103')), SETTLE);
    await here.desk.recognise('e1', TASK);
    expect(await here.answerAt(HIDDEN)).not.toMatchObject({ bib: '111' });
  });

  it('outlives neighbours that say nothing, and gives way to those that do', async () => {
    await here.desk.recognise('e1', TASK);
    const atMs = here.startMs + HIDDEN * 30_000 + 120_000;
    await here.read('goal-next.jpg', 'Goal', atMs + 400, [sighting('n1', NONE)], HIDDEN);
    expect(await here.answerAt(HIDDEN)).toMatchObject({ bib: '111', saidBy: 'body' });
    await here.read('goal-more.jpg', 'Goal', atMs + 800, [sighting('n2', bibAnswer('119'))], HIDDEN);
    expect(await here.answerAt(HIDDEN)).toMatchObject({ bib: '119', saidBy: 'burst' });
    await here.desk.recognise('e1', TASK);
    expect(await here.answerAt(HIDDEN)).toMatchObject({ bib: '119', saidBy: 'burst' });
  });

  it('leaves what the user says alone; taken back, the proposal stands again', async () => {
    await here.desk.recognise('e1', TASK);
    const before = await here.answerAt(HIDDEN);
    await here.readings.decide(decision('d1', here.goal[HIDDEN]!, `g${HIDDEN}`, null, before), SETTLE);
    expect(await here.desk.recognise('e1', TASK)).toEqual({ proposed: 0, changed: 0 });
    expect(await here.answerAt(HIDDEN)).toMatchObject({ bib: null, saidBy: 'user' });
    await here.readings.undo('e1', SETTLE);
    expect(await here.answerAt(HIDDEN)).toEqual(before);
  });
});

it('weighs numbers in doubt by who is expected then, and reads the race again after the next comparison', async () => {
  const candidates = ['103', '111'].map((bib) => ({ bib, probability01: 0.4 }));
  const cameras = await here.events.cameras('e1');
  const goal = cameras.find(({ label }) => label === 'Goal')!.id;
  const { atMs } = (await here.photos.tile(here.goal[HIDDEN]!))!;
  const weighed = await here.desk.weigh('e1', goal, atMs, candidates, TASK);
  expect(weighed.map(({ bib }) => bib)).toEqual(['111', '103']);
  expect(weighed[0]!.probability01).toBeGreaterThan(0.6);
  expect(await here.desk.weigh('gone', 'none', atMs, candidates, TASK)).toEqual(candidates);
});

it('lists runners with their names, photos and cover, in the order asked for', async () => {
  const rows = await here.desk.runners('e1', ['111', '100', '999'], 'check', TASK);
  expect(rows.map(({ bib, entrants, photos }) => [bib, entrants.map(({ name }) => name), photos])).toEqual([
    ['111', ['Ben'], 1],
    ['100', ['Ada'], 2],
    ['999', [], 0],
  ]);
  expect(rows[1]!.cover).toMatchObject({ box: { width: 0.3 } });
  expect(rows[2]!.cover).toBeNull();
});

it('adds up a delivery and writes its table; the same token means the same race', async () => {
  const question = { eventId: 'e1', token: 'a', choice: CHOICE };
  expect(await here.desk.summary(question, TASK)).toEqual({ runners: RUNNERS, pictures: 2 * RUNNERS - 1, photos: 2 * RUNNERS - 1 });
  expect(await here.desk.summary({ ...question, choice: { ...CHOICE, bibs: ['100'] } }, TASK)).toMatchObject({ runners: 1, pictures: 2 });
  await here.desk.recognise('e1', TASK);
  const doubtful = { ...question, choice: { ...CHOICE, certainty: 'check' } } as const;
  expect(await here.desk.summary(doubtful, TASK)).toMatchObject({ pictures: 2 * RUNNERS - 1 });
  expect(await here.desk.summary({ ...doubtful, token: 'b' }, TASK)).toMatchObject({ pictures: 2 * RUNNERS });
  const csv = await (await here.desk.table(question, WORDS as RaceTableWords, true, TASK)).text();
  expect(csv.trim().split('\r\n')).toHaveLength(2 * RUNNERS);
  await expect(here.desk.summary({ ...question, eventId: 'gone' }, TASK)).rejects.toMatchObject({ code: 'invalid-input' });
});

it('proposes to set a camera’s clock right by the runners that two of them saw', async () => {
  expect(await here.desk.clocks('e1', TASK)).toEqual([expect.objectContaining({ basis: 'together', offsetMs: expect.any(Number) })]);
});

it('carries a race away and brings it back', async () => {
  await here.desk.recognise('e1', TASK);
  const file = await here.desk.exportRace('e1', 1, TASK);
  const other = createRaceDesk(freshDatabase());
  expect(await other.importRace(file, TASK)).toBe('e1');
  expect(await other.recognise('e1', TASK)).toEqual({ proposed: 0, changed: 0 });
  expect(await other.summary({ eventId: 'e1', token: 'x', choice: CHOICE }, TASK)).toMatchObject({ runners: RUNNERS });
});
