/** @file Photos of a pack that no catalogue knows, drawn for the tests that teach it. */
import sharp from 'sharp';

/** A photo as the file picker takes it. */
export interface PickedPhoto {
  readonly name: string;
  readonly mimeType: string;
  readonly buffer: Buffer;
}

/** The pack on a table, seen from `angle` degrees; 1200 × 1400. */
export async function unknownPack(angle: number): Promise<PickedPhoto> {
  const drawing = `<svg xmlns="http://www.w3.org/2000/svg" width="700" height="900">
    <rect width="700" height="900" fill="#2f7f6f"/><circle cx="350" cy="380" r="210" fill="#f3c13a"/>
    <path d="M120 640 L580 640 L350 820 Z" fill="#b3262e"/>
    <text x="350" y="140" font-family="sans-serif" font-size="96" font-weight="700" fill="#fff" text-anchor="middle">ZAKUROBO</text></svg>`;
  const pack = await sharp(Buffer.from(drawing)).rotate(angle, { background: '#c9c2b4' }).png().toBuffer();
  const scene = sharp({ create: { width: 1200, height: 1400, channels: 3, background: '#c9c2b4' } }).composite([
    { input: pack, gravity: 'centre' },
  ]);
  return { name: `pack-${angle}.jpg`, mimeType: 'image/jpeg', buffer: await scene.jpeg({ quality: 88 }).toBuffer() };
}
