import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import type { RaceCounts } from '../../src/contracts/race.ts';
import type { SettleAnswers } from '../../src/store/race-readings.ts';
import { freshDatabase } from './fixtures.ts';
import { bibAnswer, decision, finishedPhoto, foundFile, KEEP_APART, photoSource, raceStand, sighting } from './race-fixtures.ts';

const stand = () => raceStand(freshDatabase());

/** What is counted, counted anew. */
async function recount({ photos, readings }: Awaited<ReturnType<typeof stand>>): Promise<RaceCounts> {
  const counts = {
    photos: { waiting: 0, read: 0, failed: 0, gone: 0, skipped: 0 },
    outcomes: { unread: 0, nobody: 0, nameless: 0, doubtful: 0, named: 0 },
    sightings: { sure: 0, check: 0, none: 0 },
    thumbnailBytes: 0,
  };
  for (const { id, outcome } of await photos.tiles(await photos.ids('e1'))) {
    counts.photos[(await photos.get(id))!.state] += 1;
    counts.outcomes[outcome] += 1;
    counts.thumbnailBytes += (await photos.thumbnail(id))?.size ?? 0;
  }
  for (const { sightings } of await readings.ofEvent('e1')) for (const { answer } of sightings) counts.sightings[answer.certainty] += 1;
  return counts;
}

describe('photos that were found', () => {
  it('wait in the order in which they were found, and are known when they are found again', async () => {
    const { photos } = await stand();
    const first = await photos.add('s1', [foundFile('b.jpg'), foundFile('sub/a.jpg')]);
    expect(first).toMatchObject({ duplicates: 0, known: 0 });
    expect(first.wanted).toHaveLength(2);
    expect(await photos.add('s1', [foundFile('b.jpg'), foundFile('c.jpg')])).toMatchObject({ duplicates: 0, known: 1 });
    expect((await photos.next(['s1'], 9)).map(({ path }) => path)).toEqual(['b.jpg', 'sub/a.jpg', 'c.jpg']);
    expect(await photos.waiting(['s1', 'nobody'])).toBe(3);
    expect(await photos.paths('s1')).toEqual(new Set(['b.jpg', 'sub/a.jpg', 'c.jpg']));
  });

  it('are known by their paths, however many there are', async () => {
    const { photos } = await stand();
    const files = Array.from({ length: 1203 }, (_, i) => foundFile(`${i}.jpg`, { sizeBytes: i + 1 }));
    await photos.add('s1', files);
    expect(await photos.paths('s1')).toEqual(new Set(files.map(({ path }) => path)));
    expect(await photos.paths('s2')).toEqual(new Set());
  });

  it('are not read twice: the same file on another card, a raw file beside its JPEG, or the same bytes', async () => {
    const { photos, sources, events } = await stand();
    await sources.put(photoSource('s2', { addedAtMs: 2 }));
    const [id] = (await photos.add('s1', [foundFile('DCIM/1.jpg')])).wanted;
    expect(await photos.add('s2', [foundFile('copy/1.jpg', { sizeBytes: foundFile('DCIM/1.jpg').sizeBytes })])).toMatchObject({
      ...{ wanted: [], duplicates: 1 },
    });
    expect(await photos.add('s1', [foundFile('DCIM/1.nef', { besides: 'DCIM/1.jpg', sizeBytes: 9 })])).toMatchObject({ duplicates: 1 });
    expect((await events.counts('e1')).photos).toMatchObject({ waiting: 1, skipped: 2 });
    expect((await photos.all('e1')).map(({ duplicateOf }) => duplicateOf)).toEqual([null, id, id]);
    await photos.finish(id!, finishedPhoto(id!, [], { contentHash: 'same' }), KEEP_APART);
    expect(await photos.sameFile('e1', 'same')).toBe(id);
    expect(await photos.sameFile('e1', 'other')).toBeNull();
  });

  it('belong to the source that they are found in again when theirs is out of reach', async () => {
    const { photos, sources, events } = await stand();
    const { wanted } = await photos.add('s1', [foundFile('DCIM/1.jpg'), foundFile('DCIM/2.jpg')]);
    const [a, b] = wanted as [string, string];
    await photos.finish(a, finishedPhoto(a, [sighting('0', bibAnswer('5'))]), KEEP_APART);
    await sources.put(photoSource('s2', { addedAtMs: 2 }));
    const files = ['DCIM/1.jpg', 'DCIM/2.jpg'].map((path) => ({ ...foundFile(path), path: path.slice(5) }));
    expect(await photos.add('s2', files, (id) => id !== 's1')).toEqual({ wanted: [b], duplicates: 0, known: 0, moved: 2 });
    expect(await photos.get(a)).toMatchObject({ state: 'read', sourceId: 's2', path: '1.jpg' });
    expect(await events.counts('s1')).toMatchObject({ photos: { read: 0, waiting: 0 }, sightings: { sure: 0 }, thumbnailBytes: 0 });
    expect(await events.counts('s2')).toMatchObject({ photos: { read: 1, waiting: 1 }, sightings: { sure: 1 }, thumbnailBytes: 5 });
    expect(await events.counts('e1')).toMatchObject({ photos: { read: 1, waiting: 1 }, thumbnailBytes: 5, found: 2 });
  });

  it('are read from a copy when they cannot be read themselves', async () => {
    const { photos, sources } = await stand();
    await sources.put(photoSource('s2', { addedAtMs: 2 }));
    const [a] = (await photos.add('s1', [foundFile('1.jpg')])).wanted as [string];
    await photos.add('s2', [foundFile('1.jpg')]);
    const [copy] = await photos.copiesOf(a);
    expect(copy).toMatchObject({ state: 'skipped', sourceId: 's2' });
    await photos.lose(a);
    expect(await photos.get(copy!.id)).toMatchObject({ state: 'waiting', duplicateOf: null });
  });

  it('wait again when their file has changed, came back, or is wanted after all', async () => {
    const { photos, events } = await stand();
    const { wanted } = await photos.add(
      's1',
      ['a.jpg', 'b.jpg', 'c.jpg', 'd.jpg'].map((path) => foundFile(path)),
    );
    const [a, b, c, d] = wanted as [string, string, string, string];
    await photos.finish(a, finishedPhoto(a, []), KEEP_APART);
    await photos.fail(b, 'decode-unsupported');
    await photos.lose(c);
    await photos.skip(d, null);
    expect((await events.counts('s1')).photos).toEqual({ waiting: 0, read: 1, failed: 1, gone: 1, skipped: 1 });
    expect(await photos.unsettledPaths('s1')).toEqual(new Set(['b.jpg', 'c.jpg']));
    const again = await photos.add('s1', [foundFile('a.jpg', { sizeBytes: 7 }), foundFile('b.jpg'), foundFile('c.jpg')]);
    expect(again).toEqual({ wanted: [a, c], duplicates: 0, known: 1, moved: 0 });
    expect((await photos.get(a))!.sizeBytes).toBe(7);
    await photos.want(b);
    expect(await photos.get(b)).toMatchObject({ state: 'waiting', problem: null });
    expect(await photos.changeAll('e1', 'skipped', 'waiting')).toBe(1);
    expect((await events.counts('e1')).photos).toEqual({ waiting: 4, read: 0, failed: 0, gone: 0, skipped: 0 });
  });
});

