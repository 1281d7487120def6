/** @file A product as a thing that can be photographed: its artwork on its shape. */
import sharp from 'sharp';
import type { DemoProduct } from './demo-products.ts';
import { backArt, BOTTLE_LABEL, edgeArt, frontArt, type Artwork } from './pack-art.ts';
import type { Painter } from './render-art.ts';
import { bag, box, disc, turned, type Material, type Mesh, type Texture, type Vector } from './solids.ts';

/** sRGB hex to linear light. */
export function linear(hex: string): Vector {
  return [1, 3, 5].map((from) => {
    const value = parseInt(hex.slice(from, from + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  }) as unknown as Vector;
}

/** @param png any picture; its halved copies are made here. */
export async function toTexture(png: Buffer): Promise<Texture> {
  const levels: { width: number; height: number; data: Uint8Array }[] = [];
  const { width, height } = await sharp(png).metadata();
  for (let [w, h] = [width, height]; w >= 4 && h >= 4; w = Math.floor(w / 2), h = Math.floor(h / 2)) {
    const data = await sharp(png).removeAlpha().toColourspace('srgb').resize(w, h, { fit: 'fill', kernel: 'cubic' }).raw().toBuffer();
    levels.push({ width: w, height: h, data });
  }
  return { levels };
}

const STEEL: Material = { texture: null, colour: [0.55, 0.56, 0.58], gloss: 0.5, polish: 0.75 };
const PAPER_LID: Material = { texture: null, colour: [0.72, 0.7, 0.66], gloss: 0.06, polish: 0.4 };

function plain(hex: string, gloss: number, polish: number): Material {
  return { texture: null, colour: linear(hex), gloss, polish };
}

/**
 * Paint and fold a pack.
 * @param scale pixels of artwork per CSS pixel (4 CSS pixels are a millimetre).
 */
export async function buildPack(product: DemoProduct, painter: Painter, scale: number): Promise<Mesh[]> {
  const printed = async (art: Artwork, gloss: number, polish: number): Promise<Material> => ({
    texture: await toTexture(await painter.paint(art, scale)),
    colour: [1, 1, 1],
    gloss,
    polish,
  });
  const { pack, colours } = product;
  const [ground, second, accent] = colours;
  switch (pack.shape) {
    case 'box': {
      const [gloss, polish] = [0.035, 0.5];
      const front = await printed(frontArt(product), gloss, polish);
      const back = await printed(backArt(product), gloss, polish);
      const side = await printed(edgeArt(product, pack.depthMm, pack.heightMm), gloss, polish);
      const top = await printed(edgeArt(product, pack.widthMm, pack.depthMm), gloss, polish);
      return box(pack.widthMm, pack.heightMm, pack.depthMm, { front, back, side, top });
    }
    case 'bag': {
      const front = await printed(frontArt(product), 0.075, 0.82);
      const back = await printed(backArt(product), 0.075, 0.82);
      return bag(pack.widthMm, pack.heightMm, pack.depthMm, front, back, product.id);
    }
    case 'can': {
      const front = await printed(frontArt(product), 0.09, 0.9);
      const back = await printed(backArt(product), 0.09, 0.9);
      const [r, h] = [pack.diameterMm / 2, pack.heightMm];
      const neck = Math.min(4.5, h * 0.05);
      return [
        ...turned([
          { top: [r - 1.2, h], bottom: [r - 0.4, h - 1.6], front: STEEL },
          { top: [r - 0.4, h - 1.6], bottom: [r - 2.2, h - 2.6], front: STEEL },
          { top: [r - 2.2, h - 2.6], bottom: [r, h - neck], front: STEEL },
          { top: [r, h - neck], bottom: [r, neck], front, back },
          { top: [r, neck], bottom: [r - 1.6, 1.8], front: STEEL },
          { top: [r - 1.6, 1.8], bottom: [r - 1.2, 0], front: STEEL },
          { top: [r - 1.2, h], bottom: [r - 3.4, h - 3], front: STEEL },
        ]),
        disc(r - 3.4, h - 3, STEEL),
      ];
    }
    case 'cup': {
      const front = await printed(frontArt(product), 0.04, 0.55);
      const back = await printed(backArt(product), 0.04, 0.55);
      const [top, bottom, h] = [pack.diameterMm / 2, pack.bottomMm / 2, pack.heightMm];
      return [
        ...turned([
          { top: [top + 1.6, h], bottom: [top + 2, h - 2.4], front: PAPER_LID },
          { top: [top + 2, h - 2.4], bottom: [top - 0.4, h - 4], front: PAPER_LID },
          { top: [top - 0.4, h - 4], bottom: [bottom, 3], front, back },
          { top: [bottom, 3], bottom: [bottom + 0.8, 0], front: plain(second, 0.03, 0.4) },
        ]),
        disc(top + 1.6, h, plain(ground, 0.08, 0.6)),
      ];
    }
    case 'bottle': {
      const front = await printed(frontArt(product), 0.07, 0.85);
      const back = await printed(backArt(product), 0.07, 0.85);
      const [r, h] = [pack.diameterMm / 2, pack.heightMm];
      const drink: Material = { texture: null, colour: linear(pack.drink), gloss: 0.07, polish: 0.97, glow: 0.32 };
      const cap = plain(accent, 0.05, 0.6);
      const labelTop = h * (BOTTLE_LABEL.from + BOTTLE_LABEL.height);
      const labelBottom = h * BOTTLE_LABEL.from;
      const profile: [number, number][] = [
        [r, labelTop + 2],
        [r * 0.99, h * 0.68],
        [r * 0.9, h * 0.75],
        [r * 0.72, h * 0.815],
        [r * 0.52, h * 0.862],
        [r * 0.41, h * 0.89],
        [r * 0.4, h * 0.918],
      ];
      const shoulder = profile.slice(1).map((point, i) => ({ top: point, bottom: profile[i]!, front: drink }));
      return [
        ...turned([
          { top: [r * 0.44, h], bottom: [r * 0.45, h * 0.93], front: cap },
          { top: [r * 0.45, h * 0.93], bottom: [r * 0.5, h * 0.915], front: plain('#e8efe0', 0.06, 0.8) },
          ...shoulder,
          { top: [r, labelTop + 2], bottom: [r + 0.3, labelTop], front: drink },
          { top: [r + 0.3, labelTop], bottom: [r + 0.3, labelBottom], front, back },
          { top: [r, labelBottom], bottom: [r * 0.95, h * 0.15], front: drink },
          { top: [r * 0.95, h * 0.15], bottom: [r, h * 0.11], front: drink },
          { top: [r, h * 0.11], bottom: [r * 0.96, h * 0.03], front: drink },
          { top: [r * 0.96, h * 0.03], bottom: [r * 0.8, 0], front: drink },
        ]),
        disc(r * 0.44, h, cap),
      ];
    }
  }
}
