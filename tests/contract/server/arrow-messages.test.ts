/** @file An Arrow stream that comes in pieces of any length goes on in pieces that Arrow need not join. */
import { Float32, Table, Utf8, tableToIPC, vectorFromArray } from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import { withWholeBodies } from '../../../server/services/collections/arrow-messages.ts';

const table = (rows: number) =>
  new Table({
    id: vectorFromArray(
      Array.from({ length: rows }, (_, n) => `r${n}`),
      new Utf8(),
    ),
    value: vectorFromArray(
      Array.from({ length: rows }, (_, n) => n / 8),
      new Float32(),
    ),
  });
const stream = tableToIPC(new Table([...table(500).batches, ...table(70).batches]), 'stream');

async function cut(bytes: Uint8Array, length: number): Promise<Uint8Array[]> {
  const source = (async function* () {
    for (let at = 0; at < bytes.length; at += length) yield await Promise.resolve(bytes.subarray(at, at + length));
  })();
  return gathered(withWholeBodies(source));
}

async function gathered(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return all;
}

describe('the bytes of a stream', () => {
  it.each([1, 7, 64, 1_000, 1 << 20])('stay the same in pieces of %i, and a body is one piece', async (length) => {
    const pieces = await cut(stream, length);
    expect(Buffer.concat(pieces)).toEqual(Buffer.from(stream));
    // Prefix and description of the schema; the same and a body of two batches; the end.
    expect(pieces.filter(({ length: bytes }) => bytes > 0)).toHaveLength(2 + 3 + 3 + 1);
    const [large, small] = [pieces[4]!, pieces[7]!];
    expect(large.length).toBeGreaterThan(500 * 4);
    expect(small.length).toBeGreaterThan(70 * 4);
    // Numbers are read where they lie.
    expect([large.byteOffset % 8, small.byteOffset % 8]).toEqual([0, 0]);
  });

  it.each([
    ['cut short in a prefix', stream.subarray(0, 5)],
    ['cut short in a description', stream.subarray(0, 50)],
    ['cut short in a body', stream.subarray(0, stream.length - 400)],
    ['of before there were continuation marks', stream.subarray(4)],
    ['that are none', Buffer.from('{"id": "a"}\n'.repeat(100))],
    ['with a description that makes no sense', Buffer.concat([stream.subarray(0, 8), Buffer.alloc(2_000, 0x7f)])],
    [
      'with a description that is too long',
      Buffer.concat([stream.subarray(0, 4), Buffer.from([0xff, 0xff, 0xff, 0x7f]), Buffer.alloc(99)]),
    ],
    ['with more behind the end', Buffer.concat([stream, stream])],
    ['of nothing', new Uint8Array(0)],
  ])('%s stay the same', async (_name, bytes) => {
    for (const length of [1, 33, 1 << 20]) expect(Buffer.concat(await cut(bytes, length))).toEqual(Buffer.from(bytes));
  });

  it('are read no further when nobody wants more, and a source that fails says why', async () => {
    let isClosed = false;
    const source = (async function* () {
      try {
        yield await Promise.resolve(stream.subarray(0, 300));
        throw new Error('the sender is gone');
      } finally {
        isClosed = true;
      }
    })();
    const pieces = withWholeBodies(source);
    await pieces.next();
    await pieces.return(undefined);
    expect(isClosed).toBe(true);
    const failing = (async function* () {
      yield await Promise.resolve(stream.subarray(0, 300));
      throw new Error('the sender is gone');
    })();
    await expect(gathered(withWholeBodies(failing))).rejects.toThrow('the sender is gone');
  });
});
