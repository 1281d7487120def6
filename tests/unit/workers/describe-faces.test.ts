/** @file From regions to described faces, with nets that answer what the test wants. */
import { expect, it } from 'vitest';
import type { Frame } from '../../../src/contracts/media.ts';
import type { Runtime, Tensor } from '../../../src/contracts/runtime.ts';
import { norm } from '../../../src/core/vector.ts';
import { describeFaces } from '../../../workers/stages/describe-faces.ts';
import { FrameLevels } from '../../../workers/stages/frame-levels.ts';

/** Anchor of the fine layer in the middle of the picture, nearly: cell (8, 8). */
const MIDDLE = (8 * 16 + 8) * 2;

/** BlazeFace's answer: one face of `sidePx` in the middle, or none. */
function answer(logit: number, sidePx = 80): Tensor[] {
  const [eye, up] = [sidePx / 5, sidePx / 8];
  const points = [0, 0, sidePx, sidePx, -eye, -up, eye, -up, 0, 0, 0, sidePx * 0.45 - up, -eye * 2, 0, eye * 2, 0];
  const fill = (count: number, values: number, what: readonly number[]): Tensor => {
    const data = new Float32Array(count * values).fill(values === 1 ? -20 : 0);
    if (what.length > 0) data.set(what, MIDDLE * values);
    return { type: 'float32', data, dims: [1, count, values] };
  };
  return [fill(512, 1, [logit]), fill(512, 16, points), fill(384, 1, []), fill(384, 16, [])];
}

/** A detector that answers in turn (the last answer stays), and a describer that says which face of the run it is. */
function runtimeOf(...answers: Tensor[][]) {
  const asked = { looks: 0, batches: [] as number[], inputs: [] as Float32Array[] };
  const detector = { modelId: 'blazeface', backend: 'wasm', run: async () => answers[Math.min(asked.looks++, answers.length - 1)]! };
  const describer = {
    modelId: 'face-embedding',
    backend: 'wasm',
    run: async ({ data, dims }: Tensor): Promise<Tensor[]> => {
      const faces = dims[0]!;
      asked.batches.push(faces);
      asked.inputs.push(data as Float32Array);
      const rows = Float32Array.from({ length: faces * 128 }, (_, i) => (i % 128 === Math.floor(i / 128) ? 3 : 0));
      return [{ type: 'float32', data: rows, dims: [faces, 128] }];
    },
  };
  const runtime = { tfjs: async (id: string) => (id === 'blazeface' ? detector : describer) } as unknown as Runtime;
  return { runtime, asked };
}

/** Squares of light and dark, so that there are edges to be sharp. */
function chequered(widthPx: number, heightPx: number): Frame {
  const data = new Uint8ClampedArray(widthPx * heightPx * 4).fill(255);
  for (let i = 0; i < widthPx * heightPx; i++)
    if ((Math.floor((i % widthPx) / 16) + Math.floor(i / widthPx / 16)) % 2 === 0) data.fill(20, i * 4, i * 4 + 3);
  return { widthPx, heightPx, data };
}

const levels = new FrameLevels(chequered(512, 512));
const REGION = { x: 0.25, y: 0.25, width: 0.5, height: 0.5 };

it('looks twice, and says where the face is, how large, how sharp, and what it looks like', async () => {
  const { runtime, asked } = runtimeOf(answer(4), answer(4));
  const [face] = await describeFaces(levels, [REGION], runtime);
  expect(asked.looks).toBe(2);
  // 80 of 256 pixels of a region of 256 pixels; then 80 of 256 pixels of a cut-out twice as large as that face.
  expect(face!.box.width * 512).toBeCloseTo((80 * (2 * 80)) / 256, 0);
  expect(face!.box.x + face!.box.width / 2).toBeCloseTo(0.5 + 16 / 512, 1);
  expect(face!.eyeDistancePx).toBeCloseTo(((80 / 5) * 2 * (2 * 80)) / 256, 0);
  expect(face!.confidence01).toBeGreaterThan(0.9);
  expect(face!.sharpness01).toBeGreaterThan(0);
  expect(face!.embedding).toMatchObject({ backend: 'wasm' });
  expect(face!.embedding.space).toMatch(/^face-embedding@/);
  expect(norm(face!.embedding.vector)).toBeCloseTo(1, 6);
});

it('gives the net what dlib gave it: colours less their mean, over 256', async () => {
  const { runtime, asked } = runtimeOf(answer(4));
  await describeFaces(
    new FrameLevels({ widthPx: 256, heightPx: 256, data: new Uint8ClampedArray(256 * 256 * 4).fill(200) }),
    [REGION],
    runtime,
  );
  const [red, green, blue] = asked.inputs[0]!;
  expect(red).toBeCloseTo((200 - 122.782) / 256, 5);
  expect(green).toBeCloseTo((200 - 117.001) / 256, 5);
  expect(blue).toBeCloseTo((200 - 104.298) / 256, 5);
  expect(asked.inputs[0]).toHaveLength(150 * 150 * 3);
});

it('keeps the order of the regions, describes in batches, and says null where no face is sure', async () => {
  const seen = [answer(4), answer(4)];
  // The second region shows nothing, the third something that a second look does not see again.
  const { runtime, asked } = runtimeOf(...seen, answer(-5), answer(4), answer(-5), ...Array.from({ length: 20 }, () => answer(4)));
  const regions = Array.from({ length: 12 }, () => REGION);
  const faces = await describeFaces(levels, regions, runtime);
  expect(faces.map((face) => face !== null)).toEqual([true, false, false, ...Array.from({ length: 9 }, () => true)]);
  expect(asked.batches).toEqual([6, 4]);
  // Each face has its own row of the run.
  expect([...faces[0]!.embedding.vector].indexOf(1)).toBe(0);
  expect([...faces[3]!.embedding.vector].indexOf(1)).toBe(1);
  expect([...faces[8]!.embedding.vector].indexOf(1)).toBe(0);
});

it('wants two looks that are sure together, and asks the describing net for nobody else', async () => {
  const { runtime, asked } = runtimeOf(answer(-0.3), answer(-0.3));
  expect(await describeFaces(levels, [REGION], runtime)).toEqual([null]);
  expect(asked.looks).toBe(2);
  expect(asked.batches).toEqual([]);
  expect(await describeFaces(levels, [], runtime)).toEqual([]);
  // Wholly outside of the picture.
  expect(await describeFaces(levels, [{ x: -2, y: 0, width: 0.5, height: 0.5 }], runtime)).toEqual([null]);
  await expect(describeFaces(levels, [{ x: 0, y: 0, width: 0, height: 1 }], runtime)).rejects.toMatchObject({ code: 'invalid-input' });
});

it('stops between two faces when it is told to', async () => {
  const { runtime, asked } = runtimeOf(answer(4));
  let checks = 0;
  const checkCancelled = async (): Promise<void> => {
    if (++checks === 3) throw new Error('stopped');
  };
  await expect(describeFaces(levels, [REGION, REGION, REGION], runtime, { checkCancelled })).rejects.toThrow('stopped');
  expect(asked.looks).toBe(4);
});
