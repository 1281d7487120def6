/** @file Camera files as they lie on a card: what they say, and the picture that a RAW holds. */
import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { sourceOf, walkFile } from '../../../src/core/photo/byte-source.ts';
import { describeFile } from '../../../src/core/photo/describe-file.ts';
import { contentHashOf, openPhotoFile } from '../../../src/flow/photo-file.ts';
import { drawnJpeg, drawnTiff, isoBox, type Field } from './camera-file.ts';

const EXIF = {
  IFD0: { Make: 'Canon', Model: 'Canon EOS R5' },
  IFD2: {
    DateTimeOriginal: '2026:11:22 09:15:02',
    SubSecTimeOriginal: '07',
    OffsetTimeOriginal: '+09:00',
    BodySerialNumber: '0123',
  },
};
const AT_MS = Date.UTC(2026, 10, 22, 9, 15, 2, 70);
const PHOTOMETRIC_SENSOR = 32803;
const blobOf = (bytes: Uint8Array): Blob => new Blob([new Uint8Array(bytes)]);

async function sizeOf(picture: Blob): Promise<{ width: number; height: number }> {
  const { autoOrient } = await sharp(new Uint8Array(await picture.arrayBuffer())).metadata();
  return autoOrient;
}

describe('what a JPEG says', () => {
  it('is told as another writer put it in', async () => {
    const { picture, facts } = await openPhotoFile(blobOf(await drawnJpeg(64, 48, EXIF, 6)));
    expect(facts).toEqual({ cameraLabel: 'Canon EOS R5 · 0123', cameraAtMs: AT_MS, cameraUtcOffsetMinutes: 540, orientation: 6 });
    expect(picture.size).toBeGreaterThan(1000);
  });

  it('is nothing where there is nothing, or a time that never was', async () => {
    const nothing = { cameraLabel: null, cameraAtMs: null, cameraUtcOffsetMinutes: null, orientation: 1 };
    expect(describeFile(sourceOf(await drawnJpeg()))).toMatchObject({ kind: 'image' });
    const text = new TextEncoder().encode('no photo at all, but a text that is long enough');
    expect(describeFile(sourceOf(text))).toEqual({ kind: 'image', preview: null, ...nothing });
    for (const time of ['0000:00:00 00:00:00', '2026:02:31 10:00:00', '    :  :     :  :  '])
      expect(describeFile(sourceOf(await drawnJpeg(64, 48, { IFD2: { DateTimeOriginal: time } }))).cameraAtMs).toBeNull();
  });

  it('does not depend on how the file is read, and never throws on a damaged one', async () => {
    const whole = await drawnJpeg(64, 48, EXIF, 6);
    const piecewise = await walkFile(whole.length, async (offset, length) => whole.subarray(offset, offset + length), describeFile);
    expect(piecewise).toEqual(describeFile(sourceOf(whole)));
    fc.assert(
      fc.property(fc.nat(700), fc.nat(255), fc.nat(whole.length), (at, value, length) => {
        const damaged = whole.slice(0, length);
        damaged[at] = value;
        describeFile(sourceOf(damaged));
      }),
      { numRuns: 500 },
    );
  });
});

