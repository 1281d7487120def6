/** @file Make faces unrecognisable, for good. Runtime-neutral. */
import type { Box } from '../../src/contracts/geometry.ts';
import type { Frame } from '../../src/contracts/media.ts';
import { cropPixels, resizeFrame, toPixelBox } from '../../src/core/resize.ts';
import { widenBox, type BoxMargin } from '../../src/core/widen-box.ts';

/** [Note: Blur strength] A face is reduced to this many cells a side, whatever its size, then smoothed: hair and skin tone remain, no feature. */
const CELLS = 4;

/** Colour steps kept per channel; finer shades would help to undo the averaging. */
const STEP = 16;

/** The detector's box ends at brow and chin; hair, ears and beard lie outside. */
const MARGIN: BoxMargin = { sides: 0.35, above: 0.6, below: 0.3 };

/** What is blurred for a face, nearly: the corners are rounded. May reach beyond 0..1. */
export function blurredArea(face: Box): Box {
  return widenBox(face, MARGIN);
}

/**
 * @param frame not consumed. @param faces boxes as the face detector gives them, 0..1 of the frame.
 * @returns a new frame; the same object when there are no faces.
 */
export function anonymise(frame: Frame, faces: readonly Box[]): Frame {
  if (faces.length === 0) return frame;
  const result: Frame = { ...frame, data: frame.data.slice() };
  for (const face of faces) {
    const wide = blurredArea(face);
    const area = toPixelBox(wide, frame);
    const cells = resizeFrame(cropPixels(frame, area), CELLS, CELLS);
    for (let i = 0; i < cells.data.length; i++) if (i % 4 !== 3) cells.data[i] = Math.round(cells.data[i]! / STEP) * STEP;
    const smooth = resizeFrame(cells, area.width, area.height);
    for (let y = 0; y < area.height; y++) {
      // An ellipse looks calmer than a box; exponent 3 keeps it nearly as full. It is the face's, so the frame's edge cuts no corners off.
      const fromMiddle = Math.abs(((area.y + y + 0.5) / frame.heightPx - wide.y) / wide.height - 0.5) * 2;
      const half = Math.cbrt(Math.max(0, 1 - fromMiddle ** 3)) / 2;
      const left = Math.max(0, Math.floor((wide.x + wide.width * (0.5 - half)) * frame.widthPx) - area.x);
      const right = Math.min(area.width, Math.ceil((wide.x + wide.width * (0.5 + half)) * frame.widthPx) - area.x);
      if (right <= left) continue;
      const row = smooth.data.subarray((y * area.width + left) * 4, (y * area.width + right) * 4);
      result.data.set(row, ((area.y + y) * frame.widthPx + area.x + left) * 4);
    }
  }
  return result;
}
