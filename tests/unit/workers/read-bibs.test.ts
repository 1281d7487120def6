/** @file How a bib is looked at twice and what is made of both looks, with a net that takes white for the number. */
import { expect, it } from 'vitest';
import type { Frame } from '../../../src/contracts/media.ts';
import type { Runtime, Tensor } from '../../../src/contracts/runtime.ts';
import { BIB_CLASSES, classOf } from '../../../src/core/race/bib-alphabet.ts';
import { PPOCR } from '../../../workers/stages/line-readers.ts';
import { FrameLevels } from '../../../workers/stages/frame-levels.ts';
import { readBibs } from '../../../workers/stages/read-bibs.ts';

const STEPS = 40;
const CHANNELS = BIB_CLASSES + 3;

/** Black, with what `isWhite` says. */
function frameOf(widthPx: number, heightPx: number, isWhite: (x: number, y: number) => boolean): Frame {
  const data = new Uint8ClampedArray(widthPx * heightPx * 4);
  for (let y = 0; y < heightPx; y++)
    for (let x = 0; x < widthPx; x++) if (isWhite(x, y)) data.fill(255, (y * widthPx + x) * 4, (y * widthPx + x) * 4 + 3);
  return { widthPx, heightPx, data };
}

/** What the net saw at one look: share of columns with white, and how far the line's top falls from its left to its right, in 0..1. */
interface Seen {
  readonly filled: number;
  readonly fall: number;
}

