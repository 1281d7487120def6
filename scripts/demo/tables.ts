/** @file Surfaces that packs stand on: procedural, so that they belong to nobody. */
import type { Vector } from './solids.ts';

export type Table = 'oak' | 'walnut' | 'linen' | 'stone' | 'white' | 'shelf';

function hash(x: number, y: number): number {
  let h = Math.imul(x | 0, 374761393) + Math.imul(y | 0, 668265263);
  h = Math.imul(h ^ (h >>> 13), 1274126177);
  return ((h ^ (h >>> 16)) >>> 0) / 4294967296;
}

/** Value noise, 0..1, one cell per unit. */
export function noise(x: number, y: number): number {
  const [x0, y0] = [Math.floor(x), Math.floor(y)];
  const smooth = (t: number): number => t * t * (3 - 2 * t);
  const [fx, fy] = [smooth(x - x0), smooth(y - y0)];
  return (hash(x0, y0) * (1 - fx) + hash(x0 + 1, y0) * fx) * (1 - fy) + (hash(x0, y0 + 1) * (1 - fx) + hash(x0 + 1, y0 + 1) * fx) * fy;
}

function layered(x: number, y: number): number {
  return noise(x, y) * 0.5 + noise(x * 2.1, y * 2.1) * 0.27 + noise(x * 4.3, y * 4.3) * 0.15 + noise(x * 8.9, y * 8.9) * 0.08;
}

function wood(x: number, z: number, light: Vector, dark: Vector): Vector {
  const plank = Math.floor(z / 118);
  const along = x + hash(plank, 7) * 900;
  const grain = layered(along / 260, z / 7 + plank * 31 + 2.2 * layered(along / 120, z / 60));
  const ring = 0.5 + 0.5 * Math.sin((z + 26 * layered(along / 190, z / 90 + plank)) / 3.1);
  const pores = noise(along / 9, z / 0.9) > 0.8 ? 0.09 : 0;
  const seam = Math.abs(z / 118 - Math.round(z / 118)) < 0.008 ? 0.45 : 1;
  const tone = Math.min(1, Math.max(0, 0.25 + grain * 0.5 + ring * 0.16 - pores + (hash(plank, 3) - 0.5) * 0.22));
  return [0, 1, 2].map((k) => (dark[k]! + (light[k]! - dark[k]!) * tone) * seam) as unknown as Vector;
}

/** @returns linear colour of a place on the table, millimetres. */
export function tableColour(table: Table): (x: number, z: number) => Vector {
  switch (table) {
    case 'oak':
      return (x, z) => wood(x, z, [0.56, 0.36, 0.19], [0.27, 0.14, 0.06]);
    case 'walnut':
      return (x, z) => wood(x, z, [0.2, 0.11, 0.06], [0.06, 0.03, 0.016]);
    case 'linen':
      return (x, z) => {
        const weave = 0.5 + 0.25 * Math.sin(x * 3.4 + noise(x / 30, z / 30) * 3) + 0.25 * Math.sin(z * 3.4 + noise(x / 25, z / 25) * 3);
        const tone = 0.84 + 0.1 * weave + 0.1 * (layered(x / 60, z / 60) - 0.5);
        return [0.5 * tone, 0.49 * tone, 0.45 * tone];
      };
    case 'stone':
      return (x, z) => {
        const vein = Math.abs(layered(x / 140 + layered(z / 90, x / 90) * 1.6, z / 140) - 0.5);
        const tone = 0.62 + 0.28 * Math.min(1, vein * 9) + (noise(x / 1.6, z / 1.6) - 0.5) * 0.09;
        return [0.42 * tone, 0.43 * tone, 0.45 * tone];
      };
    case 'white':
      return (x, z) => {
        const tone = 0.97 + (layered(x / 300, z / 300) - 0.5) * 0.08;
        return [0.7 * tone, 0.69 * tone, 0.66 * tone];
      };
    case 'shelf':
      return (x, z) => {
        const tone = 0.9 + (noise(x / 40, z / 400) - 0.5) * 0.08;
        return [0.52 * tone, 0.53 * tone, 0.55 * tone];
      };
  }
}
