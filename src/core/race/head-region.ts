/** @file Where a runner's face is looked for, and whose a face is that two runners claim. Pure; any thread. */
import type { Box } from '../../contracts/geometry.ts';
import { distanceFromMiddle } from '../distance-from-middle.ts';
import { intersectionOverUnion } from '../nms.ts';

/**
 * A square around the head, as shares of the person's box: wide enough for a runner who leans, and for one of whom only the upper half is seen, whose
 * box is short and whose head takes much of it.
 */
const SIDE = { ofWidth: 0.9, ofHeight: 0.3 } as const;
/** How much of the square lies above the person's box; the face is then near its middle. */
const ABOVE = 0.25;

/** Two faces that overlap more than this are one. */
const SAME_FACE = 0.5;

/** @param person whole body, 0..1 of the frame. @returns 0..1 of the frame; may reach beyond it. */
export function headRegion(person: Box, frame: { readonly widthPx: number; readonly heightPx: number }): Box {
  const sidePx = Math.max(person.width * frame.widthPx * SIDE.ofWidth, person.height * frame.heightPx * SIDE.ofHeight);
  const [width, height] = [sidePx / frame.widthPx, sidePx / frame.heightPx];
  return { x: person.x + person.width / 2 - width / 2, y: person.y - height * ABOVE, width, height };
}

/** A face that was found where a runner's head should be. */
interface ClaimedFace {
  readonly box: Box;
}

/**
 * @param faces in the order of `regions`. @param regions where each was looked for.
 * @returns the same list; a face that several found stays with the one in the middle of whose region it is nearest, and is null for the others.
 */
export function ownFaces<Face extends ClaimedFace>(faces: readonly (Face | null)[], regions: readonly Box[]): (Face | null)[] {
  return faces.map((face, i) => {
    if (face === null) return null;
    const isElsewhere = faces.some((other, j) => {
      if (other === null || j === i || intersectionOverUnion(face.box, other.box) < SAME_FACE) return false;
      const [here, there] = [distanceFromMiddle(face.box, regions[i]!), distanceFromMiddle(other.box, regions[j]!)];
      return there < here || (there === here && j < i);
    });
    return isElsewhere ? null : face;
  });
}
