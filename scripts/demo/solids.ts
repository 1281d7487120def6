/** @file Shapes of packs as triangle meshes, in millimetres, standing on y = 0 with the front towards +z. */
import { seededRandom } from './seeded-random.ts';

export type Vector = readonly [x: number, y: number, z: number];

/** Picture that a mesh is covered with: sRGB, 3 bytes a pixel, with halved copies for distant views. */
export interface Texture {
  readonly levels: readonly { readonly width: number; readonly height: number; readonly data: Uint8Array }[];
}

export interface Material {
  readonly texture: Texture | null;
  /** Linear colour where there is no texture. */
  readonly colour: Vector;
  /** Mirror share seen straight on, 0..1. */
  readonly gloss: number;
  /** 0 rough … 1 sharp reflections. */
  readonly polish: number;
  /** Colour as a function of the place, for tables. */
  readonly surface?: (x: number, z: number) => Vector;
  /** Light that comes through, for drinks. */
  readonly glow?: number;
}

export interface Mesh {
  readonly positions: Float32Array;
  readonly normals: Float32Array;
  readonly uvs: Float32Array;
  readonly triangles: Uint32Array;
  readonly material: Material;
}

export interface Placement {
  readonly at: Vector;
  /** Degrees about y, then x, then z. */
  readonly turnDeg?: number;
  readonly tiltDeg?: number;
  readonly rollDeg?: number;
}

type Surface = (u: number, v: number) => Vector;

/** Tessellate a parametric surface; normals are numerical, `u` to the right and `v` down the texture. */
function patch(surface: Surface, columns: number, rows: number, material: Material): Mesh {
  const count = (columns + 1) * (rows + 1);
  const positions = new Float32Array(count * 3);
  const normals = new Float32Array(count * 3);
  const uvs = new Float32Array(count * 2);
  const step = 1e-3;
  for (let row = 0; row <= rows; row++)
    for (let column = 0; column <= columns; column++) {
      const index = row * (columns + 1) + column;
      const u = column / columns;
      const v = row / rows;
      positions.set(surface(u, v), index * 3);
      const du = difference(surface(Math.min(1, u + step), v), surface(Math.max(0, u - step), v));
      const dv = difference(surface(u, Math.min(1, v + step)), surface(u, Math.max(0, v - step)));
      normals.set(unit(cross(dv, du)), index * 3);
      uvs.set([u, v], index * 2);
    }
  const triangles: number[] = [];
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      const a = row * (columns + 1) + column;
      const c = a + columns + 1;
      triangles.push(a, c, a + 1, a + 1, c, c + 1);
    }
  return { positions, normals, uvs, triangles: Uint32Array.from(triangles), material };
}

function difference(a: Vector, b: Vector): Vector {
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
}

