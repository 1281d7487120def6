/** @file Races, the cameras that they were photographed with, and what is counted of them. Thread: any. */
import { AppError } from '../contracts/errors.ts';
import {
  raceCameraSchema,
  raceEventSchema,
  type PhotoSource,
  type RaceCamera,
  type RaceCounts,
  type RaceEvent,
  type RacePhotoFacts,
} from '../contracts/race.ts';
import { offsetByZone } from '../core/race/clock.ts';
import { transact, type Database, type RaceStoreName, type Within } from './db.ts';
import { PIECE } from './in-pieces.ts';
import { eraseFaces } from './race-faces.ts';
import { emptyCounts, ofEvent, ofEventInPairs, startingWith, photoAtMs } from './race-rows.ts';

/** Everything that belongs to a race. */
export const RACE_STORES = [
  ...(['raceEvents', 'raceEntrants', 'raceCameras', 'raceSources', 'raceHandles', 'racePhotos'] as const),
  ...(['raceThumbnails', 'raceReadings', 'raceLooks', 'raceSightings', 'raceNumbers', 'raceDecisions', 'raceCounts', 'racePages'] as const),
  ...(['raceFaces', 'raceFaceSearches'] as const),
] as const satisfies readonly RaceStoreName[];

export interface RaceEventStore {
  /** Newest day first; parts behind what they are a part of. */
  list(): Promise<RaceEvent[]>;
  get(id: string): Promise<RaceEvent | null>;
  /** The event and the parts of it; empty when it is gone. */
  family(id: string): Promise<RaceEvent[]>;
  /** Times of photos follow when the place's clock changes. @throws AppError('invalid-input' | 'quota-exceeded') */
  put(event: RaceEvent): Promise<void>;
  /** With its parts and all that was kept of them; photos stay where they are. */
  remove(id: string): Promise<void>;
  /** Of an event or a source. */
  counts(id: string): Promise<RaceCounts>;
  /** By label. */
  cameras(eventId: string): Promise<RaceCamera[]>;
  /** Photos that were read and name this camera. */
  photosOf(cameraId: string): Promise<number>;
  /** Times of its photos follow when its clock is corrected. @throws AppError('invalid-input' | 'quota-exceeded') */
  putCamera(camera: RaceCamera): Promise<void>;
}

/** Races over the device's database. */
export function createRaceEventStore(database: Database): RaceEventStore {
  return {
    list: () =>
      transact(database, ['raceEvents'], 'readonly', async (transaction) => inOrder(await transaction.objectStore('raceEvents').getAll())),
    get: (id) =>
      transact(database, ['raceEvents'], 'readonly', async (transaction) => (await transaction.objectStore('raceEvents').get(id)) ?? null),
    family: (id) =>
      transact(database, ['raceEvents'], 'readonly', async (transaction) =>
        inOrder((await transaction.objectStore('raceEvents').getAll()).filter((event) => event.id === id || event.parentId === id)),
      ),
    async put(event) {
      const parsed = raceEventSchema.safeParse(event);
      // See [Note: Race ids].
      if (!parsed.success || /[./]/u.test(event.id)) throw new AppError('invalid-input', 'an event that is malformed', { stage: 'store' });
      await transact(database, ['raceEvents', 'raceCameras', 'racePhotos'], 'readwrite', async (transaction) => {
        const { id, parentId, utcOffsetMinutes } = parsed.data;
        const parent = parentId === null ? null : await transaction.objectStore('raceEvents').get(parentId);
        if (parent !== null && (parent === undefined || parent.parentId !== null || parentId === id))
          throw new AppError('invalid-input', 'a part of an event that is none', { stage: 'store' });
        const before = await transaction.objectStore('raceEvents').get(id);
        await transaction.objectStore('raceEvents').put(parsed.data);
        if (before !== undefined && before.utcOffsetMinutes !== utcOffsetMinutes)
          for (const camera of await transaction.objectStore('raceCameras').getAll(ofEvent(id)))
            await retime(transaction, camera, parsed.data);
      });
    },
    remove: (id) =>
      transact(database, RACE_STORES, 'readwrite', async (transaction) => {
        const all = await transaction.objectStore('raceEvents').getAll();
        for (const event of all) if (event.id === id || event.parentId === id) await removeEvent(transaction, event.id);
      }),
    counts: (id) =>
      transact(
        database,
        ['raceCounts'],
        'readonly',
        async (transaction) => (await transaction.objectStore('raceCounts').get(id)) ?? emptyCounts(id),
      ),
    cameras: (eventId) =>
      transact(database, ['raceCameras'], 'readonly', (transaction) =>
        transaction.objectStore('raceCameras').index('byLabel').getAll(startingWith(eventId)),
      ),
    photosOf: (cameraId) =>
      transact(database, ['racePhotos'], 'readonly', (transaction) =>
        transaction.objectStore('racePhotos').index('byCamera').count(startingWith(cameraId)),
      ),
    async putCamera(camera) {
      const parsed = raceCameraSchema.safeParse(camera);
      if (!parsed.success || !camera.id.startsWith(`${camera.eventId}.`))
        throw new AppError('invalid-input', 'a camera that is malformed', { stage: 'store' });
      await transact(database, ['raceEvents', 'raceCameras', 'racePhotos'], 'readwrite', async (transaction) => {
        const event = await transaction.objectStore('raceEvents').get(camera.eventId);
        if (event === undefined) throw new AppError('invalid-input', 'the event is gone', { stage: 'store' });
        const before = await transaction.objectStore('raceCameras').get(camera.id);
        await transaction.objectStore('raceCameras').put(parsed.data);
        if (before?.clockOffsetMs !== camera.clockOffsetMs) await retime(transaction, parsed.data, event);
      });
    },
  };
}

