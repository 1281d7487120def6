/** @file Arrow streams of other programs: every type of column that they use, and every kind of wrong row, named and cut off before. */
import {
  Bool,
  DataType,
  Dictionary,
  Field,
  FixedSizeList,
  Float32,
  Float64,
  Int32,
  Int64,
  Int8,
  List,
  Table,
  Utf8,
  tableFromIPC,
  tableToIPC,
  vectorFromArray,
  type Vector,
} from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import type { AnnItem, AnnSpec } from '../../../server/vectors/ann-index.ts';
import { itemTable, itemsOf } from '../../../server/vectors/item-rows.ts';
import { rowsOfArrow } from '../../../server/services/collections/arrow-rows.ts';
import { unitVector } from './test-server.ts';

const D = 4;
const SPEC: AnnSpec = {
  name: 'many',
  dimensions: D,
  metric: 'cosine',
  fields: { shop: 'keyword', shelfNo: 'int', price: 'float', isNew: 'bool' },
};
const ROWS = 10;
const numbers = Array.from({ length: ROWS }, (_, n) => n);
const vectorAt = (n: number) => unitVector(D, n + 1);
const lists = (type: DataType) => vectorFromArray(numbers.map(vectorAt), type);
const float32 = new Field('item', new Float32(), true);

/** Reads a stream as the route does, in small pieces. */
async function read(columns: Record<string, Vector>, from = 0): Promise<{ items: AnnItem[]; problem: string | null }> {
  return readBytes(tableToIPC(new Table(columns), 'stream'), from);
}

async function readBytes(bytes: Uint8Array, from = 0): Promise<{ items: AnnItem[]; problem: string | null }> {
  const pieces = (async function* () {
    for (let at = 0; at < bytes.length; at += 1_000) yield await Promise.resolve(bytes.subarray(at, at + 1_000));
  })();
  const items: AnnItem[] = [];
  try {
    for await (const table of rowsOfArrow(pieces, from, SPEC)) items.push(...itemsOf(SPEC, table));
    return { items, problem: null };
  } catch (error) {
    return { items, problem: (error as Error).message };
  }
}

const ids = () =>
  vectorFromArray(
    numbers.map((n) => `r${n}`),
    new Utf8(),
  );
const good = (): Record<string, Vector> => ({ id: ids(), vector: lists(new FixedSizeList(D, float32)) });

describe('a stream', () => {
  it.each([
    ['lists of one length', () => lists(new FixedSizeList(D, float32))],
    ['lists', () => lists(new List(float32))],
    ['lists of doubles', () => lists(new List(new Field('item', new Float64(), true)))],
  ])('of %s gives its rows, whatever their length', async (_name, vector) => {
    const { items, problem } = await read({ id: ids(), vector: vector() });
    expect(problem).toBeNull();
    expect(items.map(({ id, productId, metadata }) => [id, productId, metadata])).toEqual(numbers.map((n) => [`r${n}`, `r${n}`, {}]));
    items.forEach(({ vector: unit }, n) => unit.forEach((value, d) => expect(value).toBeCloseTo(vectorAt(n)[d]!, 6)));
  });

  it('of any types that hold texts and numbers gives the fields', async () => {
    const dictionary = (id: number) => new Dictionary(new Utf8(), new Int32(), id);
    const { items, problem } = await read({
      id: vectorFromArray(numbers.map((n) => `r${n}`), dictionary(1)), // prettier-ignore
      vector: lists(new List(float32)),
      productId: vectorFromArray(numbers.map((n) => (n % 2 === 0 ? '商品' : null)), new Utf8()), // prettier-ignore
      metadata: vectorFromArray(numbers.map((n) => (n % 3 === 0 ? JSON.stringify({ free: 'x', price: n, shelfNo: 77 }) : null)), new Utf8()), // prettier-ignore
      shop: vectorFromArray(numbers.map((n) => (n % 2 === 0 ? 'north' : null)), dictionary(2)), // prettier-ignore
      f_shelfNo: vectorFromArray(numbers.map((n) => (n === 3 ? null : n)), new Int32()), // prettier-ignore
      isNew: vectorFromArray(numbers.map((n) => n > 4), new Bool()), // prettier-ignore
    });
    expect(problem).toBeNull();
    expect(items[6]).toMatchObject({
      productId: '商品',
      metadata: { free: 'x', price: 6, shelfNo: 6, shop: 'north', isNew: true },
    });
    // Where the column says nothing, the metadata do.
    expect(items[3]).toMatchObject({ productId: 'r3', metadata: { free: 'x', price: 3, shelfNo: 77, isNew: false } });
    expect(items[3]?.metadata).not.toHaveProperty('shop');
    expect(items[1]?.metadata).toEqual({ shelfNo: 1, isNew: false });
  });

  it('as we export it is the same again, also where a value is missing, over more rows than are taken at once', async () => {
    const items = Array.from({ length: 9_001 }, (_, n) => ({
      id: `r${n}`,
      productId: `p${n % 7}`,
      metadata: {
        ...(n % 3 === 0 ? {} : { shop: `店${n}`, shelfNo: n - 5_000 }),
        ...(n % 5 === 0 ? {} : { price: n / 8 }),
        isNew: n % 2 === 0,
      },
      vector: Float32Array.from(vectorAt(n)),
    }));
    const { items: again, problem } = await readBytes(tableToIPC(itemTable(SPEC, items), 'stream'));
    expect(problem).toBeNull();
    expect(again.length).toBe(9_001);
    for (const n of [0, 1, 4_095, 4_096, 4_097, 8_191, 8_192, 9_000]) {
      expect(again[n]?.metadata).toEqual(items[n]?.metadata);
      expect(again[n]?.vector.every((value, d) => Math.abs(value - items[n]!.vector[d]!) < 1e-6)).toBe(true);
    }
  });
});

