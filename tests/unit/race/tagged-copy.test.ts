import exifr from 'exifr';
import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { metadataOf, readJpegHead } from '../../../src/core/race/jpeg-metadata.ts';
import { withIptc } from '../../../src/core/race/iptc-keywords.ts';
import { taggedCopy } from '../../../src/flow/race-tagged-copy.ts';
import type { PhotoFacts } from '../../../src/flow/race-xmp.ts';
import { drawnJpeg } from './race-fixtures.ts';

const FACTS: PhotoFacts = {
  keywords: ['7', '佐藤 花子'],
  people: ['佐藤 花子'],
  event: 'City <Run>',
  takenAt: '2026-11-21T10:00:00',
  creator: 'Aoki',
  copyright: '© Aoki & Co',
};
const bytesOf = async (blob: Blob): Promise<Buffer> => Buffer.from(await blob.arrayBuffer());
const blobOf = (bytes: Uint8Array): Blob => new Blob([Uint8Array.from(bytes)], { type: 'image/jpeg' });
/** Read by another library than the one that wrote. */
const read = (bytes: Buffer): Promise<Record<string, unknown>> =>
  exifr.parse(bytes, {
    iptc: true,
    xmp: { parse: true, multiSegment: false },
    tiff: true,
    exif: true,
    gps: true,
    mergeOutput: false,
  }) as never;
/** That library takes IPTC for Latin-1 whatever its character set says. */
const iptcWords = (found: Record<string, Record<string, unknown>>): string[] =>
  [found['iptc']!['Keywords']].flat().map((word) => Buffer.from(word as string, 'latin1').toString());
const segment = (marker: number, body: Buffer): Buffer =>
  Buffer.concat([Buffer.from([0xff, marker, (body.length + 2) >> 8, (body.length + 2) & 0xff]), body]);
const withSegment = (jpeg: Buffer, ...segments: Buffer[]): Buffer => Buffer.concat([jpeg.subarray(0, 2), ...segments, jpeg.subarray(2)]);

