/** @file Decoding of BlazeFace's numbers, and what is left of a blurred face. */
import { expect, it } from 'vitest';
import type { Frame } from '../../../src/contracts/media.ts';
import type { Tensor } from '../../../src/contracts/runtime.ts';
import { anonymise } from '../../../workers/stages/anonymise.ts';
import { decodeFaces } from '../../../workers/stages/detect-faces.ts';

function outputs(anchor: number, logit: number, offsets: readonly number[]): Tensor[] {
  const fill = (count: number, values: number, at: number, what: readonly number[]): Tensor => {
    const data = new Float32Array(count * values).fill(values === 1 ? -20 : 0);
    if (at >= 0) data.set(what, at * values);
    return { type: 'float32', data, dims: [1, count, values] };
  };
  // In another order than the layers: they are told apart by shape.
  return [fill(384, 16, -1, []), fill(512, 1, anchor, [logit]), fill(384, 1, -1, []), fill(512, 16, anchor, offsets)];
}

it('puts a face where its anchor and offsets say', () => {
  // Anchor 37 of the fine layer: cell 18 → column 2, row 1; centre at (2.5, 1.5) / 16.
  const [face, ...others] = decodeFaces(outputs(37, 3, [8, -4, 64, 32]));
  expect(others).toEqual([]);
  expect(face!.confidence01).toBeCloseTo(1 / (1 + Math.exp(-3)), 6);
  expect(face!.box.width).toBeCloseTo(0.25, 6);
  expect(face!.box.height).toBeCloseTo(0.125, 6);
  expect(face!.box.x + face!.box.width / 2).toBeCloseTo(2.5 / 16 + 8 / 256, 6);
  expect(face!.box.y + face!.box.height / 2).toBeCloseTo(1.5 / 16 - 4 / 256, 6);
});

it('leaves out what is unsure or tiny', () => {
  expect(decodeFaces(outputs(37, -1, [0, 0, 64, 64]))).toEqual([]);
  expect(decodeFaces(outputs(37, 3, [0, 0, 5, 5]))).toEqual([]);
});

it('leaves nothing of a face but a few flat tones, and the rest of the picture alone', () => {
  const data = new Uint8ClampedArray(100 * 100 * 4).map((_, i) => (i % 4 === 3 ? 255 : (i * 7919) % 256));
  const frame: Frame = { widthPx: 100, heightPx: 100, data };
  const before = data.slice();
  const result = anonymise(frame, [{ x: 0.4, y: 0.4, width: 0.2, height: 0.2 }]);
  expect(data).toEqual(before);
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
