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

/** Place of the bib in {@link runnerPhoto}. */
export const DRAWN_BIB = { text: '1207', box: { x: 0.453, y: 0.365, width: 0.094, height: 0.0875 } } as const;

/** A runner on a road, 1280 × 960. */
export function runnerPhoto(): Promise<Buffer> {
  const limb = (colour: string, width: number, ...points: readonly string[]): string =>
    `<polyline points="${points.join(' ')}" fill="none" stroke="${colour}" stroke-width="${width}" stroke-linecap="round" stroke-linejoin="round"/>`;
  const skin = '#d9a177';
  return sharp(
    Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="1280" height="960">
      <defs><linearGradient id="sky" x2="0" y2="1"><stop offset="0" stop-color="#b8c8d8"/><stop offset=".45" stop-color="#7d8f6a"/>
        <stop offset=".5" stop-color="#8b8a88"/><stop offset="1" stop-color="#6f6e6d"/></linearGradient></defs>
      <rect width="1280" height="960" fill="url(#sky)"/>
      ${limb(skin, 45, '615,540', '600,690', '620,850')}${limb(skin, 45, '670,540', '705,675', '670,790')}
      ${limb('#23283a', 85, '615,530', '605,600')}${limb('#23283a', 85, '670,530', '690,600')}
      <rect x="550" y="275" width="180" height="260" rx="45" fill="#c0392b"/>
      ${limb(skin, 35, '555,315', '513,405', '570,460')}${limb(skin, 35, '725,315', '767,405', '710,460')}
      <ellipse cx="640" cy="205" rx="42" ry="57" fill="${skin}"/><path d="M595 180 a45 35 0 0 1 90 0 z" fill="#2b2018"/>
      <rect x="580" y="350" width="120" height="84" fill="#fff"/><rect x="580" y="350" width="120" height="14" fill="#1c4fa0"/>
      <text x="640" y="418" text-anchor="middle" font-family="DejaVu Sans, sans-serif" font-weight="700" font-size="46">${DRAWN_BIB.text}</text>
    </svg>`),
  )
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
