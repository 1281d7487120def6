import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { Client } from '@libsql/client';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../../../src/contracts/errors.ts';
import { openDatabase } from '../../../server/repositories/database.ts';
import { Loads } from '../../../server/repositories/loads.ts';
import { Products } from '../../../server/repositories/products.ts';
import { importOpenFoodFacts, type ImportOptions } from '../../../server/jobs/open-food-facts-import.ts';
import { readLines } from '../../../server/jobs/record-lines.ts';
import { removeFolders, temporaryFolder } from './test-server.ts';

const fixture = (name: string) => fileURLToPath(new URL(`../../fixtures/${name}`, import.meta.url));
const JSONL = fixture('open-food-facts-sample.jsonl');
const CSV = fixture('open-food-facts-sample.csv');

let folder: string;
let client: Client;
let products: Products;
let loads: Loads;
beforeEach(async () => {
  folder = temporaryFolder();
  client = await openDatabase(join(folder, 'mekiki.db'));
  products = new Products(client);
  loads = new Loads(client);
});
afterAll(removeFolders);

const run = (options: Partial<ImportOptions> & { file: string }) =>
  importOpenFoodFacts({ country: null, limit: null, isRestart: false, ...options }, { products, loads });
const byGtin = (gtin: string) => products.findByGtin(gtin.padStart(14, '0'));

describe('JSONL', () => {
  it('takes what is right and counts the rest by reason', async () => {
    const summary = await run({ file: JSONL });
    expect(summary).toMatchObject({
      status: 'done',
      stored: 7,
      skipped: { unreadable: 2, 'wrong-check-digit': 1, 'in-store-code': 1, 'no-code': 1, 'no-name': 1 },
    });
    expect(await products.count()).toBe(7);

    expect(await byGtin('9520000000011')).toEqual({
      id: 'off:09520000000011',
      name: { en: 'Komorebi rice cracker', ja: 'こもれび せんべい' },
      brand: 'あおぞら製菓,Aozora',
      gtins: ['09520000000011'],
      kind: 'packaged',
      packWords: ['こもれび せんべい', 'Komorebi rice cracker', 'あおぞら製菓', 'Aozora'],
      contents: {
        ingredientsText: 'うるち米(国産)、しょうゆ(小麦・大豆を含む)、砂糖、食塩／調味料(アミノ酸等)',
        language: 'ja',
        declaredAllergens: ['wheat', 'barley', 'rye', 'soy'],
        declaredTraces: ['shrimp', 'peanut'],
        source: 'open-food-facts',
        updatedAtMs: 1_750_000_000_000,
      },
      source: 'open-food-facts',
      updatedAtMs: 1_750_000_000_000,
    });
  });

  it('cleans text and takes the language that can be parsed', async () => {
    await run({ file: JSONL });
    expect((await byGtin('9520000000028'))?.name.en).toBe('Seaside oat bar "Plain"');
    expect((await byGtin('9520000000035'))?.contents).toMatchObject({ language: 'en', ingredientsText: 'Wheat flour, butter, sugar' });
    const soda = await byGtin('9520000000080');
    expect(soda).toMatchObject({ name: { en: 'Lighthouse soda', ja: '灯台ソーダ' }, updatedAtMs: 0 });
    expect(soda?.contents).toMatchObject({
      language: 'en',
      ingredientsText: 'Carbonated water, sugar',
      updatedAtMs: null,
      declaredTraces: [],
    });
  });

  it('keeps a product without contents, and no half list', async () => {
    await run({ file: JSONL });
    expect((await byGtin('9520000000042'))?.contents).toBeUndefined();
    const long = await byGtin('9520000000073');
    expect(long?.name.ja).toBe('長い長い原材料');
    expect(long?.contents).toBeUndefined();
  });

  it('keeps an allergen tag that nobody knows rather than dropping it', async () => {
    await run({ file: JSONL });
    expect((await byGtin('9520000000097'))?.contents?.declaredAllergens).toEqual(['sesame', 'unheard-of-thing']);
  });

  it('takes one country only when asked to', async () => {
    const summary = await run({ file: JSONL, country: 'Japan' });
    expect(summary.stored).toBe(6);
    expect(summary.skipped['other-country']).toBeGreaterThan(0);
    expect(await byGtin('9520000000035')).toBeNull();
  });

  it('reads the same from a gzipped file', async () => {
    const packed = join(folder, 'sample.jsonl.gz');
    writeFileSync(packed, gzipSync(readFileSync(JSONL)));
    expect(await run({ file: packed })).toMatchObject({ stored: 7, skipped: { unreadable: 2 } });
  });
});

