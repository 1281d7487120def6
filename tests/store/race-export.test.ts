import 'fake-indexeddb/auto';
import { expect, it } from 'vitest';
import { raceExportSchema } from '../../src/contracts/race-export.ts';
import { createDatabase, transact } from '../../src/store/db.ts';
import { createEntrantStore } from '../../src/store/race-entrants.ts';
import { exportRace, importRace } from '../../src/store/race-export.ts';
import { createRaceEventStore } from '../../src/store/race-events.ts';
import { createRacePhotoStore } from '../../src/store/race-photos.ts';
import { createRaceReadingStore } from '../../src/store/race-readings.ts';
import { createPhotoSourceStore } from '../../src/store/race-sources.ts';
import { bibAnswer, entrant, foundFile, photoFacts, photoSource, raceEvent, raceReading, sighting } from './race-fixtures.ts';

let count = 0;

/** A device with one race of three photos, one of them read. */
async function device() {
  const database = createDatabase({ name: `race-export-${++count}` });
  const stores = {
    events: createRaceEventStore(database),
    entrants: createEntrantStore(database),
    sources: createPhotoSourceStore(database),
    photos: createRacePhotoStore(database),
    readings: createRaceReadingStore(database),
  };
  return { database, ...stores };
}

async function filledDevice() {
  const made = await device();
  await made.events.put(raceEvent('e1', { name: 'City Run' }));
  await made.events.put(raceEvent('e1b', { name: '10 km', parentId: 'e1' }));
  await made.events.put(raceEvent('other'));
  await made.entrants.replace('e1b', [entrant('7', '佐藤 花子'), entrant('12')]);
  await made.sources.put(photoSource('s1'));
  const { wanted } = await made.photos.add(
    's1',
    ['a/1.jpg', 'a/2.jpg', 'a/3.jpg'].map((path) => foundFile(path)),
  );
  const [first] = wanted;
  await made.photos.begin(first!);
  await made.photos.finish(
    first!,
    {
      reading: raceReading(first!, [sighting('x', bibAnswer('7')), sighting('y', bibAnswer('12', 'check'))]),
      looks: { photoId: first!, eventId: 'e1', space: 'none', looks: [] },
      thumbnail: new Blob(['small']),
      facts: photoFacts(),
    },
    { windowMs: 0, photos: 0, settle: () => [] },
  );
  return made;
}

it('a race comes back on another device as it was, and can be found by number, state and time there', async () => {
  const from = await filledDevice();
  const file = await exportRace(from.database, 'e1', 1);
  expect(raceExportSchema.parse(JSON.parse(await file.text())).events.map(({ name }) => name)).toEqual(['City Run', '10 km']);
  const to = await device();
  expect(await importRace(to.database, file)).toBe('e1');
  expect(await to.photos.all('e1')).toEqual(await from.photos.all('e1'));
  expect(await to.readings.ofEvent('e1')).toEqual(await from.readings.ofEvent('e1'));
  expect(await to.readings.photosOf(['e1'], '7')).toEqual(await from.readings.photosOf(['e1'], '7'));
  expect(await to.readings.bibsOf('e1')).toEqual(['7', '12']);
  expect(await to.readings.countsOf('e1', ['7', '12'])).toEqual(await from.readings.countsOf('e1', ['7', '12']));
  expect((await to.entrants.search(['e1b'], '佐藤')).map(({ bib }) => bib)).toEqual(['7']);
  expect(await to.photos.ids('e1')).toEqual(await from.photos.ids('e1'));
  const counts = await to.events.counts('e1');
  expect(counts).toEqual({ ...(await from.events.counts('e1')), thumbnailBytes: 0 });
  expect(counts.photos).toMatchObject({ read: 1, waiting: 2 });
  // New photos get ids of their own.
  const added = await to.photos.add('s1', [foundFile('a/4.jpg')]);
  expect(await from.photos.get(added.wanted[0]!)).toBeNull();
});

it('the same file again changes nothing, replaces what was changed meanwhile, and keeps previews', async () => {
  const made = await filledDevice();
  const file = await exportRace(made.database, 'e1', 1);
  const before = JSON.parse(await file.text()) as unknown;
  await made.entrants.replace('e1b', []);
  await importRace(made.database, file);
  expect(JSON.parse(await (await exportRace(made.database, 'e1', 1)).text())).toEqual(before);
  const [first] = await made.photos.ids('e1', { state: 'read' });
  expect(await (await made.photos.thumbnail(first!))?.text()).toBe('small');
  expect(await made.events.counts('e1')).toMatchObject({ photos: { read: 1, waiting: 2 }, thumbnailBytes: 5 });
});

it('refuses what is no race, and what would write into another one; nothing is written then', async () => {
  const made = await filledDevice();
  const race = raceExportSchema.parse(JSON.parse(await (await exportRace(made.database, 'e1', 1)).text()));
  const to = await device();
  const bad: unknown[] = [
    'no race',
    { ...race, format: 'other' },
    { ...race, photos: race.photos.map((photo) => ({ ...photo, id: 'other.00000001' })) },
    { ...race, events: [{ ...race.events[0]!, id: 'e1/' }] },
    { ...race, readings: race.readings.map((reading) => ({ ...reading, photoId: 'e1.99999999' })) },
    { ...race, sources: [] },
  ];
  for (const value of bad)
    await expect(importRace(to.database, new Blob([JSON.stringify(value)]))).rejects.toMatchObject({ code: 'invalid-input' });
  await expect(importRace(to.database, new Blob(['{']))).rejects.toMatchObject({ code: 'invalid-input' });
  expect(await transact(to.database, ['raceEvents'], 'readonly', (transaction) => transaction.objectStore('raceEvents').count())).toBe(0);
  await expect(exportRace(to.database, 'e1', 1)).rejects.toMatchObject({ code: 'invalid-input' });
});
