/** @file Decoding of BlazeFace's numbers, what becomes of its candidates, and what is left of a blurred face. */
import { expect, it } from 'vitest';
import type { Frame } from '../../../src/contracts/media.ts';
import type { Runtime, Tensor } from '../../../src/contracts/runtime.ts';
import { anonymise, blurredArea } from '../../../workers/stages/anonymise.ts';
import { decodeFaces } from '../../../workers/stages/blazeface.ts';
import { detectFaces, FACE_CONFIDENCE } from '../../../workers/stages/detect-faces.ts';

function outputs(anchor: number, logit: number, offsets: readonly number[]): Tensor[] {
  const fill = (count: number, values: number, at: number, what: readonly number[]): Tensor => {
    const data = new Float32Array(count * values).fill(values === 1 ? -20 : 0);
    if (at >= 0) data.set(what, at * values);
    return { type: 'float32', data, dims: [1, count, values] };
  };
  // In another order than the layers: they are told apart by shape.
  return [fill(384, 16, -1, []), fill(512, 1, anchor, [logit]), fill(384, 1, -1, []), fill(512, 16, anchor, offsets)];
}

/** Offsets of a face of `sidePx` at its anchor; eyes above the middle, mouth `mouthDropPx` below them. */
function face(sidePx: number, mouthDropPx: number): number[] {
  const [eye, up] = [sidePx / 5, sidePx / 8];
  return [0, 0, sidePx, sidePx, -eye, -up, eye, -up, 0, 0, 0, mouthDropPx - up, -eye * 2, 0, eye * 2, 0];
}

/** A model that answers one run after the other; the last answer stays. */
function runtimeOf(...answers: Tensor[][]): { runtime: Runtime; runs: () => number } {
  let runs = 0;
  const model = { modelId: 'blazeface', backend: 'wasm', run: () => Promise.resolve(answers[Math.min(runs++, answers.length - 1)]!) };
  return { runtime: { tfjs: () => Promise.resolve(model) } as unknown as Runtime, runs: () => runs };
}

const grey: Frame = { widthPx: 256, heightPx: 256, data: new Uint8ClampedArray(256 * 256 * 4).fill(128) };
const nothing = outputs(-1, 0, []);
/** Anchor in the middle of the fine layer, nearly: cell (8, 8). */
const MIDDLE = (8 * 16 + 8) * 2;

it('puts a face where its anchor and offsets say', () => {
  // Anchor 37 of the fine layer: cell 18 → column 2, row 1; centre at (2.5, 1.5) / 16.
  const [found, ...others] = decodeFaces(outputs(37, 3, [8, -4, 64, 32]), 0.5);
  expect(others).toEqual([]);
  expect(found!.confidence01).toBeCloseTo(1 / (1 + Math.exp(-3)), 6);
  expect(found!.box.width).toBeCloseTo(0.25, 6);
  expect(found!.box.height).toBeCloseTo(0.125, 6);
  expect(found!.box.x + found!.box.width / 2).toBeCloseTo(2.5 / 16 + 8 / 256, 6);
  expect(found!.box.y + found!.box.height / 2).toBeCloseTo(1.5 / 16 - 4 / 256, 6);
});

it('measures how far the mouth is from the eyes, whichever way the head is tilted', () => {
  expect(decodeFaces(outputs(37, 3, face(64, 28)), 0.5)[0]!.mouthDrop).toBeCloseTo(28 / 64, 6);
  const lying = [0, 0, 64, 64, 8, -12, 8, 12, 0, 0, -20, 0, 0, 0, 0, 0];
  expect(decodeFaces(outputs(37, 3, lying), 0.5)[0]!.mouthDrop).toBeCloseTo(28 / 64, 6);
});

it('leaves out what is unsure or tiny', () => {
  expect(decodeFaces(outputs(37, -1, [0, 0, 64, 64]), 0.5)).toEqual([]);
  expect(decodeFaces(outputs(37, 3, [0, 0, 5, 5]), 0.5, 12)).toEqual([]);
  expect(decodeFaces(outputs(37, 3, [0, 0, -5, 5]), 0.5)).toEqual([]);
});

it('reports a face that both second looks see again, where it is', async () => {
  const { runtime, runs } = runtimeOf(outputs(MIDDLE, 3, face(64, 28)), outputs(MIDDLE, 3, face(80, 35)), outputs(MIDDLE, 3, face(51, 22)));
  // Answers stand in the middle of each look; the cut-outs are clipped by the frame's edge, so a close face fills them less.
  const [found, ...others] = await detectFaces(grey, runtime);
  expect(others).toEqual([]);
  expect(runs()).toBe(3);
  expect(found!.box.width).toBeCloseTo(0.25, 6);
  expect(found!.confidence01).toBeGreaterThan(FACE_CONFIDENCE.blur);
});

it('drops what no second look sees again', async () => {
  const { runtime, runs } = runtimeOf(outputs(MIDDLE, 1, face(64, 28)), nothing);
  expect(await detectFaces(grey, runtime)).toEqual([]);
  expect(runs()).toBe(3);
});

it('drops points that form no face without looking again', async () => {
  const { runtime, runs } = runtimeOf(outputs(MIDDLE, 3, face(64, 10)));
  expect(await detectFaces(grey, runtime)).toEqual([]);
  expect(runs()).toBe(1);
});

it('refuses on less than it blurs on', () => {
  expect(FACE_CONFIDENCE.refuse).toBeLessThan(FACE_CONFIDENCE.blur);
});

it('leaves nothing of a face but a few flat tones, and the rest of the picture alone', () => {
  const data = new Uint8ClampedArray(100 * 100 * 4).map((_, i) => (i % 4 === 3 ? 255 : (i * 7919) % 256));
  const frame: Frame = { widthPx: 100, heightPx: 100, data };
  const before = data.slice();
  const result = anonymise(frame, [{ x: 0.4, y: 0.4, width: 0.2, height: 0.2 }]);
  expect(data.every((value, i) => value === before[i])).toBe(true);
  let roughest = 0;
  for (let y = 42; y < 58; y++)
    for (let x = 42; x < 58; x++) {
      const at = (y * 100 + x) * 4;
      roughest = Math.max(roughest, Math.abs(result.data[at]! - result.data[at + 4]!));
    }
  expect(roughest).toBeLessThan(16);
  for (const [x, y] of [
    [0, 0],
    [99, 99],
    [50, 10],
    [10, 50],
  ] as const)
    expect(result.data[(y * 100 + x) * 4]).toBe(before[(y * 100 + x) * 4]);
  expect(anonymise(frame, [])).toBe(frame);
});

it('changes nothing outside the area that it names', () => {
  const data = new Uint8ClampedArray(100 * 100 * 4).map((_, i) => (i % 4 === 3 ? 255 : (i * 7919) % 256));
  const box = { x: 0.4, y: 0.4, width: 0.1, height: 0.1 };
  const { data: result } = anonymise({ widthPx: 100, heightPx: 100, data }, [box]);
  const area = blurredArea(box);
  const changed = Array.from({ length: 100 * 100 }, (_, i) => ({ x: i % 100, y: Math.floor(i / 100), i })).filter(
    ({ i }) => result[i * 4] !== data[i * 4],
  );
  expect(changed.length).toBeGreaterThan(100);
  const outside = changed.filter(
    ({ x, y }) => x + 1 <= area.x * 100 || x >= (area.x + area.width) * 100 || y + 1 <= area.y * 100 || y >= (area.y + area.height) * 100,
  );
  expect(outside).toEqual([]);
});
