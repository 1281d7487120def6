/** @file Faces of a race hang on its switch: off at first, erased with it, in nothing that leaves the database. */
import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import type { PhotoFaces } from '../../src/contracts/race.ts';
import type { EmbeddingSpace } from '../../src/contracts/results.ts';
import type { Database } from '../../src/store/db.ts';
import { eraseAll, exportData, importData } from '../../src/store/export-data.ts';
import { createLedger } from '../../src/store/ledger.ts';
import { exportRace, importRace } from '../../src/store/race-export.ts';
import { createRaceFaceStore } from '../../src/store/race-faces.ts';
import { freshDatabase } from './fixtures.ts';
import { bibAnswer, finishedPhoto, foundFile, KEEP_APART, raceEvent, raceStand, sighting } from './race-fixtures.ts';

const SPACE: EmbeddingSpace = 'face-embedding@test';
/** Looked for in everything that is kept: no other vector begins so. */
const VECTOR = Float32Array.of(0.123456, -0.654321, 0.777777);

function facesOf(photoId: string, more: Partial<PhotoFaces> = {}): PhotoFaces {
  const box = { x: 0.2, y: 0.1, width: 0.05, height: 0.05 };
  return { photoId, eventId: 'e1', space: SPACE, faces: [{ sightingId: `${photoId}/0`, box, vector: VECTOR }], ...more };
}

/** A race with photos that were read; `read` keeps one more. */
async function stand(count: number) {
  const race = await raceStand(freshDatabase());
  const faces = createRaceFaceStore(race.database);
  const ids = (
    await race.photos.add(
      's1',
      Array.from({ length: count }, (_, i) => foundFile(`${i}.jpg`, { sizeBytes: i + 1 })),
    )
  ).wanted;
  const read = (id: string, found?: PhotoFaces): Promise<boolean> =>
    race.photos.finish(
      id,
      { ...finishedPhoto(id, [sighting(`${id}/0`, bibAnswer('7'))]), ...(found === undefined ? {} : { faces: found }) },
      KEEP_APART,
    );
  return { ...race, faces, ids, read };
}

async function visited(faces: ReturnType<typeof createRaceFaceStore>, eventId = 'e1'): Promise<string[]> {
  const ids: string[] = [];
  await faces.visit(eventId, (piece) => void ids.push(...piece.map(({ photoId }) => photoId)));
  return ids;
}

/** Where in the database the numbers of a face lie. */
async function storesWithVector(database: Database): Promise<string[]> {
  const connection = await database.connect();
  const found: string[] = [];
  for (const name of connection.objectStoreNames)
    for (const row of await connection.getAll(name))
      if (JSON.stringify(row, (_, value: unknown) => (value instanceof Float32Array ? [...value] : value)).includes(String(VECTOR[0])))
        found.push(name);
  return [...new Set(found)];
}

