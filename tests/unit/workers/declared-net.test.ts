import { describe, expect, it } from 'vitest';
import { AppError } from '../../../src/contracts/errors.ts';
import type { Frame } from '../../../src/contracts/media.ts';
import type { ModelSpec } from '../../../src/contracts/model-spec.ts';
import type { Runtime, Tensor } from '../../../src/contracts/runtime.ts';
import { runDeclaredNet } from '../../../workers/stages/declared-net.ts';

/** Red, green, blue from left to right, thirds of a 30 × 10 picture. */
function stripes(): Frame {
  const data = new Uint8ClampedArray(30 * 10 * 4).fill(255);
  for (let i = 0; i < 300; i++) for (let c = 0; c < 3; c++) data[i * 4 + c] = Math.floor((i % 30) / 10) === c ? 255 : 0;
  return { widthPx: 30, heightPx: 10, data };
}
function specOf(more: Partial<NonNullable<ModelSpec['input']>> = {}): ModelSpec {
  return {
    ...{
      id: 'net',
      version: '1',
      task: 'tags',
      runtime: 'ort',
      files: [],
      backends: ['cpu'],
      memoryMB: 1,
      licence: '',
      source: '',
      golden: null,
    },
    input: {
      ...{
        name: 'x',
        shape: [-1, 3, 4, 4],
        layout: 'NCHW',
        dtype: 'float32',
        range: [0, 1],
        mean: [0, 0, 0],
        std: [1, 1, 1],
        colour: 'RGB',
      },
      ...more,
    },
    outputs: ['y'],
    card: { purpose: { en: '', ja: '' }, figures: [], weaknesses: { en: '', ja: '' } },
  };
}
/** A net that answers with what it was given. */
function echo(seen: Tensor[], output = 'y'): Runtime {
  return {
    ort: () =>
      Promise.resolve({
        ...{ modelId: 'net', backend: 'cpu', inputNames: ['x'], outputNames: [output] },
        run: ({ x }: Record<string, Tensor>) => {
          seen.push(x!);
          return Promise.resolve({ [output]: { ...x! } });
        },
      }),
  } as unknown as Runtime;
}

describe('a picture of another shape', () => {
  it.each([
    ['squash', 1, 1],
    ['cover', 0, 0],
    ['contain', 1, 1],
  ] as const)('%s: its left end is seen: %i, its right end: %i', async (fit, left, right) => {
    const seen: Tensor[] = [];
    await runDeclaredNet([stripes()], specOf({ fit }), echo(seen));
    const [red, green, blue] = [0, 1, 2].map((c) => Math.max(...(seen[0]!.data as Float32Array).subarray(c * 16, (c + 1) * 16)));
    expect([red! > 0.5, green! > 0.5, blue! > 0.5]).toEqual([left === 1, true, right === 1]);
  });

  it('contain leaves black above and below', async () => {
    const seen: Tensor[] = [];
    await runDeclaredNet([stripes()], specOf({ fit: 'contain' }), echo(seen));
    expect([...(seen[0]!.data as Float32Array).subarray(0, 4)]).toEqual([0, 0, 0, 0]);
  });
});

it('runs crops together, or one by one where the net takes one', async () => {
  const together: Tensor[] = [];
  const { rows } = await runDeclaredNet([stripes(), stripes(), stripes()], specOf(), echo(together));
  expect(together.map(({ dims }) => dims)).toEqual([[3, 3, 4, 4]]);
  expect(rows.map((row) => row.length)).toEqual([48, 48, 48]);
  const single: Tensor[] = [];
  await runDeclaredNet([stripes(), stripes()], specOf({ shape: [1, 4, 4, 3], layout: 'NHWC' }), echo(single));
  expect(single.map(({ dims }) => dims)).toEqual([
    [1, 4, 4, 3],
    [1, 4, 4, 3],
  ]);
});

it('refuses a net that gives another output, or declares no size', async () => {
  await expect(runDeclaredNet([stripes()], specOf(), echo([], 'z'))).rejects.toBeInstanceOf(AppError);
  await expect(runDeclaredNet([stripes()], specOf({ shape: [1, 3, -1, -1] }), echo([]))).rejects.toBeInstanceOf(AppError);
});
