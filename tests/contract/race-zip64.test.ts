import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import yauzl from 'yauzl';
import type { PlannedFile } from '../../src/flow/race-plan.ts';
import { writeZip } from '../../src/flow/race-zip.ts';

it('a ZIP of more than 4 GiB has ZIP64 records that another program reads, and is never in memory', { timeout: 240_000 }, async () => {
  // 70 files of 64 MiB, all of the same zeros: what is kept of the stream is everything but them.
  const zeros = new Uint8Array(1 << 26);
  const files: PlannedFile[] = Array.from({ length: 70 }, (_, index) => ({
    path: `${index}.jpg`,
    ...{ about: '', key: '0' },
    make: () =>
      Promise.resolve({
        body: new ReadableStream({
          start(controller) {
            controller.enqueue(zeros);
            controller.close();
          },
        }),
        modifiedAtMs: 0,
        problems: [],
      }),
  }));
  const kept: { at: number; bytes: Buffer }[] = [];
  let at = 0;
  let holes = 0;
  const result = await writeZip(
    files,
    new WritableStream({
      write(piece) {
        if (piece.length === zeros.length) holes += 1;
        else kept.push({ at, bytes: Buffer.from(piece) });
        at += piece.length;
      },
    }),
    70,
  );
  expect([result.written, result.bytes, holes]).toEqual([70, at, 70]);
  expect(at).toBeGreaterThan(2 ** 32);
  expect(kept.reduce((sum, { bytes }) => sum + bytes.length, 0)).toBeLessThan(100_000);
  const read = (from: number, to: number): Buffer => {
    const out = Buffer.alloc(to - from);
    for (const piece of kept) {
      const start = Math.max(from, piece.at);
      const end = Math.min(to, piece.at + piece.bytes.length);
      if (start < end) piece.bytes.copy(out, start - from, start - piece.at, end - piece.at);
    }
    return out;
  };
  class Sparse extends yauzl.RandomAccessReader {
    override _readStreamForRange(start: number, end: number): Readable {
      return Readable.from([read(start, end)]);
    }
  }
  const entries = await new Promise<yauzl.Entry[]>((resolve, reject) =>
    yauzl.fromRandomAccessReader(new Sparse(), at, {}, (error, archive) => {
      if (error !== null) {
        reject(error);
        return;
      }
      const found: yauzl.Entry[] = [];
      archive.on('entry', (entry: yauzl.Entry) => found.push(entry));
      archive.on('end', () => resolve(found));
      archive.on('error', reject);
    }),
  );
  expect(entries).toHaveLength(70);
  expect(entries.every(({ uncompressedSize }) => uncompressedSize === zeros.length)).toBe(true);
  const last = entries.at(-1)!;
  expect(last.relativeOffsetOfLocalHeader).toBeGreaterThan(2 ** 32);
  expect(read(last.relativeOffsetOfLocalHeader, last.relativeOffsetOfLocalHeader + 4).toString('latin1')).toBe('PK\x03\x04');
});
