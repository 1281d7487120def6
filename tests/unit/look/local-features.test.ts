import sharp, { type Sharp } from 'sharp';
import { describe, expect, it } from 'vitest';
import { createNodeRuntime } from '../../../server/runtime/node-runtime.ts';
import { WHOLE_FRAME } from '../../../src/contracts/geometry.ts';
import type { Frame } from '../../../src/contracts/media.ts';
import type { LocalFeatures } from '../../../src/contracts/results.ts';
import { extractFeatures, LOCAL_FEATURES_ALGORITHM, verifyPack } from '../../../workers/stages/local-features.ts';

const runtime = createNodeRuntime();

/** Front of an invented pack; `seed` makes it another product. */
function packSvg(seed: number): string {
  const colour = (i: number) => `hsl(${(seed * 97 + i * 61) % 360} 70% ${35 + ((seed * 13 + i * 29) % 45)}%)`;
  const shapes = Array.from({ length: 26 }, (_, i) => {
    const x = (seed * 37 + i * 71) % 260;
    const y = (seed * 53 + i * 113) % 360;
    const size = 14 + ((seed + i * 17) % 40);
    return i % 3 === 0
      ? `<circle cx="${x}" cy="${y}" r="${size / 2}" fill="${colour(i)}"/>`
      : `<path d="M${x} ${y}l${size} ${(i * 7) % 20}l${-size / 2} ${size}z" fill="${colour(i)}" stroke="#222"/>`;
  });
  const words = `<text x="20" y="200" font-size="52" font-family="DejaVu Sans, sans-serif">PACK ${seed * 7}</text>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="300" height="400"><rect width="300" height="400" fill="${colour(40)}"/>${shapes.join('')}${words}</svg>`;
}

async function toFrame(image: Sharp): Promise<Frame> {
  const { data, info } = await image.ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  return { widthPx: info.width, heightPx: info.height, data: new Uint8ClampedArray(data) };
}
const drawPack = (seed: number) =>
  sharp(Buffer.from(packSvg(seed)))
    .png()
    .toBuffer();
const frameOf = async (seed: number) => toFrame(sharp(await drawPack(seed)));
/** The pack in a hand: turned, sheared, smaller, brighter, on another background. */
async function seenAgain(seed: number): Promise<Frame> {
  const sheared = await sharp(await drawPack(seed))
    .affine([0.9, 0.12, -0.05, 0.85], { background: '#777' })
    .png()
    .toBuffer();
  return toFrame(
    sharp(await sharp(sheared).rotate(18, { background: '#777' }).png().toBuffer())
      .modulate({ brightness: 1.2 })
      .blur(0.6),
  );
}

describe('extractFeatures and verifyPack', { timeout: 60_000 }, () => {
  it('knows a pack again, and tells it from another', async () => {
    const references = await Promise.all(
      [1, 2, 3].map(async (seed) => ({
        galleryId: String(seed),
        features: await extractFeatures(await frameOf(seed), WHOLE_FRAME, runtime),
      })),
    );
    const verdicts = await verifyPack(await seenAgain(2), WHOLE_FRAME, references, runtime);
    expect(verdicts.map(({ galleryId, isSamePack }) => [galleryId, isSamePack])).toEqual([
      ['1', false],
      ['2', true],
      ['3', false],
    ]);
    expect(verdicts[1]!.inliers).toBeGreaterThan(25);
  });

  it('does not know the mirrored pack', async () => {
    const features = await extractFeatures(await frameOf(4), WHOLE_FRAME, runtime);
    const mirrored = await toFrame(sharp(await drawPack(4)).flop());
    const [verdict] = await verifyPack(mirrored, WHOLE_FRAME, [{ galleryId: 'x', features }], runtime);
    expect(verdict?.isSamePack).toBe(false);
  });

  it('stores what the contract says', async () => {
    const { algorithm, count, points, descriptors, descriptorBytes, aspect } = await extractFeatures(
      await frameOf(5),
      WHOLE_FRAME,
      runtime,
    );
    expect(algorithm).toBe(LOCAL_FEATURES_ALGORITHM);
    expect(count).toBeGreaterThan(50);
    expect(count).toBeLessThanOrEqual(400);
    expect([points.length, descriptors.length]).toEqual([2 * count, descriptorBytes * count]);
    expect(Math.min(...points)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...points)).toBeLessThanOrEqual(1);
    expect(aspect).toBeCloseTo(0.75, 2);
  });

  it('bears a plain crop, a crop of one pixel, no references, and references of another algorithm', async () => {
    const plain: Frame = { widthPx: 80, heightPx: 60, data: new Uint8ClampedArray(80 * 60 * 4).fill(200) };
    const empty = await extractFeatures(plain, WHOLE_FRAME, runtime);
    expect(empty.count).toBe(0);
    expect((await extractFeatures(plain, { x: 0, y: 0, width: 0.01, height: 0.01 }, runtime)).count).toBe(0);
    const own = await extractFeatures(await frameOf(6), WHOLE_FRAME, runtime);
    const old: LocalFeatures = { ...own, algorithm: 'older-1' };
    expect(await verifyPack(await frameOf(6), WHOLE_FRAME, [], runtime)).toEqual([]);
    const references = [empty, old].map((features, i) => ({ galleryId: String(i), features }));
    const verdicts = await verifyPack(await frameOf(6), WHOLE_FRAME, references, runtime);
    expect(verdicts.map(({ isSamePack }) => isSamePack)).toEqual([false, false]);
  });
});