describe('the switch', () => {
  it('is off at first: what was described all the same is not kept', async () => {
    const { faces, ids, read, database } = await stand(2);
    expect(await faces.search('e1')).toBeNull();
    await read(ids[0]!, facesOf(ids[0]!));
    expect(await faces.put(facesOf(ids[0]!))).toBe(false);
    expect(await visited(faces)).toEqual([]);
    expect(await storesWithVector(database)).toEqual([]);
  });

  it('keeps the faces of photos that are read while it is on, and knows which photos are left', async () => {
    const { faces, ids, read, database } = await stand(3);
    await read(ids[0]!);
    await faces.turnOn('e1', SPACE, 5);
    expect(await faces.search('e1')).toEqual({ eventId: 'e1', space: SPACE, sinceMs: 5 });
    await read(ids[1]!, facesOf(ids[1]!));
    expect(await faces.undescribed('e1')).toEqual([ids[0]]);
    expect(await faces.put(facesOf(ids[0]!, { faces: [] }))).toBe(true);
    expect(await faces.undescribed('e1')).toEqual([]);
    expect(await faces.count('e1')).toBe(2);
    expect(await visited(faces)).toEqual([ids[0], ids[1]]);
    expect(await storesWithVector(database)).toEqual(['raceFaces']);
  });

  it('erases every face when it is turned off, and only those of its race', async () => {
    const { faces, ids, read, database, events } = await stand(2);
    await events.put(raceEvent('e10'));
    await faces.turnOn('e1', SPACE, 5);
    await faces.turnOn('e10', SPACE, 6);
    for (const id of ids) await read(id, facesOf(id));
    await faces.turnOff('e1');
    expect(await storesWithVector(database)).toEqual([]);
    expect(await faces.search('e1')).toBeNull();
    expect(await faces.search('e10')).not.toBeNull();
    // A photo that was being described meanwhile comes too late.
    expect(await faces.put(facesOf(ids[0]!))).toBe(false);
    expect(await storesWithVector(database)).toEqual([]);
  });

  it('describes anew when the net is another, and compares nothing across', async () => {
    const { faces, ids, read } = await stand(1);
    await faces.turnOn('e1', SPACE, 5);
    await read(ids[0]!, facesOf(ids[0]!));
    await faces.turnOn('e1', SPACE, 7);
    expect(await faces.search('e1')).toMatchObject({ sinceMs: 5 });
    expect(await faces.count('e1')).toBe(1);
    await faces.turnOn('e1', 'face-embedding@next', 9);
    expect(await faces.undescribed('e1')).toEqual(ids);
    expect(await faces.put(facesOf(ids[0]!))).toBe(false);
  });

  it('cannot be turned on for a race that is gone', async () => {
    const { faces } = await stand(0);
    await expect(faces.turnOn('nobody', SPACE, 1)).rejects.toMatchObject({ code: 'invalid-input' });
  });
});

describe('faces go', () => {
  it('with their photo when it is read anew, their source, their race, and everything', async () => {
    const { faces, ids, read, database, photos, sources, events } = await stand(2);
    await faces.turnOn('e1', SPACE, 5);
    for (const id of ids) await read(id, facesOf(id));
    await photos.want(ids[0]!);
    await read(ids[0]!);
    expect(await visited(faces)).toEqual([ids[1]]);
    await photos.removeSource('s1');
    expect(await storesWithVector(database)).toEqual([]);
    await sources.put({ id: 's2', eventId: 'e1', name: 'Card', kind: 'folder', photographer: '', addedAtMs: 2 });
    const [id] = (await photos.add('s2', [foundFile('z.jpg')])).wanted;
    await read(id!, facesOf(id!));
    expect(await storesWithVector(database)).toEqual(['raceFaces']);
    await events.remove('e1');
    expect(await storesWithVector(database)).toEqual([]);
    expect(await faces.search('e1')).toBeNull();
  });

  it('with "erase everything"', async () => {
    const { faces, ids, read, database } = await stand(1);
    await faces.turnOn('e1', SPACE, 5);
    await read(ids[0]!, facesOf(ids[0]!));
    await eraseAll(database, createLedger(database));
    expect(await storesWithVector(database)).toEqual([]);
    expect(await faces.search('e1')).toBeNull();
  });
});

describe('nothing that leaves the database', () => {
  it('holds a face or the switch: neither a race as a file nor a backup; and neither turns it on', async () => {
    const { faces, ids, read, database } = await stand(1);
    await faces.turnOn('e1', SPACE, 5);
    await read(ids[0]!, facesOf(ids[0]!));
    const race = await exportRace(database, 'e1', 1);
    const backup = await exportData(database, createLedger(database), () => 1);
    // The ZIP stores, it does not press: what is in it is there to be found.
    for (const file of [race, backup]) {
      const bytes = Buffer.from(await file.arrayBuffer());
      expect(bytes.includes(ids[0]!)).toBe(true);
      expect(bytes.includes(String(VECTOR[0]))).toBe(false);
      expect(bytes.includes(Buffer.from(VECTOR.buffer))).toBe(false);
      expect(bytes.includes(Buffer.from(VECTOR.buffer).toString('base64').slice(0, 14))).toBe(false);
      expect(bytes.includes(SPACE)).toBe(false);
    }
    await importRace(database, race);
    expect(await faces.search('e1')).toBeNull();
    expect(await storesWithVector(database)).toEqual([]);
    await faces.turnOn('e1', SPACE, 6);
    await importData(database, backup);
    expect(await faces.search('e1')).toBeNull();
  });
});