export function cross(a: Vector, b: Vector): Vector {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

export function unit(a: Vector): Vector {
  const length = Math.hypot(...a) || 1;
  return [a[0] / length, a[1] / length, a[2] / length];
}

function plane(corner: Vector, right: Vector, down: Vector, material: Material): Mesh {
  return patch(
    (u, v) => [corner[0] + right[0] * u + down[0] * v, corner[1] + right[1] * u + down[1] * v, corner[2] + right[2] * u + down[2] * v],
    1,
    1,
    material,
  );
}

export interface BoxFaces {
  readonly front: Material;
  readonly back: Material;
  readonly side: Material;
  readonly top: Material;
}

/** A carton. */
export function box(w: number, h: number, d: number, { front, back, side, top }: BoxFaces): Mesh[] {
  const [x, z] = [w / 2, d / 2];
  return [
    plane([-x, h, z], [w, 0, 0], [0, -h, 0], front),
    plane([x, h, -z], [-w, 0, 0], [0, -h, 0], back),
    plane([x, h, z], [0, 0, -d], [0, -h, 0], side),
    plane([-x, h, -z], [0, 0, d], [0, -h, 0], side),
    plane([-x, h, -z], [w, 0, 0], [0, 0, d], top),
    plane([-x, 0, z], [w, 0, 0], [0, 0, -d], top),
  ];
}

/** A filled pillow bag: sealed strips at top and bottom, creases that run from the seals and corners into the belly. */
export function bag(w: number, h: number, d: number, front: Material, back: Material, seed: string): Mesh[] {
  const random = seededRandom(seed);
  const folds = Array.from({ length: 26 }, () => ({
    u: random(),
    isTop: random() < 0.5,
    lean: (random() - 0.5) * 0.5,
    width: 0.012 + random() * 0.03,
    depth: (random() - 0.35) * 0.1,
    reach: 0.12 + random() * 0.34,
  }));
  const dents = Array.from({ length: 14 }, () => ({
    u: random(),
    v: random(),
    size: 0.05 + random() * 0.12,
    depth: (random() - 0.5) * 0.09,
  }));
  const seal = 0.055;
  const surface =
    (sign: number): Surface =>
    (u, v) => {
      const s = sign > 0 ? u : 1 - u;
      const along = Math.min(1, Math.max(0, (v - seal) / (1 - 2 * seal)));
      const belly = Math.max(0, 1 - Math.abs(2 * u - 1) ** 2.6) ** 0.72 * Math.max(0, 1 - Math.abs(2 * along - 1) ** 3.2) ** 0.8;
      let crease = 0;
      for (const fold of folds) {
        const from = fold.isTop ? along : 1 - along;
        const line = fold.u + fold.lean * from;
        crease += fold.depth * Math.exp(-(((s - line) / (fold.width * (1 + 2.5 * from))) ** 2)) * Math.exp(-((from / fold.reach) ** 2));
      }
      for (const dent of dents) crease += dent.depth * Math.exp(-(((s - dent.u) ** 2 + (v - dent.v) ** 2) / dent.size ** 2)) * belly;
      const inSeal = v < seal || v > 1 - seal;
      const crimp = inSeal ? Math.sin(v * h * 2.6) * 0.22 : 0;
      const waist = 1 - 0.05 * (1 - Math.abs(2 * v - 1) ** 2) * 1.1;
      const flutter = inSeal ? Math.sin(s * 9) * 0.6 : 0;
      return [
        (u - 0.5) * w * waist * sign,
        h * (1 - v),
        sign * (belly * d * 0.5 + crease * d * Math.min(1, belly * 3 + 0.25) + 0.3) + crimp + flutter,
      ];
    };
  return [patch(surface(1), 120, 150, front), patch(surface(-1), 120, 150, back)];
}

/** A stretch of a turned shape. */
export interface Ring {
  /** Radius and height of the upper edge. */
  readonly top: readonly [radius: number, y: number];
  readonly bottom: readonly [radius: number, y: number];
  /** Printed: front half and back half; plain: one material. */
  readonly front: Material;
  readonly back?: Material;
}

/** Cans, cups, bottles. */
export function turned(rings: readonly Ring[]): Mesh[] {
  return rings.flatMap(({ top, bottom, front, back }) => {
    const half = (start: number, material: Material): Mesh =>
      patch(
        (u, v) => {
          // `u` = 0.5 looks towards +z (front) or -z (back).
          const angle = start + (u - 0.5) * Math.PI;
          const radius = top[0] + (bottom[0] - top[0]) * v;
          return [radius * Math.sin(angle), top[1] + (bottom[1] - top[1]) * v, radius * Math.cos(angle)];
        },
        64,
        8,
        material,
      );
    return [half(0, front), half(Math.PI, back ?? front)];
  });
}

/** A disc, facing up. */
export function disc(radius: number, y: number, material: Material): Mesh {
  return patch((u, v) => [radius * v * Math.sin(u * 2 * Math.PI), y, radius * v * Math.cos(u * 2 * Math.PI)], 64, 2, material);
}

/** A table, endless for the camera. */
export function ground(material: Material, size = 4000): Mesh {
  return patch((u, v) => [(u - 0.5) * size, 0, (v - 0.5) * size], 40, 40, material);
}

/** A wall behind, facing +z. In pieces, like the table: a piece that reaches behind the camera is not drawn. */
export function wall(z: number, material: Material, size = 3000): Mesh {
  return patch((u, v) => [(u - 0.5) * size, (1 - v) * size - 20, z], 40, 40, material);
}

/** Turn and move a mesh. */
export function place(mesh: Mesh, { at, turnDeg = 0, tiltDeg = 0, rollDeg = 0 }: Placement): Mesh {
  const rad = Math.PI / 180;
  const [cy, sy, cx, sx, cz, sz] = [turnDeg, tiltDeg, rollDeg].flatMap((angle) => [Math.cos(angle * rad), Math.sin(angle * rad)]) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const rotate = (x: number, y: number, z: number): Vector => {
    const [rx, ry] = [x * cz - y * sz, x * sz + y * cz];
    const [ty, tz] = [ry * cx - z * sx, ry * sx + z * cx];
    return [rx * cy + tz * sy, ty, -rx * sy + tz * cy];
  };
  const positions = new Float32Array(mesh.positions.length);
  const normals = new Float32Array(mesh.normals.length);
  for (let i = 0; i < positions.length; i += 3) {
    const p = rotate(mesh.positions[i]!, mesh.positions[i + 1]!, mesh.positions[i + 2]!);
    positions.set([p[0] + at[0], p[1] + at[1], p[2] + at[2]], i);
    normals.set(rotate(mesh.normals[i]!, mesh.normals[i + 1]!, mesh.normals[i + 2]!), i);
  }
  return { ...mesh, positions, normals };
}
