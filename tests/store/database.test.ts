import 'fake-indexeddb/auto';
import { deleteDB, openDB } from 'idb';
import { describe, expect, it, vi } from 'vitest';
import { AppError } from '../../src/contracts/errors.ts';
import { createDatabase, transact, type DatabaseEvent } from '../../src/store/db.ts';
import { MIGRATIONS, type Migration } from '../../src/store/migrations.ts';
import { createGalleryStore } from '../../src/store/embeddings.ts';
import { createProductStore } from '../../src/store/products.ts';
import { createHistoryStore } from '../../src/store/history.ts';
import { freshDatabase, galleryItem, historyEntry, product } from './fixtures.ts';

const addNothing: Migration = (database) => {
  database.createObjectStore('future', { keyPath: 'id' });
};

describe('migrations', () => {
  for (let version = 0; version <= MIGRATIONS.length; version++) {
    it(`opens a database of version ${version} and keeps what it holds`, async () => {
      const name = `migrate-${version}`;
      const old = createDatabase({ name, migrations: MIGRATIONS.slice(0, version) });
      if (version > 0) {
        // Stores of version 1 exist in every later one.
        await transact(old, ['people'], 'readwrite', (transaction) =>
          transaction.objectStore('people').put({ id: 'a', name: 'Aya', rules: ['vegan'] }),
        );
        await createGalleryStore(old).put([galleryItem('g1')]);
        await createProductStore(old).put([product('p1', { gtins: ['04900000000001'] })]);
        await createHistoryStore(old).add(historyEntry('h1'));
        old.close();
      }
      const current = createDatabase({ name });
      const names = [...(await current.connect()).objectStoreNames];
      expect(names).toEqual([
        'corrections',
        'features',
        'gallery',
        'history',
        'ledger',
        'notes',
        'packKeys',
        'packManifests',
        'packParts',
        'packProducts',
        'packs',
        'people',
        'products',
        'raceCameras',
        'raceCounts',
        'raceDecisions',
        'raceEntrants',
        'raceEvents',
        'raceFaceSearches',
        'raceFaces',
        'raceHandles',
        'raceLooks',
        'raceNumbers',
        'racePages',
        'racePhotos',
        'raceReadings',
        'raceSightings',
        'raceSources',
        'raceThumbnails',
        'settings',
        'shelfBays',
        'shelfLooks',
        'shelfPhotos',
        'shelfPictures',
        'shelfPlanograms',
        'shelfReadings',
        'shelfReports',
        'shelfRoutes',
        'shelfShops',
        'shelfVisits',
        'waiting',
      ]);
      const people = await transact(current, ['people'], 'readonly', (transaction) => transaction.objectStore('people').getAll());
      expect(people).toHaveLength(version > 0 ? 1 : 0);
      if (version > 0) {
        expect(await createGalleryStore(current).get('g1')).toEqual(galleryItem('g1'));
        expect((await createProductStore(current).byGtin('04900000000001'))?.id).toBe('p1');
        expect((await createHistoryStore(current).list()).entries).toHaveLength(1);
      }
    });
  }

  it('runs only the steps that are missing, in order', async () => {
    const runs: string[] = [];
    const step = (label: string): Migration =>
      function record() {
        runs.push(label);
      };
    const name = 'steps';
    await createDatabase({ name, migrations: [...MIGRATIONS, step('2')] })
      .connect()
      .then((connection) => connection.close());
    expect(runs).toEqual(['2']);
    await createDatabase({ name, migrations: [...MIGRATIONS, step('2'), step('3'), step('4')] })
      .connect()
      .then((connection) => connection.close());
    expect(runs).toEqual(['2', '3', '4']);
  });

  it('leaves the old version whole when a step fails', async () => {
    const name = 'failing-step';
    const old = createDatabase({ name });
    await createProductStore(old).put([product('p1')]);
    old.close();
    const broken: Migration = (database) => {
      database.deleteObjectStore('products');
      throw new Error('broken step');
    };
    await expect(createDatabase({ name, migrations: [...MIGRATIONS, broken] }).connect()).rejects.toBeInstanceOf(AppError);
    expect(await createProductStore(createDatabase({ name })).count()).toBe(1);
  });

  it('says busy when a newer app wrote the database', async () => {
    const name = 'newer';
    (await openDB(name, MIGRATIONS.length + 3)).close();
    await expect(createDatabase({ name }).connect()).rejects.toMatchObject({ code: 'busy' });
  });
});

