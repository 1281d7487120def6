/** @file Whose face stays in a picture that goes to one person. The detector's answers are given. */
import { expect, it, vi } from 'vitest';
import type { Box } from '../../../src/contracts/geometry.ts';
import type { Frame } from '../../../src/contracts/media.ts';
import type { Runtime } from '../../../src/contracts/runtime.ts';
import { cropImage } from '../../../workers/stages/crop.ts';
import { detectFaces, FACE_CONFIDENCE } from '../../../workers/stages/detect-faces.ts';

vi.mock('../../../workers/stages/detect-faces.ts', () => ({ FACE_CONFIDENCE: { blur: 0.5, refuse: 0.45 }, detectFaces: vi.fn() }));

const SIDE = 200;
const noise: Frame = {
  widthPx: SIDE,
  heightPx: SIDE,
  data: Uint8ClampedArray.from({ length: SIDE * SIDE * 4 }, (_, i) => (i % 4 === 3 ? 255 : ((i >> 2) % 2) * 255)),
};
const WHOLE: Box = { x: 0, y: 0, width: 1, height: 1 };
const PERSON: Box = { x: 0.05, y: 0.1, width: 0.3, height: 0.8 };
const faceAt = (x: number, y: number, side: number): Box => ({ x: x - side / 2, y: y - side / 2, width: side, height: side });

/** @returns centres of faces whose pixels are as they were. */
async function shownOf(faces: readonly Box[], sparedPerson?: Box): Promise<Box[]> {
  vi.mocked(detectFaces).mockResolvedValue(faces.map((box) => ({ box, confidence01: 0.46 })));
  let made: Frame | null = null;
  const runtime = { encode: (frame: Frame) => Promise.resolve(((made = frame), new Blob())) } as unknown as Runtime;
  const options = {
    box: WHOLE,
    maxSidePx: SIDE,
    type: 'image/jpeg' as const,
    blurFaces: true,
    ...(sparedPerson === undefined ? {} : { sparedPerson }),
  };
  await cropImage(noise, options, runtime);
  const at = ({ x, y, width, height }: Box): number =>
    (Math.round((y + height / 2) * SIDE) * SIDE + Math.round((x + width / 2) * SIDE)) * 4;
  return faces.filter((face) => made!.data[at(face)] === noise.data[at(face)] && made!.data[at(face) + 4] === noise.data[at(face) + 4]);
}

it('shows the person’s own face alone: the largest in the upper half of the body', async () => {
  const own = faceAt(0.2, 0.2, 0.1);
  const behind = faceAt(0.3, 0.22, 0.05);
  const onShirt = faceAt(0.2, 0.7, 0.15);
  const stranger = faceAt(0.7, 0.2, 0.12);
  expect(await shownOf([stranger, own, behind, onShirt], PERSON)).toEqual([own]);
  expect(await shownOf([stranger, onShirt], PERSON)).toEqual([]);
  expect(await shownOf([stranger, own])).toEqual([]);
});

it('blurs what may be a face already at the lower threshold when the picture goes to somebody', async () => {
  const thresholdOf = (): number | undefined => vi.mocked(detectFaces).mock.lastCall?.[2]?.minConfidence01;
  await shownOf([], PERSON);
  expect(thresholdOf()).toBe(FACE_CONFIDENCE.refuse);
  await shownOf([]);
  expect(thresholdOf()).toBe(FACE_CONFIDENCE.blur);
});
