/** @file From linear light to something that a phone could have taken: depth of field, exposure, cast, falloff, noise, JPEG. */
import sharp from 'sharp';
import type { Rendered } from './rasteriser.ts';
import { gaussian, seededRandom } from './seeded-random.ts';
import type { Vector } from './solids.ts';

export interface Finish {
  readonly seed: string;
  readonly exposure: number;
  /** White balance: factors on red, green, blue. */
  readonly cast: Vector;
  /** Blur of what lies behind, px. */
  readonly backgroundBlurPx: number;
  /** Blur of everything: focus and hand. */
  readonly blurPx: number;
  /** Deviation of the noise in 8-bit steps at mid grey. */
  readonly noise: number;
  /** Darkening of the corners, 0..1. */
  readonly falloff: number;
  readonly quality: number;
}

function toSrgb(value: number): number {
  // A soft shoulder instead of clipped highlights.
  const pressed = value < 0.75 ? value : 0.75 + 0.25 * (1 - Math.exp(-(value - 0.75) / 0.25));
  return pressed <= 0.0031308 ? pressed * 12.92 : 1.055 * pressed ** (1 / 2.4) - 0.055;
}

/** @returns JPEG. */
export async function finishPhoto(rendered: Rendered, finish: Finish): Promise<Buffer> {
  const { widthPx, heightPx, rgb, coverage } = rendered;
  const raw = { width: widthPx, height: heightPx, channels: 3 as const };
  const front = Buffer.alloc(rgb.length);
  for (let i = 0; i < rgb.length; i++) front[i] = Math.round(255 * Math.min(1, toSrgb(rgb[i]! * finish.exposure * finish.cast[i % 3]!)));
  const mixed = finish.backgroundBlurPx >= 0.4 ? await blurBehind(front, coverage, raw, finish.backgroundBlurPx) : front;
  const focused = finish.blurPx >= 0.3 ? await sharp(mixed, { raw }).blur(finish.blurPx).raw().toBuffer() : mixed;
  const random = seededRandom(finish.seed);
  for (let y = 0; y < heightPx; y++)
    for (let x = 0; x < widthPx; x++) {
      const [dx, dy] = [x / widthPx - 0.5, y / heightPx - 0.5];
      const dim = 1 - finish.falloff * 2 * (dx * dx + dy * dy);
      const grain = gaussian(random) * finish.noise;
      for (let k = 0; k < 3; k++) {
        const at = (y * widthPx + x) * 3 + k;
        // Brightness noise mostly, a little colour noise: as small sensors do.
        focused[at] = Math.max(0, Math.min(255, Math.round(focused[at]! * dim + grain * 0.8 + gaussian(random) * finish.noise * 0.35)));
      }
    }
  return sharp(focused, { raw }).jpeg({ quality: finish.quality, chromaSubsampling: '4:2:0', mozjpeg: true }).toBuffer();
}

/** Depth of field: what is no object is blurred among itself, so that no colour of an object bleeds into it. */
async function blurBehind(
  front: Buffer,
  coverage: Float32Array,
  raw: { width: number; height: number; channels: 3 },
  blurPx: number,
): Promise<Buffer> {
  const behind = Buffer.alloc(front.length);
  const weight = Buffer.alloc(front.length);
  for (let i = 0; i < front.length; i++) {
    const share = 1 - coverage[Math.floor(i / 3)]!;
    behind[i] = Math.round(front[i]! * share);
    weight[i] = Math.round(255 * share);
  }
  const [blurred, blurredWeight] = await Promise.all([behind, weight].map((image) => sharp(image, { raw }).blur(blurPx).raw().toBuffer()));
  const mixed = Buffer.alloc(front.length);
  for (let i = 0; i < front.length; i++) {
    const share = coverage[Math.floor(i / 3)]!;
    const around = blurredWeight![i]! > 0 ? Math.min(255, (blurred![i]! * 255) / blurredWeight![i]!) : front[i]!;
    mixed[i] = Math.round(front[i]! * share + around * (1 - share));
  }
  return mixed;
}
