import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import type { RunnerPage } from '../../src/contracts/race-gallery.ts';
import type { EmbeddingSpace } from '../../src/contracts/results.ts';
import { createRaceFaceStore } from '../../src/store/race-faces.ts';
import { freshDatabase } from './fixtures.ts';
import { bibAnswer, entrant, finishedPhoto, foundFile, KEEP_APART, photoSource, raceEvent, raceStand, sighting } from './race-fixtures.ts';

const SPACE: EmbeddingSpace = 'face-embedding@test';
const stand = () => raceStand(freshDatabase());

describe('entrants', () => {
  it('replace each other as a whole list, and keep two runners of one number', async () => {
    const { entrants } = await stand();
    await entrants.replace('e1', [entrant('7', 'Old')]);
    await entrants.replace('e1', [entrant('10', 'Aya Sato'), entrant('9', 'Ben'), entrant('10', 'Chie'), entrant('A2', 'Dan')]);
    expect(await entrants.count(['e1'])).toBe(4);
    expect((await entrants.bibs(['e1'])).sort()).toEqual(['10', '9', 'A2']);
    expect((await entrants.withBib(['e1'], '10')).map(({ name }) => name)).toEqual(['Aya Sato', 'Chie']);
    expect((await entrants.byIds(await entrants.ids(['e1']))).map(({ bib }) => bib)).toEqual(['9', '10', '10', 'A2']);
    await expect(entrants.replace('e1', [entrant('1'), entrant('1 2')])).rejects.toMatchObject({ code: 'invalid-input' });
    expect(await entrants.count(['e1'])).toBe(4);
    await expect(entrants.replace('gone', [])).rejects.toMatchObject({ code: 'invalid-input' });
  });

  it('are thousands, and their numbers are all known', { timeout: 60_000 }, async () => {
    const { entrants, events } = await stand();
    await events.put(raceEvent('e2', { parentId: 'e1' }));
    await entrants.replace(
      'e1',
      Array.from({ length: 4001 }, (_, i) => entrant(String(i + 1))),
    );
    await entrants.replace('e2', [entrant('A1'), entrant('7')]);
    expect(new Set(await entrants.bibs(['e1', 'e2'])).size).toBe(4002);
    expect((await entrants.bibs(['e2'])).sort()).toEqual(['7', 'A1']);
    const ids = await entrants.ids(['e1', 'e2']);
    expect(ids.slice(0, 11).at(-1)).toBe('e1.11.0');
    expect(ids.slice(4000)).toEqual(['e1.4001.0', 'e2.7.0', 'e2.A1.0']);
    expect(new Set((await entrants.all(['e1', 'e2'])).map(({ id }) => id))).toEqual(new Set(ids));
  });

  it('are found by number, then by any part of the name, however it is typed', async () => {
    const { entrants, events } = await stand();
    await events.put(raceEvent('e2', { parentId: 'e1' }));
    await entrants.replace('e1', [
      entrant('12', '山田 太郎'),
      entrant('1', 'Aya Sato'),
      entrant('120', 'Ben Yamada'),
      entrant('5', 'ヤマダ　ハナコ'),
    ]);
    await entrants.replace('e2', [entrant('12', 'Satomi')]);
    const found = async (query: string, events = ['e1', 'e2']): Promise<string[]> =>
      (await entrants.search(events, query)).map(({ bib, eventId }) => `${eventId} ${bib}`);
    expect(await found('12')).toEqual(['e1 12', 'e2 12', 'e1 120']);
    expect(await found('１２', ['e1'])).toEqual(['e1 12', 'e1 120']);
    expect(await found('太郎')).toEqual(['e1 12']);
    expect(await found('山田太')).toEqual(['e1 12']);
    expect(await found('やまだ')).toEqual(['e1 5']);
    expect(await found('yamada ben')).toEqual(['e1 120']);
    expect(await found('sato')).toEqual(['e1 1', 'e2 12']);
    expect(await found('#')).toEqual([]);
    expect(await found(' ')).toEqual([]);
  });

  it('can be changed one by one', async () => {
    const { entrants } = await stand();
    const aya = await entrants.add('e1', entrant('3', 'Aya'));
    await entrants.add('e1', entrant('3', 'Ben'));
    await entrants.change(aya.id, entrant('4', 'Aya'));
    expect((await entrants.withBib(['e1'], '3')).map(({ name }) => name)).toEqual(['Ben']);
    await entrants.add('e1', entrant('3', 'Chie'));
    expect(await entrants.count(['e1'])).toBe(3);
    await entrants.remove((await entrants.withBib(['e1'], '4'))[0]!.id);
    expect(await entrants.bibs(['e1'])).toEqual(['3']);
    await expect(entrants.change('e1.9.0', entrant('1'))).rejects.toMatchObject({ code: 'invalid-input' });
  });
});

