/** @file Draws photos of bar codes for the tests: a code on a pack on a busy shelf, turned, small, blurred, slanted, inverted. */
import { toBuffer } from 'bwip-js/node';
import sharp from 'sharp';
import type { Frame } from '../../../src/contracts/media.ts';

/** What to draw. */
export interface BarcodeScene {
  readonly widthPx: number;
  readonly heightPx: number;
  /** bwip-js symbology and text. */
  readonly symbology: string;
  readonly text: string;
  /** Width of the code in pixels of the photo, before it is turned. */
  readonly codeWidthPx: number;
  readonly turnDeg?: number;
  /** Centre of the code, 0..1 of the photo. Default: the middle. */
  readonly at?: readonly [number, number];
  /** Sigma of the lens' blur in pixels. */
  readonly blurPx?: number;
  /** Bars at this grey level, gaps at `light`. */
  readonly dark?: number;
  readonly light?: number;
  readonly isInverted?: boolean;
  /** Horizontal shear: a pack seen from the side. */
  readonly shear?: number;
  /** Print and boxes around the code. */
  readonly isBusy?: boolean;
  readonly noise?: number;
}

/** Upright frame that shows the scene. */
export async function drawBarcodeScene(scene: BarcodeScene): Promise<Frame> {
  const { dark = 20, light = 240 } = scene;
  const png = await toBuffer({ bcid: scene.symbology, text: scene.text, scale: 6, height: 20, padding: 12, backgroundcolor: 'ffffff' });
  const paper = { r: light, g: light, b: light, alpha: 1 };
  let code = sharp(await sharp(png).resize({ width: scene.codeWidthPx }).flatten({ background: '#fff' }).greyscale().toBuffer()).linear(
    (light - dark) / 255,
    dark,
  );
  if (scene.isInverted === true) code = code.negate({ alpha: false });
  code = sharp(await code.toColourspace('srgb').ensureAlpha().png().toBuffer());
  if (scene.shear !== undefined) code = sharp(await code.affine([1, scene.shear, 0, 1], { background: paper }).png().toBuffer());
  const turned = await sharp(await code.png().toBuffer())
    .rotate(scene.turnDeg ?? 0, { background: scene.isBusy === true ? { r: 0, g: 0, b: 0, alpha: 0 } : paper })
    .png()
    .toBuffer({ resolveWithObject: true });
  const [x, y] = scene.at ?? [0.5, 0.5];
  const left = Math.max(0, Math.round(x * scene.widthPx - turned.info.width / 2));
  const top = Math.max(0, Math.round(y * scene.heightPx - turned.info.height / 2));
  const layers = [{ input: turned.data, left, top }];
  const { widthPx: width, heightPx: height } = scene;
  const background =
    scene.isBusy === true ? sharp(await busyShelf(scene)) : sharp({ create: { width, height, channels: 4, background: paper } });
  let photo = background.composite(layers);
  photo = sharp(await photo.png().toBuffer());
  if (scene.blurPx !== undefined) photo = photo.blur(scene.blurPx);
  const { data, info } = await photo.ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  const pixels = new Uint8ClampedArray(data);
  if (scene.noise !== undefined) addNoise(pixels, scene.noise);
  return { widthPx: info.width, heightPx: info.height, data: pixels };
}

/** Coloured boxes with lines of print on them, always the same ones. */
async function busyShelf({ widthPx, heightPx }: BarcodeScene): Promise<Buffer> {
  const random = seeded(7);
  const shapes = Array.from({ length: 60 }, () => {
    const x = random() * widthPx;
    const y = random() * heightPx;
    const width = (0.05 + random() * 0.15) * widthPx;
    const height = (0.05 + random() * 0.2) * heightPx;
    const hue = Math.floor(random() * 360);
    const lines = Array.from(
      { length: 4 },
      (_, i) =>
        `<text x="${x + 8}" y="${y + (i + 1) * height * 0.2}" font-size="${height * 0.16}" font-family="DejaVu Sans, sans-serif">Sample ${i}</text>`,
    );
    return `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="hsl(${hue} 60% 60%)" stroke="#333"/>${lines.join('')}`;
  });
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${widthPx}" height="${heightPx}"><rect width="100%" height="100%" fill="#999"/>${shapes.join('')}</svg>`;
  return sharp(Buffer.from(svg)).png().toBuffer();
}

function addNoise(pixels: Uint8ClampedArray, amplitude: number): void {
  const random = seeded(11);
  for (let i = 0; i < pixels.length; i++) if (i % 4 !== 3) pixels[i]! += (random() + random() - 1) * amplitude;
}

/** Mulberry32. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
