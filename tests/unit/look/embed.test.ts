import { describe, expect, it } from 'vitest';
import { AppError } from '../../../src/contracts/errors.ts';
import { WHOLE_FRAME } from '../../../src/contracts/geometry.ts';
import type { Frame } from '../../../src/contracts/media.ts';
import type { Runtime, Tensor } from '../../../src/contracts/runtime.ts';
import { norm } from '../../../src/core/vector.ts';
import { modelSpec } from '../../../src/models/registry.ts';
import { embedCrops, EMBEDDING_MODEL } from '../../../workers/stages/embed.ts';

/** Left half red, right half blue. */
const frame: Frame = {
  widthPx: 64,
  heightPx: 32,
  data: Uint8ClampedArray.from({ length: 64 * 32 * 4 }, (_, i) => {
    const isLeft = Math.floor(i / 4) % 64 < 32;
    return [isLeft ? 255 : 0, 0, isLeft ? 0 : 255, 255][i % 4]!;
  }),
};
const left = { x: 0, y: 0, width: 0.5, height: 1 };
const right = { x: 0.5, y: 0, width: 0.5, height: 1 };

/** A "net" that answers with the mean of each colour plane, doubled. */
function fakeRuntime(batches: number[]): Runtime {
  const output = modelSpec(EMBEDDING_MODEL).outputs![0]!;
  const run = async (feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>> => {
    const { data, dims } = Object.values(feeds)[0]!;
    const [count, channels, heightPx, widthPx] = dims as [number, number, number, number];
    batches.push(count);
    const plane = heightPx * widthPx;
    const means = Float32Array.from({ length: count * channels }, (_, i) => {
      let sum = 0;
      for (let at = i * plane; at < (i + 1) * plane; at++) sum += Number(data[at]);
      return (2 * sum) / plane;
    });
    return { [output]: { type: 'float32', data: means, dims: [count, channels] } };
  };
  const model = { modelId: EMBEDDING_MODEL, backend: 'cpu' as const, inputNames: ['image'], outputNames: [output], run };
  return { ort: () => Promise.resolve(model) } as Partial<Runtime> as Runtime;
}

describe('embedCrops', () => {
  it('describes each crop in order, as unit vectors of the model’s space', async () => {
    const looks = await embedCrops(frame, [right, left, WHOLE_FRAME], fakeRuntime([]));
    expect(looks.map(({ embedding }) => [...embedding.vector].map((value) => Math.round(value * 100) / 100))).toEqual([
      [0, 0, 1],
      [1, 0, 0],
      [0.71, 0, 0.71],
    ]);
    for (const { embedding, colour } of looks) {
      expect(embedding.space).toBe(modelSpec(EMBEDDING_MODEL).embeddingSpace);
      expect(norm(colour)).toBeCloseTo(1, 4);
    }
    expect(looks[0]!.colour).not.toEqual(looks[1]!.colour);
  });

  it('splits many crops into batches', async () => {
    const batches: number[] = [];
    const looks = await embedCrops(
      frame,
      Array.from({ length: 19 }, (_, i) => (i % 2 === 0 ? left : right)),
      fakeRuntime(batches),
    );
    expect(batches).toEqual([8, 8, 3]);
    expect(looks.map(({ embedding }) => embedding.vector[0]! > 0.5)).toEqual(Array.from({ length: 19 }, (_, i) => i % 2 === 0));
  });

  it('stops between two runs when it was cancelled', async () => {
    const batches: number[] = [];
    const cancel = () => (batches.length < 2 ? Promise.resolve() : Promise.reject(new AppError('cancelled', 'stopped')));
    const boxes = Array.from({ length: 40 }, () => left);
    await expect(embedCrops(frame, boxes, fakeRuntime(batches), cancel)).rejects.toMatchObject({ code: 'cancelled' });
    expect(batches).toEqual([8, 8]);
  });

  it('does nothing for no crops and refuses an empty one', async () => {
    const batches: number[] = [];
    expect(await embedCrops(frame, [], fakeRuntime(batches))).toEqual([]);
    const error: unknown = await embedCrops(frame, [{ ...left, width: 0 }], fakeRuntime(batches)).catch((caught: unknown) => caught);
    expect(error instanceof AppError && error.code).toBe('invalid-input');
    expect(batches).toEqual([]);
  });
});
