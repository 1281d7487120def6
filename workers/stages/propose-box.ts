/** @file Where the product is: a centred box that holds most of what stands out from the frame's border. Runtime-neutral. Thread: vision worker or Node. */
import type { Box } from '../../src/contracts/geometry.ts';
import { WHOLE_FRAME } from '../../src/contracts/geometry.ts';
import type { Frame } from '../../src/contracts/media.ts';
import type { Runtime } from '../../src/contracts/runtime.ts';
import { salientBox } from '../../src/core/salient-box.ts';
import { resizeFrame } from '../../src/core/resize.ts';

/** Side of the square that is looked at. */
export const PROPOSAL_SIDE_PX = 64;

/**
 * Propose the region to embed.
 * @param frame upright; not consumed.
 * @returns a box around the thing in the middle when it stands out from a plain surrounding, else the whole frame.
 */
export const proposeBox: (frame: Frame, runtime: Runtime) => Promise<Box> = (frame) =>
  Promise.resolve(salientBox(resizeFrame(frame, PROPOSAL_SIDE_PX, PROPOSAL_SIDE_PX)) ?? WHOLE_FRAME);
