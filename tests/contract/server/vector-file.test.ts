/** @file Files of vectors as `npm run ingest` cuts them: Parquet as others write it, whole and from the middle, into a real collection. */
import { createWriteStream, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { brotliCompressSync, createGzip, gzipSync } from 'node:zlib';
import { tableFromIPC, tableToIPC } from 'apache-arrow';
import { ByteWriter, parquetWrite } from 'hyparquet-writer';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { ingestProgressSchema } from '../../../src/contracts/server-api.ts';
import type { App } from '../../../server/app.ts';
import { itemTable } from '../../../server/vectors/item-rows.ts';
import { partsOf, type FilePart } from '../../../server/jobs/vector-file.ts';
import { removeFolders, startApp, temporaryFolder, unitVector } from './test-server.ts';

const SPACE = 'test-embedding@1';
const D = 8;
const apps: App[] = [];
afterEach(async () => {
  for (const app of apps.splice(0)) await app.http.close();
});
afterAll(removeFolders);

const CODECS = { UNCOMPRESSED: undefined, SNAPPY: undefined, GZIP: gzipSync, BROTLI: brotliCompressSync };

/** Columns as data tools write them: a list of floats, 64-bit integers, a nullable text, JSON, and one that nobody declared. */
async function writeParquet(rows: number, codec: keyof typeof CODECS | 'ZSTD'): Promise<string> {
  const numbers = Array.from({ length: rows }, (_, n) => n);
  const writer = new ByteWriter();
  const compress = codec === 'ZSTD' ? (bytes: Uint8Array) => bytes : CODECS[codec];
  await parquetWrite({
    writer,
    codec,
    ...(compress === undefined ? {} : { compressors: { [codec]: (bytes: Uint8Array) => new Uint8Array(compress(bytes)) } }),
    rowGroupSize: 5_000,
    schema: [
      { name: 'root', num_children: 6 },
      { name: 'id', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' },
      { name: 'productId', type: 'INT64', repetition_type: 'OPTIONAL' },
      { name: 'vector', converted_type: 'LIST', num_children: 1, repetition_type: 'REQUIRED' },
      { name: 'list', num_children: 1, repetition_type: 'REPEATED' },
      { name: 'element', type: 'FLOAT', repetition_type: 'REQUIRED' },
      { name: 'shop', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
      { name: 'price', type: 'INT64', repetition_type: 'REQUIRED' },
      { name: 'metadata', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
    ],
    columnData: [
      { name: 'id', data: numbers.map((n) => `r${n}`) },
      { name: 'productId', data: numbers.map((n) => (n % 2 === 0 ? BigInt(n) : null)) },
      { name: 'vector', data: numbers.map((n) => unitVector(D, n + 1)) },
      { name: 'shop', data: numbers.map((n) => (n % 3 === 0 ? '角の店' : null)) },
      { name: 'price', data: numbers.map((n) => BigInt(n)) },
      { name: 'metadata', data: numbers.map((n) => (n % 5 === 0 ? JSON.stringify({ note: `n${n}` }) : null)) },
    ],
  });
  const path = join(temporaryFolder(), 'vectors.parquet');
  writeFileSync(path, Buffer.from(writer.getBuffer()));
  return path;
}

async function gathered(path: string, skip: number): Promise<{ parts: FilePart[]; rows: Record<string, unknown>[] }> {
  const parts: FilePart[] = [];
  for await (const part of partsOf(path, skip)) parts.push(part);
  const rows = parts.flatMap(({ body }) => Buffer.from(body).toString().trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>)); // prettier-ignore
  return { parts, rows };
}

describe('a Parquet file', () => {
  it.each(Object.keys(CODECS) as (keyof typeof CODECS)[])('compressed by %s gives its rows', async (codec) => {
    const { rows } = await gathered(await writeParquet(30, codec), 0);
    expect(rows.length).toBe(30);
    expect(rows[6]).toMatchObject({ id: 'r6', productId: '6', metadata: { shop: '角の店', price: 6 } });
    expect(rows[5]).toMatchObject({ id: 'r5', metadata: { price: 5, note: 'n5' } });
    expect(rows[5]).not.toHaveProperty('productId');
    (rows[5]!['vector'] as number[]).forEach((value, i) => expect(value).toBeCloseTo(unitVector(D, 6)[i]!, 6));
  });

  it('goes on at any row, within and across its row groups', async () => {
    const path = await writeParquet(12_000, 'SNAPPY');
    const whole = await gathered(path, 0);
    expect(whole.parts.length).toBeGreaterThan(1);
    expect(whole.parts.reduce((sum, { rows }) => sum + rows, 0)).toBe(12_000);
    for (const skip of [1, 4_999, 5_000, 9_001, 12_000]) {
      const { rows } = await gathered(path, skip);
      expect([rows.length, rows[0]?.['id']]).toEqual([12_000 - skip, skip === 12_000 ? undefined : `r${skip}`]);
    }
  });

  it('is found in the collection that it was sent to, by vector and by declared field', async () => {
    const app = await startApp();
    apps.push(app);
    const { store } = app.services;
    const fields = { shop: 'keyword', price: 'int' } as const;
    await store.create({ name: 'goods', space: SPACE, dimensions: D, metric: 'cosine', fields });
    let from = 0;
    for await (const { type, body } of partsOf(await writeParquet(9_000, 'SNAPPY'), 0)) {
      const answer = await app.http.inject({
        method: 'POST',
        url: `/v1/collections/goods/ingest?job=parquet&space=${SPACE}&from=${from}&last=false`,
        headers: { 'content-type': type },
        payload: Buffer.from(body),
      });
      const progress = ingestProgressSchema.parse(JSON.parse(answer.body.trim().split('\n').at(-1)!));
      expect(progress.problem).toBeNull();
      from = progress.durableRows;
    }
    await app.http.inject({ method: 'POST', url: `/v1/collections/goods/ingest?job=parquet&space=${SPACE}&from=9000&last=true` });
    expect((await store.describe('goods'))?.count).toBe(9_000);
    const [best] = await store.search('goods', SPACE, unitVector(D, 8_995), 1, {
      eq: { shop: '角の店' },
      range: { price: { gte: 8_990 } },
    });
    expect(best).toMatchObject({ id: 'r8994', productId: '8994', metadata: { price: 8_994, shop: '角の店' } });
  });

  it('that cannot be read says so in plain words', async () => {
    await expect(gathered(await writeParquet(10, 'ZSTD'), 0)).rejects.toMatchObject({
      code: 'invalid-input',
      message: expect.stringContaining('ZSTD'),
    });
    const path = join(temporaryFolder(), 'cut.parquet');
    writeFileSync(path, 'PAR1 and nothing behind it');
    await expect(gathered(path, 0)).rejects.toMatchObject({ code: 'invalid-input' });
    await expect(gathered(join(temporaryFolder(), 'table.xlsx'), 0)).rejects.toMatchObject({ code: 'invalid-input' });
  });
});

it('an Arrow file larger than one piece of its stream is read, from any row', async () => {
  const rows = 90_000;
  const items = Array.from({ length: rows }, (_, n) => ({
    id: `r${n}`,
    productId: `p${n}`,
    metadata: {},
    vector: Float32Array.from([1, n, 2, 3, 4, 5, 6, 7]),
  }));
  const path = join(temporaryFolder(), 'vectors.arrow');
  writeFileSync(path, tableToIPC(itemTable({ dimensions: D, fields: {} }, items), 'stream'));
  for (const skip of [0, 66_000]) {
    let found = 0;
    let first: unknown;
    for await (const { body } of partsOf(path, skip)) {
      const table = tableFromIPC(body);
      first ??= table.getChild('id')?.get(0);
      found += table.numRows;
    }
    expect([found, first]).toEqual([rows - skip, `r${skip}`]);
  }
});

it('lines of JSON are read packed and plain, from any row', async () => {
  const text = Array.from({ length: 50 }, (_, n) => JSON.stringify({ id: `r${n}`, vector: [1, n] })).join('\n');
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'a.ndjson'), `${text}\n\n`);
  const packed = createGzip();
  const done = finished(packed.pipe(createWriteStream(join(folder, 'a.jsonl.gz'))));
  packed.end(text);
  await done;
  for (const name of ['a.ndjson', 'a.jsonl.gz']) {
    expect((await gathered(join(folder, name), 0)).rows.length).toBe(50);
    expect((await gathered(join(folder, name), 48)).rows.map(({ id }) => id)).toEqual(['r48', 'r49']);
  }
});