/** A net that reads every number as 7, in the middle of what is white, and a reader of lines that reads 8. */
function runtimeOf({ cutLogit = -3, certainty = 16 } = {}): { runtime: Runtime; seen: Seen[]; batches: number[]; lines: number[] } {
  const seen: Seen[] = [];
  const batches: number[] = [];
  const lines: number[] = [];
  const run = ({ image }: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>> => {
    const [count = 0, , height = 0, width = 0] = image!.dims;
    batches.push(count);
    const steps = new Float32Array(count * STEPS * CHANNELS);
    for (let look = 0; look < count; look++) {
      const white = (x: number, y: number) => Number(image!.data[look * 3 * height * width + y * width + x]) > 0.5;
      const tops: number[] = [];
      for (let step = 0; step < STEPS; step++) {
        const at = (look * STEPS + step) * CHANNELS;
        const x = Math.floor(((step + 0.5) * width) / STEPS);
        const rows = Array.from({ length: height }, (_, y) => y).filter((y) => white(x, y));
        steps[at] = certainty;
        steps[at + BIB_CLASSES] = rows.length > 0 ? 5 : -5;
        if (rows.length === 0) continue;
        tops.push(rows[0]! / height);
        steps[at + BIB_CLASSES + 1] = rows[0]! / height;
        steps[at + BIB_CLASSES + 2] = (rows.at(-1)! + 1) / height;
        if (step === STEPS / 2) steps[at + classOf('7')] = 2 * certainty;
      }
      seen.push({ filled: tops.length / STEPS, fall: (tops.at(-1) ?? 0) - (tops[0] ?? 0) });
    }
    return Promise.resolve({
      steps: { type: 'float32', data: steps, dims: [count, STEPS, CHANNELS] },
      cut: { type: 'float32', data: new Float32Array(count * 2).fill(cutLogit), dims: [count, 2] },
    });
  };
  const readLine = ({ x }: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>> => {
    lines.push(x!.dims[3]!);
    const data = new Float32Array(3 * (PPOCR.length + 1));
    for (const [step, one] of [0, PPOCR.indexOf('8') + 1, 0].entries()) data[step * (PPOCR.length + 1) + one] = 1;
    return Promise.resolve({ y: { type: 'float32', data, dims: [1, 3, PPOCR.length + 1] } });
  };
  const models: Readonly<Record<string, unknown>> = {
    'bib-reader': { modelId: 'bib-reader', backend: 'wasm', inputNames: ['image'], outputNames: ['steps', 'cut'], run },
    'ppocr-recognition': { modelId: 'ppocr-recognition', backend: 'wasm', inputNames: ['x'], outputNames: ['y'], run: readLine },
  };
  return { runtime: { ort: (id: string) => Promise.resolve(models[id]) } as unknown as Runtime, seen, batches, lines };
}

const BIB = { x: 0.25, y: 0.25, width: 0.5, height: 0.5 };

it('looks at the bib, then at its number, and says where that stands', async () => {
  const levels = new FrameLevels(frameOf(400, 300, (x, y) => x >= 180 && x < 220 && y >= 140 && y < 160));
  const { runtime, seen, lines } = runtimeOf();
  const [scores] = await readBibs(levels, [BIB], runtime);
  expect(lines).toEqual([]);
  expect(seen).toHaveLength(2);
  expect(seen[0]!.filled).toBeLessThan(0.3);
  expect(seen[1]!.filled).toBeGreaterThan(0.65);
  expect(scores!.moreLooks).toHaveLength(1);
  expect(scores!.steps).toBe(STEPS);
  expect(scores!.logProbabilities[(STEPS / 2) * BIB_CLASSES + classOf('7')]).toBeGreaterThan(-0.1);
  expect(scores!.logProbabilities[0]).toBeGreaterThan(-0.2);
  const [a, , c] = scores!.quad;
  expect(a.x * 400).toBeCloseTo(180, -1);
  expect(a.y * 300).toBeCloseTo(140, -1);
  expect(c.x * 400).toBeCloseTo(220, -1);
  expect(c.y * 300).toBeCloseTo(160, -1);
});

it('says how wide the bib is, and how far its number is from the middle', async () => {
  const at = (from: number) => new FrameLevels(frameOf(400, 300, (x, y) => x >= from && x < from + 40 && y >= 140 && y < 160));
  const [middle] = await readBibs(at(180), [BIB], runtimeOf().runtime);
  expect(middle!.aspect).toBeCloseTo(4 / 3);
  expect(middle!.offCentre).toBeLessThan(0.5);
  const [aside] = await readBibs(at(120), [BIB], runtimeOf().runtime);
  // 20 px at its left, 140 px at its right; the number is 20 px high.
  expect(aside!.offCentre).toBeCloseTo(6, 0);
});

it('asks the reader of lines where its own looks are not sure', async () => {
  const levels = new FrameLevels(frameOf(400, 300, (x, y) => x >= 180 && x < 220 && y >= 140 && y < 160));
  const { runtime, lines } = runtimeOf({ certainty: 3 });
  const [scores] = await readBibs(levels, [BIB], runtime);
  expect(lines).toHaveLength(1);
  expect(scores!.moreLooks!.map(({ reader }) => reader)).toEqual(['bib', 'line']);
  const line = scores!.moreLooks![1]!.logProbabilities;
  expect(line).toHaveLength(3 * BIB_CLASSES);
  expect(line[BIB_CLASSES + classOf('8')]).toBeCloseTo(0);
});

it('levels a line that leans', async () => {
  const levels = new FrameLevels(frameOf(800, 600, (x, y) => x >= 300 && x < 500 && y >= 200 + x * 0.25 && y < 240 + x * 0.25));
  const { runtime, seen } = runtimeOf();
  await readBibs(levels, [BIB], runtime);
  expect(seen[0]!.fall).toBeGreaterThan(0.1);
  expect(Math.abs(seen[1]!.fall)).toBeLessThan(0.06);
});

it('looks once at a bib that the number fills', async () => {
  const { runtime, seen } = runtimeOf();
  const levels = new FrameLevels(frameOf(400, 300, (x, y) => x >= 90 && x < 310 && y >= 95 && y < 205));
  const [scores] = await readBibs(levels, [BIB], runtime);
  expect(seen).toHaveLength(1);
  // One look is never enough.
  expect(scores!.moreLooks!.map(({ reader }) => reader)).toEqual(['line']);
});

it('says nothing of a bib without a line', async () => {
  const levels = new FrameLevels(frameOf(400, 300, () => false));
  expect(await readBibs(levels, [BIB], runtimeOf().runtime)).toEqual([null]);
  expect(await readBibs(levels, [], runtimeOf().runtime)).toEqual([]);
});

it('keeps the order of many bibs, in batches, and can be stopped between them', async () => {
  const levels = new FrameLevels(frameOf(400, 300, (x, y) => x >= 180 && x < 220 && y >= 140 && y < 160));
  const boxes = Array.from({ length: 11 }, (_, i) => (i % 2 === 0 ? BIB : { x: 0, y: 0, width: 0.1, height: 0.1 }));
  const { runtime, batches } = runtimeOf({ cutLogit: 2 });
  const scores = await readBibs(levels, boxes, runtime);
  expect(scores.map((one) => one === null)).toEqual(boxes.map((box) => box !== BIB));
  expect(scores[0]!.cut01[0]).toBeCloseTo(1 / (1 + Math.exp(-2)));
  expect(Math.max(...batches)).toBeLessThanOrEqual(8);
  const stop = new Error('stop');
  await expect(readBibs(levels, boxes, runtime, { checkCancelled: () => Promise.reject(stop) })).rejects.toBe(stop);
});

it('refuses an empty box', async () => {
  const levels = new FrameLevels(frameOf(40, 30, () => false));
  await expect(readBibs(levels, [{ ...BIB, width: 0 }], runtimeOf().runtime)).rejects.toMatchObject({ code: 'invalid-input' });
});
