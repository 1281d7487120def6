/** @file Facings of an open photo → looks and what the gallery has that looks like them, batch by batch. Thread: page or Node. */
import type { Box } from '../contracts/geometry.ts';
import type { Facing, FacingLook } from '../contracts/shelf.ts';
import type { CallOptions } from '../contracts/task.ts';
import { matchCrops } from './match-crops.ts';
import type { Pipeline } from './pipeline.ts';

/** Gallery photos kept of each facing: the best few products', several photos each. */
const NEIGHBOURS = 24;

/** Options of {@link lookAtFacings}. */
export interface LookAtFacingsOptions extends CallOptions {
  /** Some more facings were looked at. */
  readonly onLooks?: (looks: readonly FacingLook[]) => Promise<void> | void;
}

/**
 * Used for a whole photo, and for facings that the user drew, moved or split.
 * @param frameId open in `vision`; stays open.
 * @returns in no particular order.
 * @throws AppError of the workers
 */
export async function lookAtFacings(
  frameId: string,
  facings: readonly Pick<Facing, 'id' | 'box'>[],
  places: Pick<Pipeline, 'vision' | 'index'>,
  { onLooks, onProgress, ...call }: LookAtFacingsOptions = {},
): Promise<FacingLook[]> {
  // Those of like size share a level of the photo; the largest first, since they are named best.
  const ordered = [...facings].sort((a, b) => areaOf(b.box) - areaOf(a.box));
  // The workers tell of their own small steps; here all facings count.
  const report = (done: number): void => onProgress?.({ stage: 'embed', done, total: facings.length, unit: 'items' });
  const looks: FacingLook[] = [];
  report(0);
  await matchCrops(
    frameId,
    ordered.map(({ box }) => box),
    places,
    NEIGHBOURS,
    {
      ...call,
      onMatched: async (from, matched) => {
        const some = matched.map(({ look, matches }, i): FacingLook => ({
          facingId: ordered[from + i]!.id,
          ...{ look, matches, verifications: [] },
        }));
        looks.push(...some);
        await onLooks?.(some);
        report(looks.length);
      },
    },
  );
  return looks;
}

function areaOf({ width, height }: Box): number {
  return width * height;
}
