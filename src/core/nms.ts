/** @file Overlap of boxes and non-maximum suppression. Pure; any thread. */

/** What overlap needs; normalised or pixels, both sides alike. */
interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Area of the intersection of two boxes, in their own units squared. */
export function intersectionArea(a: Rectangle, b: Rectangle): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  return width > 0 && height > 0 ? width * height : 0;
}

/** Intersection over union, 0..1; 0 for empty boxes. */
export function intersectionOverUnion(a: Rectangle, b: Rectangle): number {
  const shared = intersectionArea(a, b);
  const union = a.width * a.height + b.width * b.height - shared;
  return union > 0 ? shared / union : 0;
}

/** Share of the smaller box that lies in the other, 0..1. Finds a part of a thing detected beside the whole of it. */
export function intersectionOverSmaller(a: Rectangle, b: Rectangle): number {
  const smaller = Math.min(a.width * a.height, b.width * b.height);
  return smaller > 0 ? intersectionArea(a, b) / smaller : 0;
}

/**
 * Greedy non-maximum suppression.
 * @param candidates in any order.
 * @param threshold overlap above which the less confident one goes, 0..1.
 * @param overlap measure of overlap, {@link intersectionOverUnion} unless told.
 * @returns the kept candidates, confidence descending (ties keep their order).
 */
export function suppressOverlaps<Candidate extends { readonly box: Rectangle; readonly confidence01: number }>(
  candidates: readonly Candidate[],
  threshold: number,
  overlap: (a: Rectangle, b: Rectangle) => number = intersectionOverUnion,
): Candidate[] {
  const kept: Candidate[] = [];
  for (const candidate of [...candidates].sort((a, b) => b.confidence01 - a.confidence01))
    if (kept.every((other) => overlap(other.box, candidate.box) <= threshold)) kept.push(candidate);
  return kept;
}