describe('connection', () => {
  it('opens once for many callers', async () => {
    const database = freshDatabase();
    const [a, b] = await Promise.all([database.connect(), database.connect()]);
    expect(a).toBe(b);
  });

  it('opens again after a failure', async () => {
    const name = 'retry';
    (await openDB(name, 9)).close();
    const database = createDatabase({ name });
    await expect(database.connect()).rejects.toMatchObject({ code: 'busy' });
    await deleteDB(name);
    await expect(database.connect()).resolves.toBeDefined();
  });

  it('makes way for a newer version in another tab, and works again afterwards', async () => {
    const events: DatabaseEvent[] = [];
    const name = 'two-tabs';
    const old = createDatabase({ name, onEvent: (event) => events.push(event) });
    await old.connect();
    const newer = await createDatabase({ name, migrations: [...MIGRATIONS, addNothing] }).connect();
    expect(events).toEqual(['superseded']);
    newer.close();
    await expect(old.connect()).rejects.toMatchObject({ code: 'busy' });
  });

  it('gives up with busy when another tab never lets go', async () => {
    const name = 'stuck';
    const events: DatabaseEvent[] = [];
    const stuck = await openDB(name, 1); // No `blocking` handler: it never closes.
    const database = createDatabase({
      name,
      migrations: [() => {}, ...MIGRATIONS],
      onEvent: (event) => events.push(event),
      // Long enough for all stores to be made once the other tab has let go.
      blockedTimeoutMs: 250,
    });
    await expect(database.connect()).rejects.toMatchObject({ code: 'busy', retryable: true });
    expect(events).toEqual(['blocked']);
    stuck.close();
    await expect(database.connect()).resolves.toBeDefined();
  });

  it('survives a connection that was closed under it', async () => {
    const database = freshDatabase();
    const store = createProductStore(database);
    await store.put([product('p1')]);
    (await database.connect()).close();
    expect(await store.count()).toBe(1);
  });

  it('says permission-denied where there is no IndexedDB', async () => {
    vi.stubGlobal('indexedDB', undefined);
    try {
      await expect(freshDatabase().connect()).rejects.toMatchObject({ code: 'permission-denied' });
    } finally {
      vi.unstubAllGlobals();
    }
  });
});

describe('transact', () => {
  it('writes nothing when the body fails half-way', async () => {
    const database = freshDatabase();
    const failing = transact(database, ['people', 'settings'], 'readwrite', async (transaction) => {
      await transaction.objectStore('people').put({ id: 'a', name: 'A', rules: [] });
      throw new AppError('invalid-input', 'half-way');
    });
    await expect(failing).rejects.toMatchObject({ code: 'invalid-input' });
    expect(await transact(database, ['people'], 'readonly', (transaction) => transaction.objectStore('people').count())).toBe(0);
  });

  it('turns a full disk into quota-exceeded and leaves nothing half-written', async () => {
    const database = freshDatabase();
    const gallery = createGalleryStore(database);
    await gallery.put([galleryItem('before')]);
    // eslint-disable-next-line @typescript-eslint/unbound-method -- applied to its own object below
    const original = IDBObjectStore.prototype.put;
    let writes = 0;
    vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (
      this: IDBObjectStore,
      ...args: Parameters<IDBObjectStore['put']>
    ) {
      if (++writes > 3) throw new DOMException('disk full', 'QuotaExceededError');
      return original.apply(this, args);
    });
    try {
      await expect(gallery.put([galleryItem('a'), galleryItem('b'), galleryItem('c')])).rejects.toMatchObject({ code: 'quota-exceeded' });
    } finally {
      vi.restoreAllMocks();
    }
    expect((await gallery.bySpace('product-embedding@2')).map(({ id }) => id)).toEqual(['before']);
    expect((await gallery.byGalleryIds(['a', 'b', 'before'])).size).toBe(1);
  });

  it('turns a full disk at commit into quota-exceeded', async () => {
    const database = freshDatabase();
    // eslint-disable-next-line @typescript-eslint/unbound-method -- applied to its own object below
    const original = IDBObjectStore.prototype.put;
    vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (
      this: IDBObjectStore,
      ...args: Parameters<IDBObjectStore['put']>
    ) {
      const request = original.apply(this, args);
      // As browsers do it: every request succeeds, then the transaction is aborted with this error.
      const transaction = this.transaction as unknown as { _abort(name: string): void };
      request.addEventListener('success', () => transaction._abort('QuotaExceededError'));
      return request;
    });
    const store = createProductStore(database);
    try {
      await expect(store.put([product('p1')])).rejects.toMatchObject({ code: 'quota-exceeded' });
    } finally {
      vi.restoreAllMocks();
    }
    expect(await store.count()).toBe(0);
  });
});
