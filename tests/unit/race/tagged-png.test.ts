import { crc32 } from 'node:zlib';
import exifr from 'exifr';
import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { writePngChunk, xmpText } from '../../../src/core/race/png-metadata.ts';
import { taggedCopy } from '../../../src/flow/race-tagged-copy.ts';
import { mergeXmp, type PhotoFacts } from '../../../src/flow/race-xmp.ts';

const FACTS: PhotoFacts = {
  ...{ keywords: ['7', '佐藤 花子'], people: ['佐藤 花子'], event: 'City <Run>', takenAt: null, creator: 'Aoki', copyright: '' },
};
const bytesOf = async (blob: Blob): Promise<Buffer> => Buffer.from(await blob.arrayBuffer());
const blobOf = (bytes: Uint8Array): Blob => new Blob([Uint8Array.from(bytes)]);
const wordsOf = async (bytes: Buffer): Promise<string[]> => {
  const found = (await exifr.parse(bytes, { xmp: true, mergeOutput: false })) as { dc?: { subject?: string | string[] } } | undefined;
  return [found?.dc?.subject ?? []].flat().map(String);
};

/** A PNG whose Exif says a place, in pieces as a camera's program writes them. */
async function drawnPng(): Promise<Buffer> {
  const [width, height] = [64, 48];
  const pixels = Buffer.alloc(width * height * 3);
  for (let i = 0; i < pixels.length; i++) pixels[i] = (i * 31 + (i >> 5) * 17) & 0xff;
  return sharp(pixels, { raw: { width, height, channels: 3 } })
    .png()
    .withExif({ IFD0: { Model: 'Pinhole' }, IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '35/1 40/1 30/1' } })
    .toBuffer();
}

/** Type and data of each chunk, sums checked by another library. */
function chunksOf(png: Buffer): [string, Buffer][] {
  const chunks: [string, Buffer][] = [];
  for (let at = 8; at < png.length;) {
    const length = png.readUInt32BE(at);
    expect(png.readUInt32BE(at + 8 + length)).toBe(crc32(png.subarray(at + 4, at + 8 + length)));
    chunks.push([png.toString('latin1', at + 4, at + 8), png.subarray(at + 8, at + 8 + length)]);
    at += 12 + length;
  }
  return chunks;
}
const behindPixels = (png: Buffer, ...chunks: Uint8Array[]): Buffer => Buffer.concat([png.subarray(0, -12), ...chunks, png.subarray(-12)]);
const exifOf = (png: Buffer): Buffer => chunksOf(png).find(([type]) => type === 'eXIf')![1];

describe('a copy of a PNG', () => {
  it('has the words in XMP, and everything else as it was', async () => {
    const original = await drawnPng();
    const copy = await bytesOf(await taggedCopy(blobOf(original), { facts: FACTS, removeGps: false }));
    expect(await wordsOf(copy)).toEqual(['7', '佐藤 花子']);
    const chunks = chunksOf(copy);
    expect(chunks[1]![0]).toBe('iTXt');
    expect(chunks.toSpliced(1, 1)).toEqual(chunksOf(original));
    expect((await sharp(copy).raw().toBuffer()).equals(await sharp(original).raw().toBuffer())).toBe(true);
  });

  it('keeps words of others wherever they stand, takes back its own, and repeats nothing', async () => {
    const { packet } = mergeXmp(null, { ...FACTS, keywords: ['Goal'], people: [] }, { removeGps: false });
    // As others write it: behind the pixels, and nothing of ours in it.
    const theirs = packet.replace(/<mekiki:keywords.*<\/mekiki:keywords>/s, '');
    const before = behindPixels(await drawnPng(), writePngChunk('iTXt', xmpText(theirs)));
    const first = await taggedCopy(blobOf(before), { facts: { ...FACTS, keywords: ['123', '7'] }, removeGps: false });
    const second = await bytesOf(await taggedCopy(first, { facts: { ...FACTS, keywords: ['128', '7'] }, removeGps: false }));
    expect(await wordsOf(second)).toEqual(['Goal', '7', '128']);
    expect(chunksOf(second).filter(([type]) => type === 'iTXt')).toHaveLength(1);
    const third = await bytesOf(await taggedCopy(blobOf(second), { facts: { ...FACTS, keywords: ['128', '7'] }, removeGps: false }));
    expect(third.equals(second)).toBe(true);
  });

  it('loses its place when that is wanted, in Exif, in XMP and in texts of older programs', async () => {
    const original = await drawnPng();
    expect(exifOf(original).includes(Buffer.from([35, 0, 0, 0, 1, 0, 0, 0, 40]))).toBe(true);
    const placed = xmpText(
      mergeXmp(null, FACTS, { removeGps: false }).packet.replace(
        'rdf:about=""',
        'rdf:about="" xmlns:exif="http://ns.adobe.com/exif/1.0/" exif:GPSLatitude="35,40.5N"',
      ),
    );
    const texts = [writePngChunk('zTXt', Buffer.from('Raw profile type APP1\0\0hidden')), writePngChunk('tEXt', Buffer.from('Title\0Run'))];
    const whole = behindPixels(original, writePngChunk('iTXt', placed), ...texts);
    expect(await exifr.gps(whole)).toBeDefined();
    for (const facts of [FACTS, null]) {
      const clean = await bytesOf(await taggedCopy(blobOf(whole), { facts, removeGps: true }));
      expect(clean.includes('GPSLatitude') || clean.includes('hidden')).toBe(false);
      expect(exifOf(clean).includes(Buffer.from([35, 0, 0, 0, 1, 0, 0, 0, 40]))).toBe(false);
      expect(chunksOf(clean).some(([, data]) => data.toString() === 'Title\0Run')).toBe(true);
      expect(await wordsOf(clean)).toEqual(['7', '佐藤 花子']);
      expect(await exifr.gps(clean)).toBeUndefined();
    }
  });

  it('reads through many small chunks, and refuses what ends early or is compressed', async () => {
    const many = behindPixels(await drawnPng(), ...Array.from({ length: 300 }, (_, i) => writePngChunk('prVt', new Uint8Array(5000 + i))));
    const copy = await bytesOf(await taggedCopy(blobOf(many), { facts: FACTS, removeGps: false }));
    expect(chunksOf(copy)).toHaveLength(chunksOf(many).length + 1);
    const compressed = writePngChunk('iTXt', Uint8Array.from([...xmpText('<x/>').map((byte, at) => (at === 18 ? 1 : byte))]));
    for (const [bad, code] of [
      [many.subarray(0, -20), 'decode-unsupported'],
      [behindPixels(await drawnPng(), compressed), 'invalid-input'],
    ] as const)
      await expect(taggedCopy(blobOf(bad), { facts: FACTS, removeGps: false })).rejects.toMatchObject({ code });
  });

  it('never hangs or breaks on damaged files: an error of ours, or a copy with its words', async () => {
    const original = await drawnPng();
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat({ max: 400 }), fc.nat({ max: 255 })), { maxLength: 8 }), async (changes) => {
        const damaged = Buffer.from(original);
        for (const [at, value] of changes) if (at > 7) damaged[at] = value;
        try {
          const copy = await bytesOf(await taggedCopy(blobOf(damaged), { facts: FACTS, removeGps: true }));
          expect(copy.includes('佐藤 花子')).toBe(true);
        } catch (error) {
          expect((error as { code?: string }).code).toMatch(/decode-unsupported|invalid-input/);
        }
      }),
      { numRuns: 150 },
    );
  });
});
