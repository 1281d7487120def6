/** @file One list of boxes out of looks at a shelf from near and from afar. Pure; any thread. */
import type { ShelfDetection } from '../contracts/shelf.ts';
import { intersectionOverSmaller, intersectionOverUnion, suppressOverlaps } from './nms.ts';

/** Two boxes of which one lies in the other to this share are one thing and a part of it. */
const MAX_INSIDE = 0.88;

/** From afar, things this sure are taken whole although they come apart from near. */
const MIN_WHOLE_CONFIDENCE = 0.5;

/** More things than this within another are things of their own: a pack of six, not a bottle in three pieces. */
const MAX_PARTS = 3;

/** Each thing once: of boxes that overlap by half, or lie in one another, the surest stays. Confidence descending. */
export function distinctBoxes(found: readonly ShelfDetection[]): ShelfDetection[] {
  return suppressOverlaps(suppressOverlaps(found, 0.5, intersectionOverUnion), MAX_INSIDE, intersectionOverSmaller);
}

/**
 * [Note: Near and far] From near the net takes the label of a large bottle for a thing of its own; from afar it misses what is small. So what
 * is large in the near look comes from the far one, with nothing of its pieces.
 * @param far distinct. @param near distinct.
 * @param isLarge whether a box is larger than what the near look may be trusted with.
 * @returns distinct, confidence descending.
 */
export function mergeLooks(
  far: readonly ShelfDetection[],
  near: readonly ShelfDetection[],
  isLarge: (found: ShelfDetection) => boolean,
): ShelfDetection[] {
  const small = near.filter((found) => !isLarge(found));
  const wholes = far.filter(isLarge).filter(({ box, confidence01 }) => {
    if (confidence01 < MIN_WHOLE_CONFIDENCE) return true;
    return small.filter((part) => intersectionOverSmaller(part.box, box) > MAX_INSIDE).length <= MAX_PARTS;
  });
  const sureWholes = wholes.filter(({ confidence01 }) => confidence01 >= MIN_WHOLE_CONFIDENCE);
  const rest = small.filter((part) => sureWholes.every(({ box }) => intersectionOverSmaller(part.box, box) <= MAX_INSIDE));
  return distinctBoxes([...wholes, ...rest]);
}
