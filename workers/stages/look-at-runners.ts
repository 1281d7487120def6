/** @file Runner → colours and sharpness, by arithmetic alone: a race photo shows a dozen runners and has a second. Runtime-neutral. */
import { AppError } from '../../src/contracts/errors.ts';
import type { Box } from '../../src/contracts/geometry.ts';
import type { RunnerLook } from '../../src/contracts/race.ts';
import { BODY_SIDE_PX, bodyLook, bodyRegion } from '../../src/core/race/body-look.ts';
import { SHARPNESS_SIDE_PX, sharpnessOf } from '../../src/core/race/sharpness.ts';
import { cropFrame, resizeFrame, shrinkFrame } from '../../src/core/resize.ts';
import type { FrameLevels } from './frame-levels.ts';

/** Runners between two looks at whether the task was cancelled. */
const BATCH = 16;

/**
 * @param boxes whole bodies, 0..1 of the frame; parts outside are cut off.
 * @returns one look per box, in order.
 * @throws AppError('invalid-input') for an empty box; what `checkCancelled` throws.
 */
export async function lookAtRunners(
  levels: FrameLevels,
  boxes: readonly Box[],
  checkCancelled: () => Promise<void> = () => Promise.resolve(),
): Promise<RunnerLook[]> {
  const looks: RunnerLook[] = [];
  for (const [i, box] of boxes.entries()) {
    if (!(box.width > 0 && box.height > 0)) throw new AppError('invalid-input', 'Empty runner', { stage: 'embed' });
    if (i > 0 && i % BATCH === 0) await checkCancelled();
    const region = bodyRegion(box);
    const coarse = cropFrame(levels.atLeast(BODY_SIDE_PX, BODY_SIDE_PX, region, 1), region);
    // Twice the size that is looked at: half a level blurs nothing that counts.
    const fine = cropFrame(levels.atLeast(1, SHARPNESS_SIDE_PX, box, 1), box);
    looks.push({
      look: bodyLook(resizeFrame(coarse, BODY_SIDE_PX, BODY_SIDE_PX)),
      sharpness01: sharpnessOf(shrinkFrame(fine, SHARPNESS_SIDE_PX)),
    });
  }
  return looks;
}