describe('a copy with keywords', () => {
  it('has the numbers in IPTC and in XMP, its Exif as it was, and the same pixels byte for byte', async () => {
    const original = await drawnJpeg();
    const copy = await bytesOf(await taggedCopy(blobOf(original), { facts: FACTS, removeGps: false }));
    const found = (await read(copy)) as Record<string, Record<string, unknown>>;
    expect(iptcWords(found)).toEqual(['7', '佐藤 花子']);
    expect(found['iptc']!['Byline']).toBe('Aoki');
    expect([found['dc']!['subject']].flat().map(String)).toEqual(['7', '佐藤 花子']);
    expect(found['Iptc4xmpExt']!['PersonInImage']).toBe('佐藤 花子');
    expect(JSON.stringify(found['dc']!['rights'])).toContain('© Aoki &amp; Co');
    expect(found['photoshop']!['DateCreated']).toEqual(expect.anything());
    const before = await read(original);
    expect({ ifd0: found['ifd0'], exif: found['exif'], gps: found['gps'] }).toEqual({
      ifd0: before['ifd0'],
      exif: before['exif'],
      gps: before['gps'],
    });
    const scan = (bytes: Buffer): Buffer => bytes.subarray(readJpegHead(Uint8Array.from(bytes))!.bodyAt);
    expect(scan(copy).equals(scan(original))).toBe(true);
    expect((await sharp(copy).raw().toBuffer()).equals(await sharp(original).raw().toBuffer())).toBe(true);
  });

  it('loses its place when that is wanted, everywhere, and nothing else of its Exif', async () => {
    const original = await drawnJpeg();
    expect(await exifr.gps(original)).toMatchObject({ latitude: expect.closeTo(35.675, 2) as number });
    const withXmp = await bytesOf(await taggedCopy(blobOf(original), { facts: FACTS, removeGps: false }));
    for (const facts of [FACTS, null]) {
      const clean = await bytesOf(await taggedCopy(blobOf(withXmp), { facts, removeGps: true }));
      expect(await exifr.gps(clean)).toBeUndefined();
      expect(
        clean.includes(Buffer.from([0, 0, 0, 35, 0, 0, 0, 1, 0, 0, 0, 40])) || clean.includes(Buffer.from([35, 0, 0, 0, 1, 0, 0, 0, 40])),
      ).toBe(false);
      const [was, is] = (await Promise.all([original, clean].map(read))) as Record<string, Record<string, unknown>>[];
      expect(is!['exif']).toEqual(was!['exif']);
      expect(is!['ifd0']!['Model']).toBe('Pinhole');
      expect((await sharp(clean).metadata()).orientation).toBe(6);
    }
  });

  it('keeps keywords of others, takes back its own that do not hold any more, and repeats nothing', async () => {
    const original = await drawnJpeg();
    const facts = (keywords: string[]): PhotoFacts => ({ ...FACTS, keywords, people: [] });
    const others = { keywords: ['Goal', 'Sponsor'], staleKeywords: [], creator: 'Somebody', copyright: '' };
    const before = withSegment(original, segment(0xed, Buffer.concat([Buffer.from('Photoshop 3.0\0'), withIptc(null, others)])));
    const first = await taggedCopy(blobOf(before), { facts: facts(['123', '7']), removeGps: false });
    const second = await bytesOf(await taggedCopy(first, { facts: facts(['128', '7']), removeGps: false }));
    const found = (await read(second)) as Record<string, Record<string, unknown>>;
    expect(found['iptc']!['Keywords']).toEqual(['Goal', 'Sponsor', '7', '128']);
    expect([found['dc']!['subject']].flat().map(String)).toEqual(['7', '128']);
    expect(found['iptc']!['Byline']).toBe('Somebody');
    const third = await bytesOf(await taggedCopy(blobOf(second), { facts: facts(['128', '7']), removeGps: false }));
    expect(third.equals(second)).toBe(true);
  });

  it('moves the offsets of further pictures in the file along', async () => {
    const original = await drawnJpeg();
    // Multi-Picture Format, big endian: one directory entry with two pictures of 16 bytes each.
    const index = Buffer.alloc(8 + 2 + 12 + 4 + 32);
    index.write('MM\0*', 0, 'latin1');
    index.writeUInt32BE(8, 4);
    index.writeUInt16BE(1, 8);
    index.writeUInt16BE(0xb002, 10);
    index.writeUInt16BE(7, 12);
    index.writeUInt32BE(32, 14);
    index.writeUInt32BE(26, 18);
    const second = Buffer.from('the second picture');
    const iptcBehind = segment(
      0xed,
      Buffer.concat([Buffer.from('Photoshop 3.0\0'), withIptc(null, { keywords: ['a'], staleKeywords: [], creator: '', copyright: '' })]),
    );
    const place = segment(0xe2, Buffer.concat([Buffer.from('MPF\0'), index]));
    const whole = Buffer.concat([withSegment(original, place, iptcBehind), second]);
    const base = 2 + 4 + 4;
    whole.writeUInt32BE(whole.length - second.length, base + 26 + 4);
    whole.writeUInt32BE(second.length, base + 26 + 16 + 4);
    whole.writeUInt32BE(whole.length - second.length - base, base + 26 + 16 + 8);
    const copy = await bytesOf(await taggedCopy(blobOf(whole), { facts: FACTS, removeGps: false }));
    const at = copy.indexOf('MPF\0') + 4;
    const offset = copy.readUInt32BE(at + 26 + 16 + 8);
    expect(copy.subarray(at + offset, at + offset + second.length).toString()).toBe('the second picture');
    expect(copy.readUInt32BE(at + 26 + 4)).toBe(copy.length - second.length);
  });

  it('reads on where a head is long, and says so when there is no JPEG, or no end of its head', async () => {
    const long = withSegment(await drawnJpeg(), ...Array.from({ length: 8 }, () => segment(0xef, Buffer.alloc(60_000))));
    const copy = await bytesOf(await taggedCopy(blobOf(long), { facts: FACTS, removeGps: false }));
    expect(iptcWords((await read(copy)) as Record<string, Record<string, unknown>>)).toEqual(['7', '佐藤 花子']);
    await expect(taggedCopy(new Blob(['no picture']), { facts: FACTS, removeGps: false })).rejects.toMatchObject({
      code: 'decode-unsupported',
    });
    await expect(taggedCopy(blobOf(long.subarray(0, 5000)), { facts: FACTS, removeGps: false })).rejects.toMatchObject({
      code: 'decode-unsupported',
    });
  });

  it('never hangs or breaks on damaged heads: an error of ours, or a copy with the same body', async () => {
    const original = await bytesOf(await taggedCopy(blobOf(await drawnJpeg()), { facts: FACTS, removeGps: false }));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat({ max: 3000 }), fc.nat({ max: 255 })), { maxLength: 12 }), async (changes) => {
        const damaged = Buffer.from(original);
        for (const [at, value] of changes) if (at < damaged.length && at > 3) damaged[at] = value;
        const tail = damaged.subarray(-200);
        try {
          const copy = await bytesOf(await taggedCopy(blobOf(damaged), { facts: FACTS, removeGps: true }));
          expect(copy.subarray(-200).equals(tail)).toBe(true);
          expect(metadataOf(readJpegHead(Uint8Array.from(copy))!).xmp).toContain('佐藤 花子');
        } catch (error) {
          expect((error as { code?: string }).code).toMatch(/decode-unsupported|invalid-input/);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('leaves words beyond ASCII to XMP where the file’s own texts are in an encoding that nobody names', async () => {
    const latin = Buffer.concat([Buffer.from([0x1c, 2, 25, 0, 4]), Buffer.from('M\xfcll', 'latin1')]);
    const resource = Buffer.concat([
      Buffer.from('8BIM\x04\x04\0\0', 'latin1'),
      Buffer.from([0, 0, 0, latin.length]),
      latin,
      Buffer.alloc(latin.length % 2),
    ]);
    const whole = Buffer.from(withIptc(resource, { keywords: ['7', '佐藤'], staleKeywords: [], creator: '', copyright: '' }));
    expect(whole.includes(Buffer.from('M\xfcll', 'latin1'))).toBe(true);
    expect(whole.includes(Buffer.from('佐藤'))).toBe(false);
    expect(whole.includes(Buffer.from([0x1c, 2, 25, 0, 1, 0x37]))).toBe(true);
    expect(whole.includes(Buffer.from([0x1b, 0x25, 0x47]))).toBe(false);
  });
});