describe('races', () => {
  it('are listed newest first, with their parts behind them', async () => {
    const { events } = await stand();
    await events.put(raceEvent('old', { day: '2025-01-01' }));
    await events.put(raceEvent('part', { parentId: 'e1', name: '10 km' }));
    await events.put(raceEvent('part2', { parentId: 'e1', name: '5 km' }));
    expect((await events.list()).map(({ id }) => id)).toEqual(['e1', 'part2', 'part', 'old']);
    expect((await events.family('e1')).map(({ id }) => id)).toEqual(['e1', 'part2', 'part']);
    expect((await events.family('part')).map(({ id }) => id)).toEqual(['part']);
    await expect(events.put(raceEvent('x', { parentId: 'part' }))).rejects.toMatchObject({ code: 'invalid-input' });
    await expect(events.put(raceEvent('a.b'))).rejects.toMatchObject({ code: 'invalid-input' });
    await expect(events.put(raceEvent('x', { day: 'today' }))).rejects.toMatchObject({ code: 'invalid-input' });
  });

  it('go with everything that was kept of them, and nothing else goes', async () => {
    const { events, entrants, sources, photos, readings, database } = await stand();
    const faces = createRaceFaceStore(database);
    await events.put(raceEvent('e1x'));
    await sources.put(photoSource('sx', { eventId: 'e1x' }));
    await entrants.replace('e1x', [entrant('1')]);
    await entrants.replace('e1', [entrant('1')]);
    for (const [source, event] of [
      ['s1', 'e1'],
      ['sx', 'e1x'],
    ] as const) {
      const [id] = (await photos.add(source, [foundFile('a.jpg')])).wanted as [string];
      await photos.finish(id, finishedPhoto(id, [sighting('0', bibAnswer('1', 'check'))], {}, event), KEEP_APART);
      const after = { ...bibAnswer('2'), saidBy: 'user' as const };
      await readings.decide(
        { id: `${event}.d`, eventId: event, photoId: id, sightingId: '0', atMs: 1, before: bibAnswer('1', 'check'), after },
        KEEP_APART,
      );
      await faces.turnOn(event, SPACE, 1);
      await faces.put({ photoId: id, eventId: event, space: SPACE, faces: [] });
    }
    const connection = await database.connect();
    for (const event of ['e1', 'e1x']) await connection.put('racePages', { id: `${event}.7` } as RunnerPage);
    await events.remove('e1');
    for (const name of connection.objectStoreNames) {
      if (!name.startsWith('race') || name === 'raceHandles') continue;
      // The event and its source are counted apart.
      expect([name, await connection.count(name)]).toEqual([name, name === 'raceCounts' ? 2 : 1]);
    }
    expect((await photos.all('e1x')).map(({ state }) => state)).toEqual(['read']);
    expect(await events.counts('e1')).toMatchObject({ photos: { read: 0 } });
  });

  it('move the times of their photos when the clock of the place is corrected', async () => {
    const { events, photos } = await stand();
    const [id] = (await photos.add('s1', [foundFile('a.jpg')])).wanted as [string];
    await photos.finish(id, finishedPhoto(id, [], { cameraAtMs: 36_000_000 }), KEEP_APART);
    expect((await photos.tile(id))!.atMs).toBe(36_000_000 - 540 * 60_000);
    await events.put(raceEvent('e1', { utcOffsetMinutes: 0 }));
    expect((await photos.tile(id))!.atMs).toBe(36_000_000);
  });
});

describe('sources', () => {
  it('come in the order in which they were added, with a folder to open again', async () => {
    const { sources } = await stand();
    await sources.put(photoSource('s0', { addedAtMs: 5, kind: 'files' }));
    expect((await sources.ofEvent('e1')).map(({ id }) => id)).toEqual(['s1', 's0']);
    expect(await sources.handle('s1')).toBeNull();
    // Browsers clone real handles; what is kept is not this store's affair.
    await sources.put(photoSource('s1', { photographer: 'Aya' }), { name: 'card' } as unknown as FileSystemDirectoryHandle);
    await sources.put(photoSource('s1', { photographer: 'Ben' }));
    expect(await sources.handle('s1')).toMatchObject({ name: 'card' });
    expect(await sources.get('s1')).toMatchObject({ photographer: 'Ben' });
    await expect(sources.put(photoSource('s9', { eventId: 'gone' }))).rejects.toMatchObject({ code: 'invalid-input' });
  });
});
