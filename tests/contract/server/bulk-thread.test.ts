/** @file Rows that another thread writes: what goes over, what comes back when the engine refuses, and who else may write meanwhile. */
import { Table } from 'apache-arrow';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AnnEngine, AnnIndex, AnnItem, AnnSpec } from '../../../server/vectors/ann-index.ts';
import { SCAN_JOIN_ROWS } from '../../../server/vectors/bulk-rows.ts';
import { engineLocation } from '../../../server/vectors/engine-location.ts';
import { itemsOf, itemTable } from '../../../server/vectors/item-rows.ts';
import { openLanceEngine } from '../../../server/vectors/lancedb-index.ts';
import { memoryOf, messageOf, tableOfMessage } from '../../../server/vectors/table-message.ts';
import { removeFolders, temporaryFolder, unitVector } from './test-server.ts';

const D = 8;
const SPEC: AnnSpec = {
  name: 'many',
  dimensions: D,
  metric: 'cosine',
  fields: { shop: 'keyword', no: 'int', price: 'float', isNew: 'bool' },
};

const item = (id: string, seed: number, metadata: AnnItem['metadata'] = {}): AnnItem => ({
  id,
  productId: `p-${id}`,
  metadata,
  vector: Float32Array.from(unitVector(D, seed)),
});
const rows = (first: number, count: number, seed = first) =>
  itemTable(
    SPEC,
    Array.from({ length: count }, (_, n) => item(`r${first + n}`, seed + n, { no: n })),
  );

afterAll(removeFolders);

describe('a table as a message', () => {
  const items = [
    item('a', 1, { shop: '北', no: -7, price: 0.5, isNew: true, free: 'text' }),
    { ...item('b', 2), keypoints: Uint8Array.of(1, 2, 3) },
    item('c', 3, { isNew: false }),
  ];

  it('comes back as it was, batch by batch, also when its memory has gone over', () => {
    const table = new Table([...itemTable(SPEC, items).batches, ...itemTable(SPEC, [item('d', 4)]).batches]);
    const expected = [...items, item('d', 4)];
    const message = messageOf(table);
    const back = tableOfMessage(structuredClone(message, { transfer: memoryOf([message]) }));
    expect(itemsOf(SPEC, back)).toEqual(expected.map((one) => ({ ...one, vector: expect.any(Float32Array) as Float32Array })));
    expect(itemsOf(SPEC, back).map(({ vector }) => vector)).toEqual(itemsOf(SPEC, itemTable(SPEC, expected)).map(({ vector }) => vector));
    expect(back.batches.length).toBe(2);
  });

  it('has no column that the table lacks', () => {
    const old = itemTable(SPEC, items).select(['id', 'productId', 'metadata', 'f_shop', 'f_no', 'f_price', 'f_isNew', 'vector']);
    const back = tableOfMessage(structuredClone(messageOf(old)));
    expect(back.schema.names).toEqual(old.schema.names);
    expect(itemsOf(SPEC, back)[0]).toMatchObject({ id: 'a', metadata: { shop: '北', no: -7, price: 0.5, isNew: true, free: 'text' } });
  });

  it('hands large blocks over and copies small ones, which others may have a part of', () => {
    const message = messageOf(rows(0, 20_000));
    const given = memoryOf([message]);
    expect(given.map(({ byteLength }) => byteLength)).toContain(20_000 * D * 4);
    expect(given.every(({ byteLength }) => byteLength >= 65_536)).toBe(true);
    structuredClone(message, { transfer: given });
    expect(given.every(({ byteLength }) => byteLength === 0)).toBe(true);
  });
});

describe('rows written by a thread', () => {
  let engine: AnnEngine;
  let index: AnnIndex;
  beforeAll(async () => {
    engine = await openLanceEngine(engineLocation(temporaryFolder()));
    index = await engine.open(SPEC);
  });
  afterAll(async () => {
    await index.close();
    await engine.close();
  });

  it('are there for the next read, and so is what was written before and after', async () => {
    await index.upsert([item('r3', 900)]);
    await index.ingest([rows(0, SCAN_JOIN_ROWS)]);
    expect(await index.count()).toBe(SCAN_JOIN_ROWS);
    expect((await index.get(['r3']))[0]?.vector).toEqual(item('r3', 3).vector);
    // A few rows meanwhile: the thread knows their ids too.
    await index.upsert([item('few', 901)]);
    expect(await index.delete(['r4'])).toBe(1);
    await index.ingest([rows(SCAN_JOIN_ROWS, SCAN_JOIN_ROWS), itemTable(SPEC, [item('few', 902), item('r4', 903)])]);
    expect(await index.count()).toBe(2 * SCAN_JOIN_ROWS + 1);
    expect((await index.get(['few']))[0]?.vector).toEqual(item('few', 902).vector);
    expect((await index.get(['r4']))[0]?.vector).toEqual(item('r4', 903).vector);
  });

  it('are each there once after a maintenance that ran beside them', async () => {
    const writing = index.ingest([rows(20_000, SCAN_JOIN_ROWS)]);
    await index.maintain();
    await writing;
    await index.ingest([rows(20_000, SCAN_JOIN_ROWS, 50_000)]);
    expect(await index.count({ range: { no: { gte: 0 } } })).toBe(3 * SCAN_JOIN_ROWS - 1);
    expect((await index.get(['r20007']))[0]?.vector).toEqual(item('r20007', 50_007).vector);
  });

  it('are refused with what the engine says, and the next ones are taken', async () => {
    const other = { ...SPEC, dimensions: D * 2 };
    const wrong = itemTable(
      other,
      Array.from({ length: SCAN_JOIN_ROWS }, (_, n) => ({ ...item(`w${n}`, n), vector: Float32Array.from(unitVector(D * 2, n)) })),
    );
    const before = await index.count();
    await expect(index.ingest([wrong])).rejects.toThrow(/./);
    expect(await index.count()).toBe(before);
    await index.ingest([rows(40_000, SCAN_JOIN_ROWS)]);
    expect(await index.count()).toBe(before + SCAN_JOIN_ROWS);
  });
});
