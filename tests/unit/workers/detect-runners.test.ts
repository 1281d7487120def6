/** @file When a race photo is looked at again from nearer, and how the looks are put together, with a net that knows what is where. */
import { expect, it } from 'vitest';
import type { Frame } from '../../../src/contracts/media.ts';
import type { Runtime, Tensor } from '../../../src/contracts/runtime.ts';
import { detectRunners } from '../../../workers/stages/detect-runners.ts';
import { FrameLevels } from '../../../workers/stages/frame-levels.ts';

type Rectangle = readonly [x: number, y: number, width: number, height: number];

/** Black frame with red people and, on them, white bibs: what the fake net takes for such. */
function race(widthPx: number, heightPx: number, people: readonly Rectangle[], bibs: readonly Rectangle[]): Frame {
  const pixels = new Uint32Array(widthPx * heightPx).fill(0xff000000);
  const fill = (rectangles: readonly Rectangle[], colour: number) => {
    for (const [x, y, w, h] of rectangles)
      for (let row = y; row < y + h; row++) pixels.fill(colour, row * widthPx + x, row * widthPx + x + w);
  };
  fill(people, 0xff0000ff);
  fill(bibs, 0xffffffff);
  return { widthPx, heightPx, data: new Uint8ClampedArray(pixels.buffer) };
}

/**
 * A net that sees red people and white bibs of at least `minBibPx` wide, and answers as the real one does; each picture
 * comes as it is and mirrored. `sizes` are those of the pictures.
 */
function runtimeOf({ minBibPx = 8, logit = 2 } = {}): { runtime: Runtime; sizes: [number, number][] } {
  const sizes: [number, number][] = [];
  let runs = 0;
  const run = ({ image }: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>> => {
    const [, , height = 0, width = 0] = image!.dims;
    if (++runs % 2 === 1) sizes.push([width, height]);
    const mapOf = (channel: number, stridePx: number, unitPx: number, minPx: number): Tensor => {
      const isOn = (x: number, y: number) =>
        x >= 0 && y >= 0 && x < width && y < height && Number(image!.data[(channel * height + y) * width + x]) > 0.6;
      const [w4, h4] = [width / stridePx, height / stridePx];
      const data = new Float32Array(5 * w4 * h4).fill(-9);
      for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++) {
          if (!isOn(x, y) || isOn(x - 1, y) || isOn(x, y - 1)) continue;
          let [w, h] = [1, 1];
          while (isOn(x + w, y)) w++;
          while (isOn(x, y + h)) h++;
          if (w < minPx) continue;
          const cy = Math.floor((y + h / 2) / stridePx);
          for (const cx of cellsAt((x + w / 2) / stridePx)) {
            const [px, py] = [(cx + 0.5) * stridePx, (cy + 0.5) * stridePx];
            data[cy * w4 + cx] = logit;
            [px - x, py - y, x + w - px, y + h - py].forEach(
              (distance, i) => (data[(i + 1) * w4 * h4 + cy * w4 + cx] = Math.log(Math.expm1(Math.max(0.01, distance) / unitPx))),
            );
          }
        }
      return { type: 'float32', data, dims: [1, 5, h4, w4] };
    };
    // The padding is grey: below what counts as on. Red is in every person, blue in bibs alone.
    return Promise.resolve({ people: mapOf(0, 16, 64, 8), bibs: mapOf(2, 4, 16, minBibPx) });
  };
  const model = { modelId: 'bib-detector', backend: 'wasm', inputNames: ['image'], outputNames: ['people', 'bibs'], run };
  return { runtime: { ort: () => Promise.resolve(model) } as unknown as Runtime, sizes };
}

/** Cells that a middle lies in: two when it lies between them. */
function cellsAt(middle: number): number[] {
  return [...new Set([Math.ceil(middle) - 1, Math.floor(middle)])];
}

/** A runner of so many pixels with a bib on the chest. */
function runner(x: number, y: number, heightPx: number): { person: Rectangle; bib: Rectangle } {
  const [w, h] = [Math.round(heightPx * 0.36), Math.round(heightPx * 0.09)];
  const wide = Math.round(heightPx * 0.12);
  return { person: [x, y, w, heightPx], bib: [x + ((w - wide) >> 1), y + Math.round(heightPx * 0.3), wide, h] };
}

