/** @file A face that is moved, turned and sized comes out upright in its square. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Point } from '../../../../src/contracts/geometry.ts';
import { alignedFace, FACE_TEMPLATE } from '../../../../src/core/faces/align-face.ts';

const FRAME = { widthPx: 800, heightPx: 600 };

/** A face of the mean's shape in a frame. */
function faceAt(
  x: number,
  y: number,
  sidePx: number,
  angleRad: number,
): { points: Record<keyof typeof FACE_TEMPLATE, Point>; corner: (u: number, v: number) => Point } {
  const corner = (u: number, v: number): Point => ({
    x: (x + sidePx * (u * Math.cos(angleRad) - v * Math.sin(angleRad))) / FRAME.widthPx,
    y: (y + sidePx * (u * Math.sin(angleRad) + v * Math.cos(angleRad))) / FRAME.heightPx,
  });
  const at = ({ x: u, y: v }: Point): Point => corner(u, v);
  return { points: { rightEye: at(FACE_TEMPLATE.rightEye), leftEye: at(FACE_TEMPLATE.leftEye), mouth: at(FACE_TEMPLATE.mouth) }, corner };
}

it('finds the square back, whatever its place, size and turn', () => {
  fc.assert(
    fc.property(
      fc.double({ min: -100, max: 900, noNaN: true }),
      fc.double({ min: -100, max: 700, noNaN: true }),
      fc.double({ min: 10, max: 500, noNaN: true }),
      fc.double({ min: -3, max: 3, noNaN: true }),
      (x, y, side, angle) => {
        const { points, corner } = faceAt(x, y, side, angle);
        const quad = alignedFace(points, FRAME);
        const expected = [corner(0, 0), corner(1, 0), corner(1, 1), corner(0, 1)];
        quad.forEach((point, i) => {
          expect(point.x).toBeCloseTo(expected[i]!.x, 6);
          expect(point.y).toBeCloseTo(expected[i]!.y, 6);
        });
      },
    ),
  );
});

it('keeps a square where the eyes lie close together, as in a head that is turned away', () => {
  const { points } = faceAt(100, 100, 200, 0);
  const turned = { ...points, leftEye: { x: points.rightEye.x + 10 / FRAME.widthPx, y: points.leftEye.y } };
  const [a, b, c] = alignedFace(turned, FRAME);
  const length = (p: Point, q: Point): number => Math.hypot((p.x - q.x) * FRAME.widthPx, (p.y - q.y) * FRAME.heightPx);
  expect(length(a, b)).toBeCloseTo(length(b, c), 6);
  // The mouth holds the size: by the eyes alone the square would have 28 pixels.
  expect(length(a, b)).toBeGreaterThan(120);
});
