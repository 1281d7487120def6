/**
 * @file What a runner's body and clothes look like: where which colour lies, and which colours there are. Enough to know a runner again in the
 * next frame; among thousands of runners it only suggests. Pure; any thread. Figures: docs/bib.md.
 */
import type { Box } from '../../contracts/geometry.ts';
import type { Frame } from '../../contracts/media.ts';
import { COLOUR_SIDE_PX, colourHistogram } from '../colour-histogram.ts';
import { colourLayout } from '../colour-layout.ts';
import { cutToFrame } from '../letterbox.ts';

/** Name of this description, see `SightingLooks.space`. */
export const BODY_SPACE = 'runner-colours@1';

/** Side of the square that {@link bodyLook} takes. */
export const BODY_SIDE_PX = COLOUR_SIDE_PX;

/** What of a body's box is body: arms swing, and street shows beside the legs. */
const INSET_X = 0.14;
const INSET_TOP = 0.04;
const INSET_BOTTOM = 0.12;
/** Say of place against say of colour; together 1. */
const LAYOUT_WEIGHT = 0.5;

/** @returns the part of a body's box that is described, within the frame. */
export function bodyRegion(box: Box): Box {
  const inner = cutToFrame({
    x: box.x + box.width * INSET_X,
    y: box.y + box.height * INSET_TOP,
    width: box.width * (1 - 2 * INSET_X),
    height: box.height * (1 - INSET_TOP - INSET_BOTTOM),
  });
  return inner.width > 0 && inner.height > 0 ? inner : box;
}

/**
 * @param body {@link bodyRegion}, squashed to {@link BODY_SIDE_PX} squared; not consumed.
 * @returns numbers whose dot product with another's is their likeness, at most 1.
 */
export function bodyLook(body: Frame): Float32Array<ArrayBuffer> {
  const layout = colourLayout(body);
  const colours = colourHistogram(body);
  const look = new Float32Array(layout.length + colours.length);
  layout.forEach((value, i) => (look[i] = value * Math.sqrt(LAYOUT_WEIGHT)));
  colours.forEach((value, i) => (look[layout.length + i] = value * Math.sqrt(1 - LAYOUT_WEIGHT)));
  return look;
}