const photoOf = (widthPx: number, heightPx: number, runners: readonly ReturnType<typeof runner>[]): FrameLevels =>
  new FrameLevels(
    race(
      widthPx,
      heightPx,
      runners.map(({ person }) => person),
      runners.map(({ bib }) => bib),
    ),
  );

it('finds nothing where the net sees nothing, with one look', async () => {
  const { runtime, sizes } = runtimeOf();
  expect(await detectRunners(photoOf(2048, 1365, []), runtime)).toEqual({ people: [], bibs: [] });
  expect(sizes).toHaveLength(1);
});

it('looks once at large runners, and finds person and bib where they are', async () => {
  const { runtime, sizes } = runtimeOf();
  const large = [runner(300, 200, 1000), runner(1100, 250, 1000)];
  const { people, bibs } = await detectRunners(photoOf(2048, 1365, large), runtime);
  expect(sizes).toHaveLength(1);
  expect(people).toHaveLength(2);
  expect(bibs).toHaveLength(2);
  for (const { bib } of large) {
    const near = bibs.filter(({ box }) => Math.abs(box.x * 2048 - bib[0]) < 6 && Math.abs(box.y * 1365 - bib[1]) < 6);
    expect(near).toHaveLength(1);
    expect(near[0]!.box.width * 2048).toBeGreaterThan(bib[2] - 8);
    expect(near[0]!.box.width * 2048).toBeLessThan(bib[2] + 8);
  }
});

it('holds a bib far behind the others for less sure, but for no fainter', async () => {
  const { runtime } = runtimeOf();
  const { bibs } = await detectRunners(photoOf(2048, 1365, [runner(1300, 300, 440), runner(300, 200, 1000)]), runtime);
  expect(bibs).toHaveLength(2);
  const [front, back] = bibs.map(({ box, confidence01 }) => ({ heightPx: box.height * 1365, confidence01 }));
  expect(front!.heightPx).toBeGreaterThan(80);
  expect(front!.confidence01).toBeCloseTo(1 / (1 + Math.exp(-2)), 2);
  expect(back!.confidence01 / front!.confidence01).toBeCloseTo(Math.sqrt(back!.heightPx / front!.heightPx), 2);
  expect(bibs.map(({ isFaint }) => isFaint)).toEqual([false, false]);
  const { runtime: unsure } = runtimeOf({ logit: -1 });
  const faint = await detectRunners(photoOf(2048, 1365, [runner(300, 200, 1000)]), unsure, { minConfidence01: 0.2 });
  expect(faint.bibs).toMatchObject([{ isFaint: true }]);
});

it('looks again where runners are small: every bib once, none cut by the edge of the part', async () => {
  const { runtime, sizes } = runtimeOf();
  const small = Array.from({ length: 24 }, (_, i) => runner(40 + i * 82, 500 + (i % 3) * 20, 180));
  const { people, bibs } = await detectRunners(photoOf(2048, 1365, small), runtime);
  expect(people).toHaveLength(24);
  expect(bibs).toHaveLength(24);
  // The nearer look covers the band of runners, not the whole photo.
  expect(sizes).toHaveLength(2);
  expect(sizes[1]![0] * sizes[1]![1]).toBeLessThan(1280 * 853 * 0.4);
  for (const { box } of bibs) expect(box.width * 2048).toBeGreaterThan(16);
});

it('does not look again at people whose numbers nobody could read', async () => {
  const { runtime, sizes } = runtimeOf();
  const { people } = await detectRunners(photoOf(2048, 1365, [runner(300, 200, 1000), runner(1400, 500, 120)]), runtime);
  expect(people).toHaveLength(2);
  expect(sizes).toHaveLength(1);
});

it('leaves out what is less sure than it is told to', async () => {
  const photo = photoOf(1024, 683, [runner(300, 100, 500)]);
  const { runtime } = runtimeOf({ logit: -1.5 });
  expect(await detectRunners(photo, runtime)).toEqual({ people: [], bibs: [] });
  expect((await detectRunners(photo, runtime, { minConfidence01: 0.1 })).bibs).toHaveLength(1);
});

it('stops between two looks when it is cancelled', async () => {
  const { runtime, sizes } = runtimeOf();
  const stop = new Error('cancelled');
  const checkCancelled = () => Promise.reject(stop);
  await expect(detectRunners(photoOf(2048, 1365, [runner(500, 500, 180)]), runtime, { checkCancelled })).rejects.toBe(stop);
  expect(sizes).toHaveLength(1);
});
