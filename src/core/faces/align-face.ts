/** @file Where the upright square around a face lies, by its eyes and mouth. Pure; any thread. */
import type { Point, Quad } from '../../contracts/geometry.ts';

/** Points of a face, right and left as the person has them. */
interface FacePoints {
  readonly rightEye: Point;
  readonly leftEye: Point;
  readonly mouth: Point;
}

/**
 * Middles of eyes and mouth in the square that the describing net is given, 0..1 of its side: dlib's mean face as the net was taught with (`get_face_chip_details`
 * in dlib/image_transforms/interpolation.h, a quarter of its size added on each side), a fifth larger around and a twentieth lower. With the points that
 * BlazeFace gives that tells people apart better (docs/bib.md).
 */
export const FACE_TEMPLATE = {
  rightEye: { x: 0.3475, y: 0.3006 },
  leftEye: { x: 0.6415, y: 0.3006 },
  mouth: { x: 0.4945, y: 0.6294 },
} as const satisfies FacePoints;

const NAMES = ['rightEye', 'leftEye', 'mouth'] as const;

/**
 * The square that brings eyes and mouth as near as it can to where they are in the mean face: moved, turned and scaled, never sheared. Three points,
 * since eyes alone lie close together in a head that is turned away.
 * @param points 0..1 of the frame. @returns clockwise from the face's own top left, 0..1 of the frame; may reach beyond it.
 */
export function alignedFace(points: FacePoints, frame: { readonly widthPx: number; readonly heightPx: number }): Quad {
  const seen = NAMES.map((name) => ({ x: points[name].x * frame.widthPx, y: points[name].y * frame.heightPx }));
  const wanted = NAMES.map((name) => FACE_TEMPLATE[name]);
  const [from, to] = [middleOf(wanted), middleOf(seen)];
  // Least squares over similarities, as complex numbers: what each template point is multiplied by.
  let [real, imaginary, size] = [0, 0, 0];
  wanted.forEach((point, i) => {
    const [tx, ty] = [point.x - from.x, point.y - from.y];
    const [px, py] = [seen[i]!.x - to.x, seen[i]!.y - to.y];
    real += tx * px + ty * py;
    imaginary += tx * py - ty * px;
    size += tx * tx + ty * ty;
  });
  const [a, b] = [real / size, imaginary / size];
  const corner = (x: number, y: number): Point => {
    const [tx, ty] = [x - from.x, y - from.y];
    return { x: (to.x + a * tx - b * ty) / frame.widthPx, y: (to.y + b * tx + a * ty) / frame.heightPx };
  };
  return [corner(0, 0), corner(1, 0), corner(1, 1), corner(0, 1)];
}

function middleOf(points: readonly Point[]): Point {
  const sum = points.reduce((total, { x, y }) => ({ x: total.x + x, y: total.y + y }), { x: 0, y: 0 });
  return { x: sum.x / points.length, y: sum.y / points.length };
}