describe('a wrong row', () => {
  const at = (bad: number, right: unknown[], wrong: unknown) => right.map((value, n) => (n === bad ? wrong : value));
  const texts = (bad: number, wrong: string) => vectorFromArray(at(bad, numbers.map((n) => `t${n}`), wrong) as string[], new Utf8()); // prettier-ignore
  const vectors = (bad: number, wrong: number[]) => vectorFromArray(at(bad, numbers.map(vectorAt), wrong) as number[][], new List(float32));
  it.each<[string, Record<string, Vector>, RegExp]>([
    ['an id that is a path', { id: texts(6, '../ x') }, /id/],
    ['an empty id', { id: texts(6, '') }, /id/],
    ['an endless id', { id: texts(6, 'x'.repeat(201)) }, /id/],
    ['no id', { id: vectorFromArray(at(6, numbers.map(String), null) as string[], new Utf8()) }, /id/],
    ['an empty product', { productId: texts(6, '') }, /productId/],
    ['a zero in a text', { productId: texts(6, 'a\u0000b') }, /zeros/],
    ['an image as a field', { shop: texts(6, `data:image/png;base64,${'A'.repeat(40)}`) }, /image/],
    ['an image in the metadata', { metadata: vectorFromArray(at(6, numbers.map(() => '{}'), JSON.stringify({ a: `data:image/png;base64,${'A'.repeat(40)}` })) as string[], new Utf8()) }, /image/], // prettier-ignore
    ['an endless field', { shop: texts(6, 'x y '.repeat(501)) }, /2000/],
    ['metadata that are a list', { metadata: vectorFromArray(at(6, numbers.map(() => '{}'), '[1]') as string[], new Utf8()) }, /JSON object/], // prettier-ignore
    ['a field of another type', { shelfNo: texts(6, 'x') }, /shelfNo|whole/],
    [
      'a number that no double holds',
      { shelfNo: vectorFromArray(at(6, numbers.map(BigInt), 2n ** 53n) as bigint[], new Int64()) },
      /whole/,
    ],
    ['a number below all', { shelfNo: vectorFromArray(at(6, numbers.map(BigInt), -(2n ** 53n)) as bigint[], new Int64()) }, /whole/],
    ['half a whole number', { shelfNo: vectorFromArray(at(6, numbers, 1.5) as number[], new Float64()) }, /shelfNo/],
    ['an infinite number', { price: vectorFromArray(at(6, numbers, Infinity) as number[], new Float64()) }, /finite/],
    ['a yes that is a two', { isNew: vectorFromArray(at(6, numbers.map(() => 1), 2) as number[], new Int8()) }, /isNew/], // prettier-ignore
    ['a short vector', { vector: vectors(6, [1, 2]) }, /Expected 4 dimensions, got 2/],
    ['a vector of nothing', { vector: vectors(6, [0, 0, 0, 0]) }, /zero/],
    ['a vector without end', { vector: vectors(6, [1, Infinity, 0, 0]) }, /finite/],
    ['a vector that is no number', { vector: vectors(6, [1, NaN, 0, 0]) }, /finite/],
  ])('for %s is named, and the rows before it are taken', async (_name, columns, message) => {
    // A column of texts for a number is wrong from its first row on.
    const { items, problem } = await read({ ...good(), ...columns }, 100);
    const isWholeColumn = columns['shelfNo'] !== undefined && DataType.isUtf8(columns['shelfNo'].type);
    expect(items.length).toBe(isWholeColumn ? 0 : 6);
    expect(problem).toMatch(isWholeColumn ? /^Row 100: / : /^Row 106: /);
    expect(problem).toMatch(message);
  });

  it('is the first of several in different columns', async () => {
    const { items, problem } = await read({ ...good(), vector: vectors(3, [0, 0, 0, 0]), id: texts(7, '../ x'), productId: texts(5, '') });
    expect(items.length).toBe(3);
    expect(problem).toMatch(/^Row 3: .*zero/);
  });

  it('that is no UTF-8, or whose offsets lead elsewhere, is refused', async () => {
    const bytes = tableToIPC(new Table({ ...good(), productId: texts(6, 'findme') }), 'stream');
    const at6 = Buffer.from(bytes).indexOf('findme');
    const halves = Buffer.from(bytes);
    halves[at6] = 0xff;
    expect((await readBytes(halves)).problem).toMatch(/Row 6: .*UTF-8/);
    const offsets = new Int32Array(tableFromIPC(bytes).getChild('productId')!.data[0]!.valueOffsets as Int32Array);
    for (const wrong of [-5, 1 << 30]) {
      const moved = Buffer.from(bytes);
      const place = moved.indexOf(Buffer.from(offsets.buffer, 0, 16));
      moved.writeInt32LE(wrong, place + 8);
      const { items, problem } = await readBytes(moved);
      expect([items.length, problem]).toEqual([0, 'The body is not a whole Arrow IPC stream.']);
    }
  });

  it('of a column that is missing, and what is no stream', async () => {
    expect((await read({ id: ids() })).problem).toMatch(/"id" and "vector"/);
    expect((await readBytes(Buffer.from('no arrow'))).problem).toMatch(/not a whole Arrow/);
  });
});
