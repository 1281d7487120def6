/** @file Types and sizes of real encoders' files, and files made to hurt. */
import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { assertDecodable, readImageHeader, sniffImageType } from '../../../src/core/image-header.ts';
import { jpegOrientation } from '../../../src/core/photo/describe-file.ts';

const picture = () => sharp({ create: { width: 37, height: 21, channels: 3, background: '#a05030' } });
const files = {
  jpeg: () => picture().jpeg().toBuffer(),
  png: () => picture().png().toBuffer(),
  webp: () => picture().webp().toBuffer(),
  avif: () => picture().avif().toBuffer(),
  gif: () => picture().gif().toBuffer(),
};

describe.each(Object.entries(files))('%s', (type, encode) => {
  it('is known by its bytes, with its size', async () => {
    expect(readImageHeader(new Uint8Array(await encode()))).toEqual({ type, widthPx: 37, heightPx: 21 });
  });
  it('never throws on any cut of it', async () => {
    const bytes = new Uint8Array(await encode());
    for (let length = 0; length < Math.min(bytes.length, 400); length++)
      expect(() => readImageHeader(bytes.subarray(0, length))).not.toThrow();
  });
});

it('reads lossless and extended WebP, and progressive and turned JPEG', async () => {
  expect(readImageHeader(new Uint8Array(await picture().webp({ lossless: true }).toBuffer()))).toMatchObject({ widthPx: 37, heightPx: 21 });
  expect(readImageHeader(new Uint8Array(await picture().ensureAlpha(0.5).webp().toBuffer()))).toMatchObject({ widthPx: 37, heightPx: 21 });
  expect(readImageHeader(new Uint8Array(await picture().jpeg({ progressive: true }).toBuffer()))).toMatchObject({
    widthPx: 37,
    heightPx: 21,
  });
  for (let orientation = 1; orientation <= 8; orientation++) {
    const bytes = new Uint8Array(await picture().withMetadata({ orientation }).jpeg().toBuffer());
    expect(jpegOrientation(bytes)).toBe(orientation);
    expect(readImageHeader(bytes)).toMatchObject({ widthPx: 37, heightPx: 21 });
  }
});

it('knows no type for text, programs and noise', () => {
  for (const text of [
    '',
    '<svg xmlns="http://www.w3.org/2000/svg"/>',
    '%PDF-1.7 and more',
    'MZ\u0090 and more of it',
    'BMission statement',
  ])
    expect(sniffImageType(new TextEncoder().encode(text))).toBeNull();
});

it('survives any bytes', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void readImageHeader(bytes)));
  const starts = [
    [0xff, 0xd8, 0xff],
    [...new TextEncoder().encode('RIFF....WEBPVP8X')],
    [0, 0, 0, 0x14, ...new TextEncoder().encode('ftypavif')],
  ];
  fc.assert(
    fc.property(
      fc.constantFrom(...starts),
      fc.uint8Array({ maxLength: 300 }),
      (start, rest) => void readImageHeader(new Uint8Array([...start, ...rest])),
    ),
  );
});

it('refuses the empty, the oversized, the unknown and the bomb, before any decoder sees them', () => {
  const refused = expect.objectContaining({ code: 'decode-unsupported' }) as Error;
  const header = { type: 'png', widthPx: 100, heightPx: 100 } as const;
  expect(() => assertDecodable(1000, header)).not.toThrow();
  expect(() => assertDecodable(0, null)).toThrow(refused);
  expect(() => assertDecodable(1000, null)).toThrow(refused);
  expect(() => assertDecodable(81 * 1024 * 1024, header)).toThrow(refused);
  expect(() => assertDecodable(1000, { ...header, widthPx: 20_000, heightPx: 20_000 })).toThrow(refused);
  expect(() => assertDecodable(1000, { ...header, widthPx: 0 })).toThrow(refused);
});
