/** @file The conformance suite against every engine configuration that runs here, and what only the approximate index has. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buffered } from '../../../server/vectors/buffered-index.ts';
import { conditionalStore, requireConditionalWrites } from '../../../server/repositories/conditional-store.ts';
import { engineLocation } from '../../../server/vectors/engine-location.ts';
import { openLanceEngine } from '../../../server/vectors/lancedb-index.ts';
import { conformance } from './ann-conformance.ts';
import { objectStoreEnvironment, startObjectStore, type ObjectStore } from './object-store.ts';
import { removeFolders, temporaryFolder } from './test-server.ts';

let store: ObjectStore;
beforeAll(async () => {
  store = await startObjectStore();
});
afterAll(async () => {
  await store.close();
  removeFolders();
});

const folder = temporaryFolder();
conformance('in a folder', () => openLanceEngine(engineLocation(folder)));
const freshFolder = temporaryFolder();
conformance('in a folder, with fresh rows', async () => buffered(await openLanceEngine(engineLocation(freshFolder))));
conformance('in an object store (stand-in for S3)', () =>
  openLanceEngine(engineLocation('s3://bucket/shop/vectors', objectStoreEnvironment(store))),
);
describe.skipIf(process.env['MEKIKI_TEST_INDEX'] === undefined)('at MEKIKI_TEST_INDEX (a real s3:// or db://)', () => {
  conformance('there', () => openLanceEngine(engineLocation(process.env['MEKIKI_TEST_INDEX'] ?? '', process.env)));
});

describe('a place', () => {
  it.each([
    ['gs://bucket/x', 'not at gs'],
    ['s3://UPPER/x', 'not of the form'],
    ['s3://bucket/../x', 'not of the form'],
    ['db://name', 'LANCEDB_API_KEY'],
    ['s3://bucket/x', 'AWS_ACCESS_KEY_ID'],
  ])('%s is refused with a reason', (uri, reason) => {
    expect(() => engineLocation(uri, {})).toThrow(reason);
  });

  it('that honours conditional writes is taken; one that does not is refused', async () => {
    const good = conditionalStore(engineLocation('s3://bucket/probe', objectStoreEnvironment(store)))!;
    await requireConditionalWrites(good);
    expect([...store.objects.keys()].filter((key) => key.includes('probe/'))).toEqual([]);
    const careless = await startObjectStore({ honoursConditions: false });
    const bad = conditionalStore(engineLocation('s3://bucket', objectStoreEnvironment(careless)))!;
    await expect(requireConditionalWrites(bad)).rejects.toMatchObject({ code: 'server-refused' });
    await careless.close();
    await expect(requireConditionalWrites(bad)).rejects.toMatchObject({ code: 'offline' });
  });
});
