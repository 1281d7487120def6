/** @file Shelves drawn as geometry: facings on boards, seen by a pinhole camera. Gives boxes and the truth about them. */
import type { Box } from '../../../../src/contracts/geometry.ts';
import type { Facing, FacingIdentity } from '../../../../src/contracts/shelf.ts';

/** One column of a row, left to right. */
export interface DrawnColumn {
  readonly sku: string;
  readonly widthCm: number;
  readonly heightCm: number;
  /** Facings on top of each other; 0 draws a gap. Default 1. */
  readonly levels?: number;
  /** Space to its left. Default 0.4. */
  readonly spaceCm?: number;
  /** How far behind the board's edge it stands. Default 0. */
  readonly backCm?: number;
}

/** One row, its board below it. */
export interface DrawnRow {
  readonly columns: readonly DrawnColumn[];
  /** Board to board. */
  readonly heightCm: number;
}

/** Camera in front of the middle of the shelf, turned by angles in radians. */
export interface DrawnCamera {
  readonly yaw?: number;
  readonly pitch?: number;
  readonly roll?: number;
  readonly distanceCm?: number;
  /** Focal length in widths of the frame. Default 0.9, a phone's main camera. */
  readonly focal?: number;
  /** Where it aims, from the shelf's middle. */
  readonly aimCm?: readonly [number, number];
}

/** A facing and where it truly stands. */
export interface DrawnFacing {
  readonly facing: Facing;
  readonly sku: string;
  readonly row: number;
  readonly position: number;
  readonly level: number;
}

/** What the photo shows. */
export interface DrawnPhoto {
  readonly drawn: readonly DrawnFacing[];
  readonly facings: readonly Facing[];
  readonly gaps: readonly { readonly box: Box; readonly row: number; readonly position: number; readonly sku: string }[];
}

const RAIL_CM = 4;
const MIN_VISIBLE = 0.35;
/** Height over width of the frame. */
const FRAME = 4 / 3;

/** An identity that is sure. */
export function known(sku: string, probability01 = 0.95): FacingIdentity {
  const certainty = probability01 >= 0.5 ? 'sure' : 'not-sure';
  return { productId: sku, probability01, certainty, candidates: [{ productId: sku, probability01 }], groupId: null, saidBy: 'look' };
}

/** @param rows from the top. @param noise moves each side of a box by up to this share of its size. @param random 0..1. */
export function drawShelf(
  rows: readonly DrawnRow[],
  camera: DrawnCamera = {},
  { noise = 0, random = seeded(1), isNamed = true }: { noise?: number; random?: () => number; isNamed?: boolean } = {},
): DrawnPhoto {
  const widthCm = Math.max(...rows.map(({ columns }) => columns.reduce((sum, { widthCm: w, spaceCm = 0.4 }) => sum + w + spaceCm, 0)));
  const heightCm = rows.reduce((sum, row) => sum + row.heightCm + RAIL_CM, 0);
  const project = projector(camera, { widthCm, heightCm });
  const drawn: DrawnFacing[] = [];
  const gaps: { box: Box; row: number; position: number; sku: string }[] = [];
  let boardCm = 0;
  rows.forEach(({ columns, heightCm: rowHeight }, row) => {
    boardCm += rowHeight;
    let x = 0;
    columns.forEach(({ sku, widthCm: w, heightCm: h, levels = 1, spaceCm = 0.4, backCm = 0 }, position) => {
      x += spaceCm;
      for (let level = 0; level < Math.max(1, levels); level++) {
        const box = seenBox([x, boardCm - (level + 1) * h, x + w, boardCm - level * h, backCm], project, { noise, random });
        if (box === null) continue;
        if (levels === 0) gaps.push({ box, row, position, sku });
        else {
          const facing = {
            id: `${row}-${position}-${level}`,
            box,
            confidence01: 0.9,
            identity: isNamed ? known(sku) : null,
            isEdited: false,
          };
          drawn.push({ facing, sku, row, position, level });
        }
      }
      x += w;
    });
    boardCm += RAIL_CM;
  });
  return { drawn, facings: drawn.map(({ facing }) => facing), gaps };
}

/** Numbers 0..1, always the same for a seed. */
export function seeded(seed: number): () => number {
  let state = seed * 2654435761;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

type Project = (x: number, y: number, z: number) => [number, number];

function projector(
  { yaw = 0, pitch = 0, roll = 0, distanceCm, focal = 0.9, aimCm = [0, 0] }: DrawnCamera,
  { widthCm, heightCm }: { widthCm: number; heightCm: number },
): Project {
  const distance = distanceCm ?? Math.max(widthCm, heightCm / FRAME) * focal * 1.15;
  const [sinYaw, cosYaw, sinPitch, cosPitch, sinRoll, cosRoll] = [
    Math.sin(yaw),
    Math.cos(yaw),
    Math.sin(pitch),
    Math.cos(pitch),
    Math.sin(roll),
    Math.cos(roll),
  ];
  return (x, y, z) => {
    const [dx, dy, dz] = [x - widthCm / 2 - aimCm[0], y - heightCm / 2 - aimCm[1], z];
    // The camera goes round the aim, so that what it aims at stays in the middle.
    const [x1, z1] = [cosYaw * dx + sinYaw * dz, -sinYaw * dx + cosYaw * dz];
    const [y2, z2] = [cosPitch * dy - sinPitch * z1, sinPitch * dy + cosPitch * z1];
    const [x3, y3] = [cosRoll * x1 - sinRoll * y2, sinRoll * x1 + cosRoll * y2];
    const depth = distance + z2;
    return [0.5 + (focal * x3) / depth, 0.5 + (focal * y3) / depth / FRAME];
  };
}

function seenBox(
  [left, top, right, bottom, z]: readonly [number, number, number, number, number],
  project: Project,
  { noise, random }: { noise: number; random: () => number },
): Box | null {
  const corners = [project(left, top, z), project(right, top, z), project(right, bottom, z), project(left, bottom, z)];
  const [x0, x1] = [Math.min(...corners.map(([x]) => x)), Math.max(...corners.map(([x]) => x))];
  const [y0, y1] = [Math.min(...corners.map(([, y]) => y)), Math.max(...corners.map(([, y]) => y))];
  const off = (size: number): number => (random() - 0.5) * 2 * noise * size;
  const within = (value: number): number => Math.max(0, Math.min(1, value));
  const [a, b, c, d] = [within(x0 + off(x1 - x0)), within(x1 + off(x1 - x0)), within(y0 + off(y1 - y0)), within(y1 + off(y1 - y0))];
  if ((b - a) * (d - c) < MIN_VISIBLE * (x1 - x0) * (y1 - y0)) return null;
  return { x: a, y: c, width: b - a, height: d - c };
}