describe('CSV', () => {
  it('takes what is right and counts the rest', async () => {
    const summary = await run({ file: CSV });
    expect(summary).toMatchObject({ status: 'done', stored: 4, skipped: { unreadable: 1, 'no-code': 1 } });
    expect((await byGtin('9520000000011'))?.contents).toMatchObject({
      language: 'ja',
      declaredAllergens: ['wheat', 'barley', 'rye', 'soy'],
      declaredTraces: ['shrimp'],
    });
    const bar = await byGtin('9520000000028');
    expect(bar?.name.en).toBe('Seaside "oat" bar');
    expect(bar?.contents?.ingredientsText).toBe('Oats (60%), 6" of honey, sea salt');
    expect((await byGtin('9520000000127'))?.name.en).toBe('Fourteen digits');
  });

  it('refuses a file without the needed columns', async () => {
    const other = join(folder, 'other.csv');
    writeFileSync(other, 'name,price\nTea,3\n');
    await expect(run({ file: other })).rejects.toThrow(AppError);
    await expect(run({ file: join(folder, 'none.jsonl') })).rejects.toMatchObject({ code: 'invalid-input' });
    writeFileSync(join(folder, 'photo.png'), 'x');
    await expect(run({ file: join(folder, 'photo.png') })).rejects.toMatchObject({ code: 'invalid-input' });
  });
});

describe('going on', () => {
  it.each(['jsonl', 'jsonl.gz', 'csv'])('goes on where it stopped, without doubles (%s)', async (ending) => {
    const file = join(folder, `sample.${ending}`);
    if (ending === 'csv') copyFileSync(CSV, file);
    else writeFileSync(file, ending === 'jsonl' ? readFileSync(JSONL) : gzipSync(readFileSync(JSONL)));
    const whole = ending === 'csv' ? 4 : 7;
    const first = await run({ file, limit: 2 });
    expect(first).toMatchObject({ status: 'stopped', stored: 2, isResumed: false });
    const second = await run({ file, limit: 1 });
    expect(second).toMatchObject({ status: 'stopped', stored: 3, isResumed: true });
    const third = await run({ file });
    expect(third).toMatchObject({ status: 'done', stored: whole, isResumed: true });
    expect(third.offset).toBe(readFileSync(ending === 'csv' ? CSV : JSONL).byteLength);
    expect(await products.count()).toBe(whole);
    expect((await run({ file })).status).toBe('already-done');
    expect((await run({ file, isRestart: true })).status).toBe('done');
    expect(await products.count()).toBe(whole);
  });

  it('begins anew when the file has changed', async () => {
    const file = join(folder, 'changing.jsonl');
    copyFileSync(JSONL, file);
    await run({ file });
    writeFileSync(file, `${readFileSync(JSONL, 'utf8')}{"code":"9520000000103","product_name":"New","lang":"en"}\n`);
    expect(await run({ file })).toMatchObject({ status: 'done', stored: 8, isResumed: false });
  });

  it('stops at a signal and keeps what it has', async () => {
    const summary = await run({ file: JSONL, signal: AbortSignal.abort() });
    expect(summary).toMatchObject({ status: 'stopped', lines: 1 });
    expect(await run({ file: JSONL })).toMatchObject({ status: 'done', stored: 7, isResumed: true });
  });
});

describe('lines', () => {
  const collect = async (path: string, options?: Parameters<typeof readLines>[1]) => {
    const all = [];
    for await (const line of readLines(path, options)) all.push(line);
    return all;
  };

  it('passes over lines that are too long or not UTF-8, and finds the next', async () => {
    const file = join(folder, 'lines.jsonl');
    writeFileSync(
      file,
      Buffer.concat([Buffer.from('a\n'), Buffer.from([0xff, 0xfe, 0x0a]), Buffer.from(`${'x'.repeat(3_000_000)}\nlast`)]),
    );
    expect(await collect(file, { maxLineBytes: 1000 })).toEqual([
      { text: 'a', endOffset: 2 },
      { text: null, endOffset: 5 },
      { text: null, endOffset: 3_000_006 },
      { text: 'last', endOffset: 3_000_010 },
    ]);
  });

  it('gives the same lines from every offset', async () => {
    const file = join(folder, 'offsets.txt');
    const text = Array.from({ length: 200 }, (_, index) => 'é'.repeat(index % 17)).join('\n');
    writeFileSync(file, text);
    writeFileSync(`${file}.gz`, gzipSync(text));
    const all = await collect(file);
    expect(all.map((line) => line.text)).toEqual(text.split('\n'));
    for (const path of [file, `${file}.gz`])
      for (const index of [0, 1, 57, 198]) expect(await collect(path, { fromOffset: all[index]!.endOffset })).toEqual(all.slice(index + 1));
  });

  it('tells of a broken gzip file', async () => {
    const file = join(folder, 'broken.jsonl.gz');
    writeFileSync(file, gzipSync(readFileSync(JSONL)).subarray(0, 200));
    await expect(collect(file)).rejects.toThrow();
  });
});
