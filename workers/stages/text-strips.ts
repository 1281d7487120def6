/** @file Lines cut out of a frame, straightened and contrast-stretched, ready to be read. Thread: vision worker or Node. */
import type { Point, Quad } from '../../src/contracts/geometry.ts';
import type { Frame } from '../../src/contracts/media.ts';
import type { GreyImage } from '../../src/contracts/runtime.ts';
import { warpQuad } from '../../src/core/resize.ts';
import { stretchContrast } from '../../src/core/text/contrast.ts';
import type { Corners } from '../../src/core/text/text-regions.ts';
import { toGrey } from '../../src/core/tensor-layout.ts';

/** Corners in pixels of the frame → 0..1 of it. */
export function toQuad(corners: Corners, frame: Frame): Quad {
  return corners.map(({ x, y }: Point) => ({ x: x / frame.widthPx, y: y / frame.heightPx })) as unknown as Quad;
}

/** Mean lengths of the sides of a quadrilateral, in its own units. */
export function sidesOf([a, b, c, d]: Corners): { width: number; height: number } {
  const length = (p: Point, q: Point): number => Math.hypot(p.x - q.x, p.y - q.y);
  return { width: (length(a, b) + length(d, c)) / 2, height: (length(a, d) + length(b, c)) / 2 };
}

/** The line, longer by `before` and `after` of its height at its two ends. */
export function lengthen([a, b, c, d]: Corners, before: number, after = before): Corners {
  const { width, height } = sidesOf([a, b, c, d]);
  const beyond = (p: Point, q: Point, share: number): Point => {
    const by = (height * share) / Math.max(1, width);
    return { x: q.x + (q.x - p.x) * by, y: q.y + (q.y - p.y) * by };
  };
  return [beyond(b, a, before), beyond(a, b, after), beyond(d, c, after), beyond(c, d, before)];
}

/**
 * Cut one line out.
 * @param corners in pixels of `frame`.
 * @param heightPx of the strip. @param squeeze width of the strip relative to the true aspect, 0..1.
 * @param isLightOnDark of the text; told by the pixels where it is not known.
 * @returns dark text on light; width at least 8.
 */
export function cutStrip(frame: Frame, corners: Corners, heightPx: number, squeeze = 1, isLightOnDark?: boolean): GreyImage {
  const { width, height } = sidesOf(corners);
  const widthPx = Math.max(8, Math.round((width / Math.max(1, height)) * heightPx * squeeze));
  const strip = warpQuad(frame, toQuad(corners, frame), widthPx, heightPx);
  return { widthPx, heightPx, data: stretchContrast(toGrey(strip), isLightOnDark) };
}
