/** @file How the looks of the facing detector are planned and put together, with a net that knows what is where. */
import { expect, it } from 'vitest';
import type { Frame } from '../../../src/contracts/media.ts';
import type { Runtime, Tensor } from '../../../src/contracts/runtime.ts';
import { detectShelf } from '../../../workers/stages/detect-shelf.ts';
import { FrameLevels } from '../../../workers/stages/frame-levels.ts';

const WHITE = 255;

/** Black frame with white rectangles: what the fake net takes for facings. */
function shelf(widthPx: number, heightPx: number, goods: readonly (readonly [number, number, number, number])[]): Frame {
  const data = new Uint8ClampedArray(widthPx * heightPx * 4);
  for (const [x, y, w, h] of goods)
    for (let row = y; row < y + h; row++) data.fill(WHITE, (row * widthPx + x) * 4, (row * widthPx + x + w) * 4);
  return { widthPx, heightPx, data };
}

/**
 * A net that sees white rectangles of at least `minPx` and answers as the real one does; each picture
 * comes as it is and mirrored. `sizes` are those of the pictures.
 */
function runtimeOf(minPx = 6, logit = 2): { runtime: Runtime; sizes: [number, number][] } {
  const sizes: [number, number][] = [];
  let runs = 0;
  const run = ({ image }: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>> => {
    const [, , height = 0, width = 0] = image!.dims;
    if (++runs % 2 === 1) sizes.push([width, height]);
    const isWhite = (x: number, y: number) => x >= 0 && y >= 0 && x < width && y < height && Number(image!.data[y * width + x]) > 0.6;
    const cells = (width / 4) * (height / 4);
    const maps = new Float32Array(10 * cells).fill(-9);
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        if (!isWhite(x, y) || isWhite(x - 1, y) || isWhite(x, y - 1)) continue;
        let [w, h] = [1, 1];
        while (isWhite(x + w, y)) w++;
        while (isWhite(x, y + h)) h++;
        if (Math.min(w, h) < minPx) continue;
        const cy = Math.floor((y + h / 2) / 4);
        for (const cx of cellsAt((x + w / 2) / 4)) {
          const distances = [cx * 4 + 2 - x, cy * 4 + 2 - y, x + w - cx * 4 - 2, y + h - cy * 4 - 2];
          const at = cy * (width / 4) + cx;
          maps[at] = logit;
          distances.forEach((px, i) => (maps[(i + 1) * cells + at] = Math.log(Math.expm1(px / 16))));
        }
      }
    return Promise.resolve({ maps: { type: 'float32', data: maps, dims: [1, 10, height / 4, width / 4] } });
  };
  const model = { modelId: 'facing-detector', backend: 'wasm', inputNames: ['image'], outputNames: ['maps'], run };
  return { runtime: { ort: () => Promise.resolve(model) } as unknown as Runtime, sizes };
}

/** Cells that a middle lies in: two when it lies between them. */
function cellsAt(middle: number): number[] {
  return [...new Set([Math.ceil(middle) - 1, Math.floor(middle)])];
}

/** Goods on a grid, so many pixels wide and high, with a little air. */
function grid(columns: number, rows: number, w: number, h: number, stepX: number, stepY: number, from = 20) {
  return Array.from(
    { length: columns * rows },
    (_, i) => [from + (i % columns) * stepX, from + Math.floor(i / columns) * stepY, w, h] as const,
  );
}

it('finds nothing where the net sees nothing, with one look', async () => {
  const { runtime, sizes } = runtimeOf();
  expect(await detectShelf(new FrameLevels(shelf(2000, 1500, [])), runtime)).toEqual({ facings: [], gaps: [] });
  expect(sizes).toEqual([[512, 384]]);
});

it('looks once when the facings are of the right size', async () => {
  const { runtime, sizes } = runtimeOf();
  const { facings } = await detectShelf(new FrameLevels(shelf(512, 384, grid(6, 4, 50, 60, 80, 90))), runtime);
  expect(facings).toHaveLength(24);
  expect(sizes).toHaveLength(1);
});

it('looks again in tiles at a dense shelf: every facing once, none split by a seam', async () => {
  const goods = grid(60, 30, 40, 56, 56, 80);
  const { runtime, sizes } = runtimeOf();
  const { facings } = await detectShelf(new FrameLevels(shelf(3400, 2440, goods)), runtime);
  expect(facings).toHaveLength(1800);
  expect(sizes.length).toBeGreaterThan(4);
  for (const { box } of facings) {
    expect(box.width * 3400).toBeGreaterThan(36);
    expect(box.width * 3400).toBeLessThan(44);
    expect(box.height * 2440).toBeGreaterThan(52);
    expect(box.height * 2440).toBeLessThan(60);
  }
});

it('keeps large goods whole among many small ones', async () => {
  const large = [40, 1200, 700, 1000] as const;
  const { runtime } = runtimeOf();
  const { facings } = await detectShelf(new FrameLevels(shelf(3400, 2440, [...grid(60, 13, 40, 56, 56, 80), large])), runtime);
  const found = facings.filter(({ box }) => box.width * 3400 > 300);
  expect(found).toHaveLength(1);
  expect(found[0]!.box.height * 2440).toBeCloseTo(1000, -1);
  expect(facings).toHaveLength(781);
});

it('looks from further away at goods that fill the photo', async () => {
  const { runtime, sizes } = runtimeOf();
  const { facings } = await detectShelf(new FrameLevels(shelf(1600, 1200, grid(4, 1, 300, 900, 380, 1000))), runtime);
  expect(facings).toHaveLength(4);
  expect(sizes).toHaveLength(2);
  expect(sizes[1]![0]).toBeLessThan(512);
});

it('takes a few things that it is not sure of for no shelf', async () => {
  const goods = shelf(512, 384, grid(6, 4, 50, 60, 80, 90));
  expect((await detectShelf(new FrameLevels(goods), runtimeOf(6, -0.3).runtime)).facings).toEqual([]);
  expect((await detectShelf(new FrameLevels(goods), runtimeOf(6, 0.1).runtime)).facings).toHaveLength(24);
});

it('stops between two looks', async () => {
  const { runtime, sizes } = runtimeOf();
  const stop = new Error('stopped');
  const checkCancelled = () => Promise.reject(stop);
  await expect(detectShelf(new FrameLevels(shelf(3400, 2440, grid(60, 30, 40, 56, 56, 80))), runtime, { checkCancelled })).rejects.toBe(
    stop,
  );
  expect(sizes).toHaveLength(1);
});
