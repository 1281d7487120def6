/** @file Could this projective map be the same flat pack seen from elsewhere? Pure; any thread. */

/** How far a pack's picture may be shrunk or enlarged from one photo to the other, as area. */
const MAX_AREA_CHANGE = 30;
/** Longest against shortest of two opposite sides: beyond it the pack would be seen edge on. */
const MAX_SIDE_RATIO = 4;

/**
 * A pack is not mirrored, not folded, not edge on, and of like size.
 * @param h 3×3 row-major, from pixels of the reference to pixels of the probe.
 * @param size of the reference picture.
 */
export function isPlausibleHomography(h: ArrayLike<number>, { widthPx, heightPx }: { widthPx: number; heightPx: number }): boolean {
  const corners = [
    [0, 0],
    [widthPx, 0],
    [widthPx, heightPx],
    [0, heightPx],
  ].map(([x, y]) => project(h, x!, y!));
  if (corners.some((corner) => corner === null)) return false;
  const quad = corners as [number, number][];
  let doubleArea = 0;
  for (let i = 0; i < 4; i++) {
    const [ax, ay] = quad[i]!;
    const [bx, by] = quad[(i + 1) % 4]!;
    const [cx, cy] = quad[(i + 2) % 4]!;
    // All turns clockwise (y points down): convex and not mirrored.
    if ((bx - ax) * (cy - by) - (by - ay) * (cx - bx) <= 0) return false;
    doubleArea += ax * by - bx * ay;
  }
  const change = doubleArea / 2 / (widthPx * heightPx);
  if (!(change > 1 / MAX_AREA_CHANGE && change < MAX_AREA_CHANGE)) return false;
  const side = (i: number): number => Math.hypot(quad[(i + 1) % 4]![0] - quad[i]![0], quad[(i + 1) % 4]![1] - quad[i]![1]);
  return [0, 1].every((i) => Math.max(side(i), side(i + 2)) < MAX_SIDE_RATIO * Math.min(side(i), side(i + 2)));
}

/** Null for points at or behind the horizon. */
function project(h: ArrayLike<number>, x: number, y: number): [number, number] | null {
  const w = h[6]! * x + h[7]! * y + h[8]!;
  return w <= 1e-6 ? null : [(h[0]! * x + h[1]! * y + h[2]!) / w, (h[3]! * x + h[4]! * y + h[5]!) / w];
}