describe('reading', () => {
  it('begins where it never began before, and is counted until it ends', async () => {
    const { photos } = await stand();
    const [a, b] = (await photos.add('s1', [foundFile('a.jpg'), foundFile('b.jpg')])).wanted as [string, string];
    expect(await photos.begin(a)).toMatchObject({ id: a, attempts: 1 });
    expect((await photos.next(['s1'], 2)).map(({ id }) => id)).toEqual([b, a]);
    await photos.putBack(a);
    expect((await photos.next(['s1'], 2)).map(({ id }) => id)).toEqual([a, b]);
    await photos.finish(a, finishedPhoto(a, []), KEEP_APART);
    expect(await photos.begin(a)).toBeNull();
    expect(await photos.get(a)).toMatchObject({ state: 'read', attempts: 0 });
  });

  it('keeps photo, camera, reading, looks and thumbnail together, once', async () => {
    const { photos, readings, events } = await stand();
    const [id] = (await photos.add('s1', [foundFile('a.jpg')])).wanted as [string];
    const finished = finishedPhoto(id, [sighting('x', bibAnswer('12')), sighting('y', bibAnswer('7', 'check'))], {
      cameraUtcOffsetMinutes: 0,
    });
    expect(await photos.finish(id, finished, KEEP_APART)).toBe(true);
    expect(await photos.finish(id, finished, KEEP_APART)).toBe(false);
    const [camera] = await events.cameras('e1');
    expect(camera).toMatchObject({ label: 'Nikon Z9 7', clockOffsetMs: 9 * 3_600_000 });
    expect(await photos.tile(id)).toMatchObject({ outcome: 'doubtful', bibs: ['12', '7'], atMs: 1_700_000_000_000 });
    expect(await readings.get(id)).toEqual(finished.reading);
    expect(await readings.looks(id)).toEqual(finished.looks);
    expect(await (await photos.thumbnail(id))!.text()).toBe('small');
    expect((await readings.sightings('e1', 'check')).map(({ sightingId }) => sightingId)).toEqual(['y']);
    expect(await readings.photosOf(['e1'], '12')).toEqual([id]);
    expect(await readings.countsOf('e1', ['7', '8'])).toEqual([1, 0]);
    expect(await readings.bibsOf('e1')).toEqual(['7', '12']);
    expect(await readings.bibsOf('e1', '1')).toEqual(['12']);
    await events.putCamera({ ...camera!, clockOffsetMs: 0 });
    expect((await photos.tile(id))!.atMs).toBe(1_700_000_000_000 - 9 * 3_600_000);
    expect(await photos.ids('e1', { cameraId: camera!.id })).toEqual([id]);
  });

  it('finds blurred ones among the others, in the order in which they were taken; and all follow a clock that is set', async () => {
    const { photos, events } = await stand();
    const { wanted } = await photos.add(
      's1',
      Array.from({ length: 250 }, (_, i) => foundFile(`${i}.jpg`)),
    );
    for (const [i, id] of wanted.entries()) {
      if (i === 249) break;
      const sharpness01 = i === 3 ? null : i % 50 === 0 ? 0.1 + i / 1000 : 0.4;
      await photos.finish(id, finishedPhoto(id, [], { sharpness01, cameraAtMs: 1_700_000_900_000 - i * 1000 }), KEEP_APART);
    }
    const blurred = await photos.ids('e1', { belowSharpness01: 0.4 });
    expect(blurred).toEqual([200, 150, 100, 50, 0].map((i) => wanted[i]));
    const [camera] = await events.cameras('e1');
    expect(await photos.ids('e1', { belowSharpness01: 0.2, cameraId: camera!.id })).toEqual([wanted[50], wanted[0]]);
    const before = new Map((await photos.tiles(wanted)).map(({ id, atMs }) => [id, atMs]));
    await events.putCamera({ ...camera!, clockOffsetMs: camera!.clockOffsetMs + 3_602_000 });
    for (const { id, atMs, photo } of await photos.tiles(wanted))
      expect(atMs - before.get(id)!).toBe(photo.cameraId === null ? 0 : 3_602_000);
  });

  it('of a photo that was read before keeps what the user said, with the runner in the same place', async () => {
    const { photos, readings } = await stand();
    const [id] = (await photos.add('s1', [foundFile('a.jpg')])).wanted as [string];
    const left = { x: 0, y: 0, width: 0.2, height: 1 };
    const right = { x: 0.6, y: 0, width: 0.2, height: 1 };
    const read = bibAnswer('1', 'check');
    const there = (personBox: typeof left, name: string) => sighting(name, read, { personBox });
    await photos.finish(id, finishedPhoto(id, [there(left, '0'), there(right, '1')]), KEEP_APART);
    await readings.decide(decision('d', id, '1', '99', read), KEEP_APART);
    await photos.want(id);
    await photos.finish(id, finishedPhoto(id, [there(right, '0'), there(left, '1')]), KEEP_APART);
    expect((await readings.get(id))!.sightings).toMatchObject([
      { id: '1', answer: { bib: '99', saidBy: 'user' } },
      { id: '0', answer: { bib: '1' } },
    ]);
    expect(await readings.undo('e1', KEEP_APART)).toMatchObject({ changed: [id] });
    expect((await readings.get(id))!.sightings[0]).toMatchObject({ id: '1', answer: { bib: '1', saidBy: 'print' } });
  });

  it('counts with every change what a count of everything would find', async () => {
    const here = await stand();
    const { photos, readings, events } = here;
    const { wanted } = await photos.add(
      's1',
      Array.from({ length: 6 }, (_, i) => foundFile(`${i}.jpg`)),
    );
    await photos.finish(wanted[0]!, finishedPhoto(wanted[0]!, []), KEEP_APART);
    await photos.finish(
      wanted[1]!,
      finishedPhoto(wanted[1]!, [sighting('0', bibAnswer('5', 'check')), sighting('1', bibAnswer(null))]),
      KEEP_APART,
    );
    await photos.finish(wanted[2]!, finishedPhoto(wanted[2]!, [sighting('0', bibAnswer(null))]), KEEP_APART);
    await photos.fail(wanted[3]!, 'decode-unsupported');
    await readings.decide(decision('d', wanted[1]!, '0', '6', bibAnswer('5', 'check')), KEEP_APART);
    await photos.want(wanted[2]!);
    const { photos: states, outcomes, sightings, thumbnailBytes } = await events.counts('e1');
    expect({ photos: states, outcomes, sightings, thumbnailBytes }).toEqual(await recount(here));
    expect(await events.counts('s1')).toEqual({ ...(await events.counts('e1')), id: 's1' });
    await photos.removeSource('s1');
    const { photos: after, thumbnailBytes: bytes } = await events.counts('e1');
    expect([Object.values(after), bytes]).toEqual([[0, 0, 0, 0, 0], 0]);
    expect(await readings.ofEvent('e1')).toEqual([]);
    expect(await readings.bibsOf('e1')).toEqual([]);
  });
});