describe('a RAW on a TIFF', () => {
  it.each([
    ['little-endian, 42', { magic: 42, isLittle: true }],
    ['big-endian, as Nikon writes it', { magic: 42, isLittle: false }],
    ['Olympus', { magic: 0x4f52, isLittle: true }],
    ['Panasonic', { magic: 0x55, isLittle: true }],
  ])('gives the largest picture of its directories, upright: %s', async (_name, options) => {
    const [small, large] = [await drawnJpeg(80, 60), await drawnJpeg(240, 160)];
    const file = drawnTiff(
      ({ picture, directory }): Field[][] => [
        [
          [0x010f, 2, 'NIKON CORPORATION'],
          [0x0110, 2, 'NIKON Z 9'],
          [0x0112, 3, [8]],
          [0x014a, 4, [directory[2]!, directory[3]!]],
          [0x8769, 4, [directory[1]!]],
        ],
        [
          [0x9003, 2, '2026:11:22 09:15:02'],
          [0x9291, 2, '07'],
        ],
        [
          [0x0201, 4, [picture[1]!]],
          [0x0202, 4, [large.length]],
        ],
        [
          [0x0201, 4, [picture[0]!]],
          [0x0202, 4, [small.length]],
        ],
      ],
      [small, large],
      { ...options, gapBytes: 300_000 },
    );
    const { picture, facts } = await openPhotoFile(blobOf(file));
    expect(facts).toMatchObject({ cameraLabel: 'NIKON Z 9', cameraAtMs: AT_MS, orientation: 8 });
    expect(await sizeOf(picture)).toEqual({ width: 160, height: 240 });
  });

  it('takes a strip for a picture when it is one, and sensor values never', async () => {
    const [picture, sensor] = [await drawnJpeg(80, 60), await drawnJpeg(400, 300)];
    const strips = (at: number, length: number, photometric: number): Field[] => [
      [0x0103, 3, [7]],
      [0x0106, 3, [photometric]],
      [0x0111, 4, [at]],
      [0x0117, 4, [length]],
    ];
    const file = drawnTiff(
      ({ picture: at, directory }) => [
        [...strips(at[0]!, picture.length, 6), [0x014a, 4, [directory[1]!]]],
        strips(at[1]!, sensor.length, PHOTOMETRIC_SENSOR),
      ],
      [picture, sensor],
    );
    expect(await sizeOf((await openPhotoFile(blobOf(file))).picture)).toEqual({ width: 80, height: 60 });
  });

  it('says so when it holds none', async () => {
    const file = drawnTiff(() => [[[0x0110, 2, 'A camera of old']]], []);
    await expect(openPhotoFile(blobOf(file))).rejects.toMatchObject({ code: 'decode-unsupported' });
  });

  it('is not read in a circle, nor beyond its end', async () => {
    const circle = drawnTiff(
      ({ directory }) => [
        [
          [0x014a, 4, [directory[0]!, 8, 4_000_000_000]],
          [0x0201, 4, [4_000_000_000]],
          [0x0202, 4, [4_000_000_000]],
        ],
      ],
      [],
    );
    await expect(openPhotoFile(blobOf(circle))).rejects.toMatchObject({ code: 'decode-unsupported' });
  });
});