/**
 * Cameras are told apart by what their photos say, and those of two photographers by whose card it was. A new one that says at which zone its clock
 * was left begins with that corrected.
 */
export async function cameraOf(
  transaction: Within<'raceCameras', 'readwrite'>,
  { cameraLabel, cameraUtcOffsetMinutes }: Pick<RacePhotoFacts, 'cameraLabel' | 'cameraUtcOffsetMinutes'>,
  { eventId, photographer }: Pick<PhotoSource, 'eventId' | 'photographer'>,
  { utcOffsetMinutes }: Pick<RaceEvent, 'utcOffsetMinutes'>,
): Promise<RaceCamera> {
  const label = (cameraLabel ?? '').slice(0, 200);
  const store = transaction.objectStore('raceCameras');
  const known = await store.index('byLabel').get([eventId, label, photographer]);
  if (known !== undefined) return known;
  const id = `${eventId}.camera-${crypto.randomUUID()}`;
  const camera: RaceCamera = {
    id,
    eventId,
    label,
    photographer,
    clockOffsetMs: offsetByZone(cameraUtcOffsetMinutes, utcOffsetMinutes),
    place: 'other',
  };
  await store.put(camera);
  return camera;
}

async function retime(transaction: Within<'racePhotos', 'readwrite'>, camera: RaceCamera, event: RaceEvent): Promise<void> {
  const store = transaction.objectStore('racePhotos');
  // Ids first: what is moved within the index must not be met again. Then piece by piece: the page goes on in between.
  const ids = await store.index('byCamera').getAllKeys(startingWith(camera.id));
  for (let at = 0; at < ids.length; at += PIECE) {
    const rows = await Promise.all(ids.slice(at, at + PIECE).map((id) => store.get(id)));
    await Promise.all(rows.flatMap((row) => (row === undefined ? [] : [store.put({ ...row, atMs: photoAtMs(row.photo, camera, event) })])));
  }
}

async function removeEvent(transaction: Within<(typeof RACE_STORES)[number], 'readwrite'>, id: string): Promise<void> {
  for (const key of await transaction.objectStore('raceSources').index('byEvent').getAllKeys(startingWith(id))) {
    for (const name of ['raceSources', 'raceHandles', 'raceCounts'] as const) await transaction.objectStore(name).delete(key);
  }
  for (const name of [
    'raceEntrants',
    'raceCameras',
    'racePhotos',
    'raceThumbnails',
    'raceReadings',
    'raceLooks',
    'raceNumbers',
    'raceDecisions',
    'racePages',
  ] as const)
    await transaction.objectStore(name).delete(ofEvent(id));
  await eraseFaces(transaction, id);
  await transaction.objectStore('raceSightings').delete(ofEventInPairs(id));
  await transaction.objectStore('raceCounts').delete(id);
  await transaction.objectStore('raceEvents').delete(id);
}

function inOrder(events: readonly RaceEvent[]): RaceEvent[] {
  const byDay = [...events].sort((a, b) => b.day.localeCompare(a.day) || a.name.localeCompare(b.name, undefined, { numeric: true }));
  const parts = (id: string): RaceEvent[] => byDay.filter(({ parentId }) => parentId === id);
  return byDay
    .filter(({ parentId }) => parentId === null || !events.some(({ id }) => id === parentId))
    .flatMap((event) => [event, ...parts(event.id)]);
}
