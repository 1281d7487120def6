/** @file Colours and sharpness of runners, on drawn ones. */
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import type { Box } from '../../../src/contracts/geometry.ts';
import type { Frame } from '../../../src/contracts/media.ts';
import { photoSharpness } from '../../../src/core/race/sharpness.ts';
import { dot } from '../../../src/core/vector.ts';
import { FrameLevels } from '../../../workers/stages/frame-levels.ts';
import { lookAtRunners } from '../../../workers/stages/look-at-runners.ts';

/** Runners of 200 × 600 px side by side: striped shirts, dark shorts, grey street around. */
async function drawn(shirts: readonly string[], blurPx = 0): Promise<Frame> {
  const width = 300 * shirts.length;
  const bodies = shirts.map((shirt, i) => {
    const x = i * 300 + 50;
    const stripes = Array.from({ length: 12 }, (_, s) => `<rect x="${x}" y="${150 + s * 20}" width="200" height="8" fill="#fff"/>`).join(
      '',
    );
    return `<circle cx="${x + 100}" cy="90" r="50" fill="#c99"/><rect x="${x}" y="140" width="200" height="250" fill="${shirt}"/>${stripes}<rect x="${x + 20}" y="390" width="160" height="260" fill="#223"/>`;
  });
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="700"><rect width="100%" height="100%" fill="#999"/>${bodies.join('')}</svg>`;
  const image = blurPx > 0 ? sharp(Buffer.from(svg)).blur(blurPx) : sharp(Buffer.from(svg));
  const { data, info } = await image.ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  return { widthPx: info.width, heightPx: info.height, data: new Uint8ClampedArray(data) };
}

const boxOf = (i: number, of: number): Box => ({ x: (i * 300 + 40) / (300 * of), y: 30 / 700, width: 220 / (300 * of), height: 640 / 700 });

describe('looks', () => {
  it('tell shirts apart and know one again in another frame', async () => {
    const first = await lookAtRunners(
      new FrameLevels(await drawn(['#c02020', '#2040c0', '#c02020'])),
      [0, 1, 2].map((i) => boxOf(i, 3)),
    );
    const [red, blue, same] = first.map(({ look }) => look);
    expect(dot(red!, same!)).toBeGreaterThan(0.98);
    expect(dot(red!, blue!)).toBeLessThan(dot(red!, same!) - 0.15);
  });

  it('refuse a runner of no size, and cut one at the edge', async () => {
    const levels = new FrameLevels(await drawn(['#c02020']));
    await expect(lookAtRunners(levels, [{ x: 0, y: 0, width: 0, height: 1 }])).rejects.toMatchObject({ code: 'invalid-input' });
    expect(await lookAtRunners(levels, [{ x: -0.2, y: 0.1, width: 0.6, height: 1.4 }])).toHaveLength(1);
  });
});

describe('sharpness', () => {
  it('falls as a runner is blurred', async () => {
    const at = async (blurPx: number): Promise<number> =>
      (await lookAtRunners(new FrameLevels(await drawn(['#c02020'], blurPx)), [boxOf(0, 1)]))[0]!.sharpness01!;
    const [sharpest, soft, blurred] = [await at(0), await at(3), await at(9)];
    expect(sharpest).toBeGreaterThan(soft + 0.05);
    expect(soft).toBeGreaterThan(blurred + 0.05);
  });

  it('is that of the main runners, not of small ones behind', () => {
    const runners = [
      { height: 0.8, sharpness01: 0.3 },
      { height: 0.6, sharpness01: 0.5 },
      { height: 0.2, sharpness01: 0.9 },
      { height: 0.7, sharpness01: null },
    ];
    expect(photoSharpness(runners)).toBe(0.5);
    expect(photoSharpness([])).toBeNull();
  });
});
