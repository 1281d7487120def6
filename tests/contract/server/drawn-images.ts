/** @file Small drawn images for the tests of recognition. */
import { readFileSync } from 'node:fs';
import { toBuffer } from 'bwip-js/node';
import sharp from 'sharp';

/** GTIN-14 of {@link barcodePhoto}. */
export const DRAWN_GTIN = '04901234567894';

/** A barcode left of the middle on a grey ground, 900 × 600. */
export async function barcodePhoto(): Promise<Buffer> {
  const code = await toBuffer({ bcid: 'ean13', text: DRAWN_GTIN.slice(1), scale: 3, height: 20, backgroundcolor: 'FFFFFF', padding: 8 });
  return sharp({ create: { width: 900, height: 600, channels: 3, background: '#b8b0a4' } })
    .composite([{ input: code, left: 80, top: 180 }])
    .jpeg({ quality: 92 })
    .toBuffer();
}

/** The same picture stored lying on its side, with the EXIF orientation that puts it upright. */
export async function sidewaysBarcodePhoto(): Promise<Buffer> {
  return sharp(await barcodePhoto())
    .rotate(-90)
    .withMetadata({ orientation: 6 })
    .jpeg({ quality: 92 })
    .toBuffer();
}

/** A plain picture of a size. */
export function plainImage(type: 'jpeg' | 'png' | 'webp' | 'avif' | 'gif' | 'tiff', widthPx = 64, heightPx = 48): Promise<Buffer> {
  return sharp({ create: { width: widthPx, height: heightPx, channels: 3, background: '#3a7' } })
    .toFormat(type)
    .toBuffer();
}

/** A PNG of a few bytes whose header claims any size. */
export function claimedPng(widthPx: number, heightPx: number): Buffer {
  const bytes = Buffer.alloc(64);
  bytes.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52]);
  bytes.writeUInt32BE(widthPx, 16);
  bytes.writeUInt32BE(heightPx, 20);
  bytes.set([8, 2], 24);
  return bytes;
}

/** A photo of the demo. */
export function demoPhoto(name: string): Buffer {
  return readFileSync(new URL(`../../../public/demo/photos/${name}`, import.meta.url));
}
