import 'fake-indexeddb/auto';
import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { AppError } from '../../src/contracts/errors.ts';
import type { Judgement } from '../../src/contracts/dietary.ts';
import { createBayPhotoStore } from '../../src/store/bay-photos.ts';
import { createCorrectionStore } from '../../src/store/corrections.ts';
import { transact, type Database } from '../../src/store/db.ts';
import { createGalleryStore } from '../../src/store/embeddings.ts';
import { eraseAll, exportData, importData } from '../../src/store/export-data.ts';
import { createHistoryStore } from '../../src/store/history.ts';
import { createLedger } from '../../src/store/ledger.ts';
import { createPeopleStore } from '../../src/store/people.ts';
import { createProductStore } from '../../src/store/products.ts';
import type { RaceCounts } from '../../src/contracts/race.ts';
import { createEntrantStore } from '../../src/store/race-entrants.ts';
import { createRaceEventStore, RACE_STORES } from '../../src/store/race-events.ts';
import { createRacePhotoStore } from '../../src/store/race-photos.ts';
import { createRaceReadingStore } from '../../src/store/race-readings.ts';
import { createSettingsStore } from '../../src/store/settings.ts';
import { createShopStore } from '../../src/store/shops.ts';
import { createVisitStore } from '../../src/store/visits.ts';
import { readZip, writeZip } from '../../src/store/zip.ts';
import { freshDatabase, galleryItem, historyEntry, product } from './fixtures.ts';
import { bibAnswer, entrant, finishedPhoto, foundFile, KEEP_APART, raceEvent, raceStand, sighting } from './race-fixtures.ts';
import { bay, bayPhoto, facingLook, photoReading, shop, visit } from './shelf-fixtures.ts';

const span = { start: 0, end: 2 };
const judgement: Judgement = {
  label: {
    language: 'ja',
    text: '豚脂（国産）',
    ingredientSpan: span,
    ingredients: [
      {
        raw: '豚脂',
        normalised: '豚脂',
        span,
        isAdditive: false,
        children: [{ raw: 'x', normalised: 'x', span, isAdditive: false, children: [], notes: [], statedAllergens: [] }],
        notes: ['国産'],
        statedAllergens: [{ id: 'pork', raw: '豚', span }],
      },
    ],
    additives: [],
    additiveSeparator: 'slash',
    containsStatement: [],
    mayContain: [],
    sharedFactory: [],
    isIncomplete: false,
    incompleteBecause: [],
  },
  people: [
    {
      personId: 'a',
      verdict: 'avoid',
      reasons: [
        {
          rule: 'no-pork',
          verdict: 'avoid',
          quote: '豚脂',
          span,
          place: 'ingredient',
          knowledgeId: 'lard',
          meaning: { en: 'lard' },
          explanation: { en: 'pork', ja: '豚' },
          source: null,
        },
      ],
    },
  ],
  basis: 'label',
  contentsUpdatedAtMs: null,
};

async function filled(): Promise<Database> {
  const database = freshDatabase();
  await createHistoryStore(database).add(historyEntry('h1', { judgement, isFavourite: true }));
  await createHistoryStore(database).add(
    historyEntry('h2', { atMs: 5, text: { text: '乳', lines: [], script: 'japanese', confidence01: 0.5 } }),
  );
  await createProductStore(database).put([product('mine'), product('demo-one', { source: 'demo' })]);
  await createGalleryStore(database).put([galleryItem('d', { source: 'demo', productId: 'demo-one' })]);
  await createCorrectionStore(database).add(
    { id: 'c', historyId: 'h1', atMs: 9, kind: 'confirmed', productId: 'mine', galleryId: 'g' },
    galleryItem('g', { productId: 'mine' }),
  );
  await createPeopleStore(database).put({ id: 'a', name: 'Aya', rules: ['no-pork'] });
  const shops = createShopStore(database);
  await shops.put(shop('s1'));
  await shops.putBays([bay('b1')]);
  await shops.putRoute({ id: 'r', name: 'Monday', shopIds: ['s1'], updatedAtMs: 1 });
  await createVisitStore(database).put(visit('v1'));
  const photos = createBayPhotoStore(database);
  await photos.add(bayPhoto('p1'), new Blob(['full']), 1, 'tab');
  const pictures = { screen: new Blob(['screen']), thumbnail: new Blob(['small']) };
  await photos.finish('p1', { widthPx: 4, heightPx: 3, ...pictures, reading: photoReading('p1'), looks: [facingLook('f0', 0.5)] });
  const race = await raceStand(database);
  await race.events.put(raceEvent('part', { parentId: 'e1' }));
  await race.entrants.replace('part', [entrant('12', 'Aya')]);
  const [racePhoto] = (await race.photos.add('s1', [foundFile('1.jpg'), foundFile('2.jpg')])).wanted as [string];
  await race.photos.finish(racePhoto, finishedPhoto(racePhoto, [sighting('0', bibAnswer('12'))]), KEEP_APART);
  const settings = createSettingsStore(database);
  await settings.set('language', 'ja');
  await settings.setMayLeave('product', 'vector', true);
  return database;
}