describe('decisions', () => {
  /** A burst of one runner takes over what the user says about one of its photos. */
  const spread: SettleAnswers = {
    windowMs: 10_000,
    photos: 20,
    settle: (photos, changedId) => {
      const said = photos.flatMap(({ reading }) => reading.sightings.filter(({ answer }) => answer.saidBy === 'user'))[0]?.answer;
      return photos
        .filter(({ reading }) => reading.photoId !== changedId)
        .map(({ reading }) => ({
          ...reading,
          sightings: reading.sightings.map((each) => ({
            ...each,
            answer: said === undefined ? each.read : { ...said, saidBy: 'burst' as const },
          })),
        }));
    },
  };

  async function burst() {
    const here = await stand();
    const { wanted } = await here.photos.add(
      's1',
      Array.from({ length: 3 }, (_, i) => foundFile(`${i}.jpg`)),
    );
    for (const [i, id] of wanted.entries()) {
      const cameraAtMs = 1_700_000_000_000 + i * 4000;
      await here.photos.finish(
        id,
        finishedPhoto(id, [sighting('0', bibAnswer('5', 'check'), { burstId: 'e1.b' })], { cameraAtMs }),
        KEEP_APART,
      );
    }
    return { ...here, ids: wanted as [string, string, string] };
  }

  it('teach the rest of the burst; undo and redo take back and do again, and outlive the page', async () => {
    const { readings, events, ids, database } = await burst();
    const answers = async (): Promise<string[]> =>
      (await readings.ofEvent('e1')).map(({ sightings }) => `${sightings[0]!.answer.bib ?? ''} ${sightings[0]!.answer.saidBy}`);
    const changed = await readings.decide(decision('d1', ids[1], '0', '77', bibAnswer('5', 'check')), spread);
    expect(changed.sort()).toEqual([...ids]);
    expect(await answers()).toEqual(['77 burst', '77 user', '77 burst']);
    expect((await events.counts('e1')).sightings).toMatchObject({ sure: 3, check: 0 });
    database.close();
    expect(await readings.history('e1')).toMatchObject({ done: 1, undone: 0, last: { id: 'e1.d1' }, next: null });
    expect(await readings.undo('e1', spread)).toMatchObject({ decision: { id: 'e1.d1' } });
    expect(await answers()).toEqual(['5 print', '5 print', '5 print']);
    expect(await readings.undo('e1', spread)).toBeNull();
    await readings.redo('e1', spread);
    expect(await answers()).toEqual(['77 burst', '77 user', '77 burst']);
    await readings.undo('e1', spread);
    await readings.decide(decision('d2', ids[0], '0', '8', bibAnswer('5', 'check')), spread);
    expect(await readings.history('e1')).toMatchObject({ done: 1, undone: 0, last: { id: 'e1.d2' } });
  });

  it('go back and forth in the order in which they were made', async () => {
    const { readings, ids } = await burst();
    const before = bibAnswer('5', 'check');
    for (const [i, id] of ids.entries()) await readings.decide(decision(`d${i}`, id, '0', String(i + 10), before), KEEP_APART);
    const undone = [await readings.undo('e1', KEEP_APART), await readings.undo('e1', KEEP_APART)];
    expect(undone.map((each) => each?.decision.id)).toEqual(['e1.d2', 'e1.d1']);
    const redone = [await readings.redo('e1', KEEP_APART), await readings.redo('e1', KEEP_APART), await readings.redo('e1', KEEP_APART)];
    expect(redone.map((each) => each?.decision.id)).toEqual(['e1.d1', 'e1.d2', undefined]);
  });

  it('about what is gone are refused, or passed over', async () => {
    const { readings, photos, ids } = await burst();
    await expect(readings.decide(decision('d', ids[0], 'nobody', '1', bibAnswer(null)), KEEP_APART)).rejects.toMatchObject({
      code: 'invalid-input',
    });
    await readings.decide(decision('d', ids[0], '0', '1', bibAnswer(null)), KEEP_APART);
    await photos.removeSource('s1');
    expect(await readings.undo('e1', KEEP_APART)).toBeNull();
  });

  it('are lost with nothing half done when a neighbour cannot be kept', async () => {
    const { readings, ids } = await burst();
    const broken: SettleAnswers = { windowMs: 10_000, photos: 20, settle: (all) => [{ ...all[0]!.reading, readAtMs: -1 }] };
    await expect(readings.decide(decision('d', ids[1], '0', '77', bibAnswer('5', 'check')), broken)).rejects.toMatchObject({
      code: 'invalid-input',
    });
    expect((await readings.get(ids[1]))!.sightings[0]!.answer.bib).toBe('5');
    expect(await readings.history('e1')).toMatchObject({ done: 0, undone: 0 });
  });
});