describe('other RAW formats', () => {
  it('Fujifilm: the JPEG behind the header, with its own EXIF', async () => {
    const jpeg = await drawnJpeg(90, 60, EXIF, 6);
    const file = new Uint8Array(200 + jpeg.length);
    file.set(new TextEncoder().encode('FUJIFILMCCD-RAW 0201'));
    new DataView(file.buffer).setUint32(84, 200);
    new DataView(file.buffer).setUint32(88, jpeg.length);
    file.set(jpeg, 200);
    const { picture, facts } = await openPhotoFile(blobOf(file));
    expect(facts).toMatchObject({ cameraAtMs: AT_MS, orientation: 6 });
    expect(await sizeOf(picture)).toEqual({ width: 60, height: 90 });
  });

  it('Canon CR3: the full-size JPEG of the first track, else the preview', async () => {
    const [preview, full] = [await drawnJpeg(80, 60), await drawnJpeg(240, 160)];
    const cmt1 = drawnTiff(
      () => [
        [
          [0x010f, 2, 'Canon'],
          [0x0110, 2, 'Canon EOS R6'],
          [0x0112, 3, [6]],
        ],
      ],
      [],
    );
    const cmt2 = drawnTiff(
      () => [
        [
          [0x9003, 2, '2026:11:22 09:15:02'],
          [0x9011, 2, '+09:00'],
          [0x9291, 2, '07'],
        ],
      ],
      [],
    );
    const header = isoBox('ftyp', new TextEncoder().encode('crx \0\0\0\x01crx isom'));
    const words = (...values: readonly number[]): Uint8Array => {
      const bytes = new Uint8Array(values.length * 4);
      values.forEach((value, i) => new DataView(bytes.buffer).setUint32(i * 4, value));
      return bytes;
    };
    const moovOf = (at: number): Uint8Array => {
      const table = isoBox('stbl', isoBox('stsz', words(0, full.length, 1)), isoBox('co64', words(0, 1, 0, at)));
      const track = isoBox('trak', isoBox('mdia', isoBox('minf', table)));
      return isoBox('moov', isoBox('85c0b687820f11e08111f4ce462b6a48', isoBox('CMT1', cmt1), isoBox('CMT2', cmt2)), track);
    };
    const previewBox = isoBox(
      'eaf42b5e1c984b88b9fbb7dc406e4d16',
      new Uint8Array(8),
      isoBox('PRVW', new Uint8Array(12), words(preview.length), preview),
    );
    const at = header.length + moovOf(0).length + previewBox.length + 8;
    const whole = (fullAt: number): Blob =>
      new Blob([header, moovOf(fullAt), previewBox, isoBox('mdat', full)].map((part) => new Uint8Array(part)));
    const { picture, facts } = await openPhotoFile(whole(at));
    expect(facts).toEqual({ cameraLabel: 'Canon EOS R6', cameraAtMs: AT_MS, cameraUtcOffsetMinutes: 540, orientation: 6 });
    expect(await sizeOf(picture)).toEqual({ width: 160, height: 240 });
    expect(await sizeOf((await openPhotoFile(whole(0))).picture)).toEqual({ width: 60, height: 80 });
  });

  it('HEIC: EXIF of the item that holds it; the picture is the file', async () => {
    const tiff = drawnTiff(
      ({ directory }) => [
        [
          [0x010f, 2, 'Apple'],
          [0x0110, 2, 'iPhone 16'],
          [0x0112, 3, [6]],
          [0x8769, 4, [directory[1]!]],
        ],
        [[0x9003, 2, '2026:11:22 09:15:02']],
      ],
      [],
    );
    const text = (value: string): Uint8Array => new TextEncoder().encode(value);
    const header = isoBox('ftyp', text('heic\0\0\0\0mif1heic'));
    const infe = isoBox('infe', Uint8Array.of(2, 0, 0, 0, 0, 5, 0, 0), text('Exif\0'));
    const iinf = isoBox('iinf', Uint8Array.of(0, 0, 0, 0, 0, 1), infe);
    const metaOf = (at: number): Uint8Array =>
      // Version 1: offsets and lengths of four bytes, no base.
      isoBox(
        'meta',
        new Uint8Array(4),
        iinf,
        isoBox('iloc', Uint8Array.of(1, 0, 0, 0, 0x44, 0, 0, 1, 0, 5, 0, 0, 0, 0, 0, 1), words32(at, tiff.length + 4)),
      );
    const at = header.length + metaOf(0).length + 8;
    const file = new Blob([header, metaOf(at), isoBox('mdat', new Uint8Array(4), tiff)].map((part) => new Uint8Array(part)));
    const { picture, facts } = await openPhotoFile(file);
    expect(facts).toMatchObject({ cameraLabel: 'Apple iPhone 16', cameraAtMs: Date.UTC(2026, 10, 22, 9, 15, 2), orientation: 1 });
    expect(picture).toBe(file);
  });
});

function words32(...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  values.forEach((value, i) => new DataView(bytes.buffer).setUint32(i * 4, value));
  return bytes;
}

describe('the hash of a file', () => {
  it('is the same for copies and another for another frame', async () => {
    const bytes = await drawnJpeg(64, 48, EXIF, 6);
    const other = bytes.slice();
    other[other.length - 20]! ^= 1;
    expect(await contentHashOf(blobOf(bytes))).toMatch(/^[0-9a-f]{64}$/);
    expect(await contentHashOf(blobOf(bytes))).toBe(await contentHashOf(blobOf(bytes.slice())));
    expect(await contentHashOf(blobOf(other))).not.toBe(await contentHashOf(blobOf(bytes)));
  });
});