describe('backup', () => {
  it('brings everything back on another device, bit for bit, but no permission to send', async () => {
    const database = await filled();
    const zip = await exportData(database, createLedger(database), () => 42);
    expect(zip.type).toBe('application/zip');
    const other = freshDatabase();
    expect(await importData(other, zip)).toEqual({ history: 2, corrections: 1, products: 1, gallery: 1, people: 1, visits: 1, races: 1 });
    const before = await createHistoryStore(database).get('h1');
    const after = await createHistoryStore(other).get('h1');
    expect({ ...after, photo: null, thumbnail: null }).toEqual({ ...before, photo: null, thumbnail: null });
    expect(await after!.photo.text()).toBe('photo of h1');
    expect(after!.thumbnail.type).toBe('image/jpeg');
    expect(await createGalleryStore(other).get('g')).toEqual(galleryItem('g', { productId: 'mine' }));
    expect((await createHistoryStore(other).list({ favouritesOnly: true })).entries.map(({ id }) => id)).toEqual(['h1']);
    const photos = createBayPhotoStore(other);
    expect(await photos.ofVisit('v1', 'b1')).toMatchObject([{ id: 'p1', state: 'read' }]);
    expect(await photos.reading('p1')).toEqual(photoReading('p1'));
    expect(await photos.looks('p1')).toEqual([facingLook('f0', 0.5)]);
    expect(await (await photos.picture('p1', 'screen'))!.text()).toBe('screen');
    const [read, waiting] = await createRacePhotoStore(other).all('e1');
    expect([read, waiting]).toMatchObject([{ state: 'read' }, { state: 'waiting' }]);
    expect(await (await createRacePhotoStore(other).thumbnail(read!.id))!.text()).toBe('small');
    expect(await createRaceReadingStore(other).photosOf(['e1'], '12')).toEqual([read!.id]);
    expect(await createRaceReadingStore(other).bibsOf('e1')).toEqual(['12']);
    expect(await createEntrantStore(other).bibs(['part'])).toEqual(['12']);
    const { found, ...counts } = (await createRaceEventStore(database).counts('e1')) as RaceCounts & { found: number };
    expect(await createRaceEventStore(other).counts('e1')).toEqual({ ...counts, found });
    expect((await createShopStore(other).routes())[0]!.shopIds).toEqual(['s1']);
    expect(await createProductStore(other).byId('demo-one')).toBeNull();
    const settings = createSettingsStore(other);
    expect(await settings.get('language')).toBe('ja');
    expect(await settings.mayLeave('product', 'vector')).toBe(false);
  });

  it('is read without looks, as backups were before they held them', async () => {
    const files = await readZip(await exportData(await filled(), createLedger(freshDatabase())));
    const entries = await Promise.all([...files].map(async ([name, open]) => ({ name, blob: await open() })));
    const old = entries
      .filter(({ name }) => !name.startsWith('looks/'))
      .map(async ({ name, blob }) => {
        if (name !== 'mekiki.json') return { name, blob };
        const { shelf, ...records } = JSON.parse(await blob.text()) as { shelf: { looks?: string[] } };
        expect(shelf.looks).toEqual(['looks/0.bin']);
        return { name, blob: new Blob([JSON.stringify({ ...records, shelf: { ...shelf, looks: undefined } })]) };
      });
    const other = freshDatabase();
    await importData(other, await writeZip(await Promise.all(old)));
    expect(await createBayPhotoStore(other).looks('p1')).toEqual([]);
    expect(await createBayPhotoStore(other).reading('p1')).toEqual(photoReading('p1'));
  });

  it('holds the ledger for whoever wants to check it', async () => {
    const database = freshDatabase();
    const ledger = createLedger(database);
    await ledger.append({
      atMs: 1,
      lensId: 'product',
      destination: 'https://a.test',
      type: 'text',
      bytes: 1,
      preview: 'x',
      status: 'sending',
      completes: null,
    });
    const files = await readZip(await exportData(database, ledger));
    const exported = JSON.parse(await (await files.get('ledger.json')!()).text());
    expect(exported).toEqual(JSON.parse(JSON.stringify(await ledger.export())));
  });

  it('writes nothing of a backup that is damaged anywhere', async () => {
    const database = await filled();
    const zip = new Uint8Array(await (await exportData(database, createLedger(database))).arrayBuffer());
    await fc.assert(
      fc.asyncProperty(fc.nat(zip.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const damaged = zip.slice();
        damaged[at]! ^= change;
        const other = freshDatabase();
        try {
          await importData(other, new Blob([damaged]));
        } catch (error) {
          expect(error).toBeInstanceOf(AppError);
          expect((error as AppError).code).toBe('invalid-input');
          expect(await createHistoryStore(other).count()).toBe(0);
          expect(await createPeopleStore(other).list()).toEqual([]);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('writes nothing when storage is full half-way', async () => {
    const zip = await exportData(await filled(), {
      export: () => Promise.resolve({ format: 'mekiki-ledger', version: 1, start: {} as never, rows: [] }),
    });
    const other = freshDatabase();
    await createPeopleStore(other).put({ id: 'own', name: 'Own', rules: [] });
    // eslint-disable-next-line @typescript-eslint/unbound-method -- applied to its own object below
    const original = IDBObjectStore.prototype.put;
    let writes = 0;
    vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (
      this: IDBObjectStore,
      ...args: Parameters<IDBObjectStore['put']>
    ) {
      if (++writes > 4) throw new DOMException('disk full', 'QuotaExceededError');
      return original.apply(this, args);
    });
    try {
      await expect(importData(other, zip)).rejects.toMatchObject({ code: 'quota-exceeded' });
    } finally {
      vi.restoreAllMocks();
    }
    expect(await createHistoryStore(other).count()).toBe(0);
    expect((await createPeopleStore(other).list()).map(({ id }) => id)).toEqual(['own']);
  });

  it.each([
    ['a text', new Blob(['hello'])],
    ['nothing', new Blob([])],
    ['another ZIP', null],
  ])('refuses %s', async (_name, blob) => {
    const zip = blob ?? (await writeZip([{ name: 'readme.txt', blob: new Blob(['x']) }]));
    await expect(importData(freshDatabase(), zip)).rejects.toMatchObject({ code: 'invalid-input' });
  });
});

describe('zip', () => {
  it('reads what it wrote', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(
          fc.record({ name: fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' }), bytes: fc.uint8Array({ maxLength: 300 }) }),
          { selector: ({ name }) => Buffer.from(name).toString(), maxLength: 8 },
        ),
        async (entries) => {
          const zip = await writeZip(entries.map(({ name, bytes }) => ({ name, blob: new Blob([bytes]) })));
          const files = await readZip(zip);
          expect(files.size).toBe(entries.length);
          for (const { name, bytes } of entries) {
            const blob = await files.get(Buffer.from(name).toString())!();
            expect(new Uint8Array(await blob.arrayBuffer())).toEqual(bytes);
          }
        },
      ),
      { numRuns: 30 },
    );
  });

  it('reads a backup that its owner unpacked and packed again with compression', async () => {
    const content = Buffer.from('{"a":"'.padEnd(5000, 'x') + '"}');
    const stored = new Uint8Array(await (await writeZip([{ name: 'a.json', blob: new Blob([content]) }])).arrayBuffer());
    const view = new DataView(stored.buffer);
    const packed = deflateRawSync(content);
    const head = stored.slice(0, 30 + 6);
    const directory = stored.slice(30 + 6 + content.length, stored.length - 22);
    const end = stored.slice(stored.length - 22);
    const set16 = (bytes: Uint8Array, at: number, value: number): void => new DataView(bytes.buffer).setUint16(at, value, true);
    const set32 = (bytes: Uint8Array, at: number, value: number): void => new DataView(bytes.buffer).setUint32(at, value, true);
    set16(head, 8, 8);
    set32(head, 18, packed.length);
    set16(directory, 10, 8);
    set32(directory, 20, packed.length);
    set32(end, 16, head.length + packed.length);
    expect(view.getUint32(14, true)).toBe(new DataView(directory.buffer).getUint32(16, true));
    const files = await readZip(new Blob([head, packed, directory, end]));
    expect(Buffer.from(await (await files.get('a.json')!()).arrayBuffer())).toEqual(content);
    set32(directory, 24, 100); // It says 100 bytes and holds 5,000: a bomb.
    const bomb = await readZip(new Blob([head, packed, directory, end]));
    await expect(bomb.get('a.json')!()).rejects.toMatchObject({ code: 'invalid-input' });
  });
});

describe('erasing everything', () => {
  it('leaves empty stores and a ledger that says so', async () => {
    const database = await filled();
    const ledger = createLedger(database);
    await ledger.append({
      atMs: 1,
      lensId: 'product',
      destination: 'https://a.test',
      type: 'text',
      bytes: 1,
      preview: 'secret',
      status: 'sending',
      completes: null,
    });
    await eraseAll(database, ledger);
    for (const name of [
      'history',
      'corrections',
      'products',
      'gallery',
      'features',
      'people',
      'settings',
      'ledger',
      'shelfVisits',
      'shelfPictures',
      'shelfLooks',
      ...RACE_STORES,
    ] as const)
      expect(await transact(database, [name], 'readonly', (transaction) => transaction.objectStore(name).count())).toBe(0);
    expect(await ledger.start()).toMatchObject({ sequence: 1, erasedRows: 1 });
    expect(await ledger.verify()).toEqual({ isIntact: true, rows: 0 });
    expect(await createSettingsStore(database).mayLeave('product', 'vector')).toBe(false);
  });
});
