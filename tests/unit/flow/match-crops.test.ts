/** @file Many crops: every box gets its own answer, searches overlap with embedding, failures come out. */
import { expect, it } from 'vitest';
import { AppError } from '../../../src/contracts/errors.ts';
import type { Box } from '../../../src/contracts/geometry.ts';
import type { IndexService, VisionService } from '../../../src/contracts/client-api.ts';
import { matchCrops } from '../../../src/flow/match-crops.ts';
import { axis, pipelineOf, SPACE } from './fake-pipeline.ts';

const boxes = (count: number): Box[] => Array.from({ length: count }, (_, i) => ({ x: i / 100, y: 0, width: 0.01, height: 0.01 }));

function stand(events: string[], search: IndexService['search']) {
  const embed: VisionService['embed'] = (_frameId, given) => {
    events.push(`embed ${given.length}`);
    return Promise.resolve(
      given.map(({ x }) => ({
        embedding: { space: SPACE, vector: axis(Math.round(x * 100) % 4), backend: 'cpu' as const },
        colour: new Float32Array(1),
      })),
    );
  };
  const { vision, index } = pipelineOf({});
  return { vision: { ...vision, embed }, index: { ...index, search } };
}

it('answers each box in order, and embeds the next ones while it searches', async () => {
  const events: string[] = [];
  const places = stand(events, async ({ embedding }, k) => {
    events.push('search begins');
    await new Promise((resolve) => void setTimeout(resolve, 5));
    events.push('search ends');
    const axisOf = embedding.vector.indexOf(1);
    return [{ galleryId: `g${axisOf}`, productId: `p${k}`, cosine: 1, colour: null, computedOn: 'device' }];
  });
  const matched = await matchCrops('frame', boxes(18), places, 3);
  expect(matched.map(({ matches }) => matches[0]!.galleryId)).toEqual(boxes(18).map((_, i) => `g${i % 4}`));
  expect(matched[0]!.matches[0]!.productId).toBe('p3');
  expect(events.filter((event) => event.startsWith('embed'))).toEqual(['embed 8', 'embed 8', 'embed 2']);
  expect(events.indexOf('embed 8', 1)).toBeLessThan(events.indexOf('search ends'));
  // Never more under way than a worker's queue takes.
  let underWay = 0;
  for (const event of events) {
    underWay += event === 'search begins' ? 1 : event === 'search ends' ? -1 : 0;
    expect(underWay).toBeLessThanOrEqual(8);
  }
});

it('fails when a search fails, and asks nothing for no boxes', async () => {
  const places = stand([], () => Promise.reject(new AppError('worker-died', 'gone')));
  await expect(matchCrops('frame', boxes(9), places, 3)).rejects.toMatchObject({ code: 'worker-died' });
  expect(await matchCrops('frame', [], places, 3)).toEqual([]);
});
