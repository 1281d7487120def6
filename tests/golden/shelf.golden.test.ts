/** @file The facing detector as the app runs it, with its present weights, on a drawn shelf. */
import { expect, it } from 'vitest';
import { createNodeRuntime } from '../../server/runtime/node-runtime.ts';
import { intersectionOverUnion } from '../../src/core/nms.ts';
import { detectShelf } from '../../workers/stages/detect-shelf.ts';
import { FrameLevels } from '../../workers/stages/frame-levels.ts';
import { drawShelf } from './draw-shelf.ts';

const runtime = createNodeRuntime({ threads: 1 });

it('finds the packs of a drawn shelf, each once and where it stands', async () => {
  const { frame, packs } = drawShelf();
  const { facings } = await detectShelf(new FrameLevels(frame), runtime);
  const found = packs.filter((pack) => facings.some(({ box }) => intersectionOverUnion(box, pack) > 0.6));
  expect(found.length).toBeGreaterThanOrEqual(packs.length * 0.9);
  expect(facings.length).toBeLessThanOrEqual(packs.length * 1.1);
});

it('finds nothing on bare boards', async () => {
  const { facings } = await detectShelf(new FrameLevels(drawShelf(true).frame), runtime);
  expect(facings).toEqual([]);
});
