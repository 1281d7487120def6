/**
 * @file Where stripes lie in a frame, and which way they run: candidates for bar codes too small or too tilted to be read in the whole
 * photo. Pure; any thread. Method: local structure tensors (Bigün & Granlund 1987), blocks of one clear direction grown into regions.
 */
import type { Point, Quad } from '../../contracts/geometry.ts';
import type { Frame } from '../../contracts/media.ts';
import { toGrey } from '../tensor-layout.ts';

/** Longest side that a frame should have to be searched: bars of a code a tenth of the photo wide are still apart. */
export const STRIPES_SIDE_PX = 1600;
const BLOCK_PX = 12;
/** Share of the gradient energy that runs one way; text has about 0.3, bars above 0.8. */
const MIN_COHERENCE = 0.6;
/** Mean squared gradient of a block, grey levels squared; flat surfaces and noise have less. */
const MIN_ENERGY = 120;
/** Neighbouring blocks of one code differ by less. */
const MAX_TURN_RAD = 0.3;
/** A code is at least this many blocks long; a mere edge is one or two across. */
const MIN_ALONG_BLOCKS = 4;
const MIN_FILL = 0.45;
const MAX_REGIONS = 5;
/** Added at either end, as a share of the length: guard bars and quiet zone. */
const MARGIN = 0.14;

/** Structure tensors of a grid of blocks, smoothed over 3 × 3. */
interface Grid {
  readonly columns: number;
  readonly rows: number;
  readonly xx: Float32Array;
  readonly xy: Float32Array;
  readonly yy: Float32Array;
}

/**
 * @param frame upright, longest side at most {@link STRIPES_SIDE_PX}; not consumed.
 * @returns at most 5 quads, most striped first; their first side runs across the bars, so that a cut-out along it has upright bars.
 */
export function findStripes(frame: Frame): Quad[] {
  const grid = tensorGrid(toGrey(frame), frame.widthPx, frame.heightPx);
  return regionsOf(grid)
    .flatMap((region) => toCandidate(region, grid) ?? [])
    .sort((a, b) => b.score - a.score)
    .slice(0, MAX_REGIONS)
    .map(({ corners }) => corners.map(({ x, y }) => ({ x: x / frame.widthPx, y: y / frame.heightPx })) as unknown as Quad);
}

function tensorGrid(grey: Uint8Array, widthPx: number, heightPx: number): Grid {
  const columns = Math.floor(widthPx / BLOCK_PX);
  const rows = Math.floor(heightPx / BLOCK_PX);
  const xx = new Float32Array(columns * rows);
  const xy = new Float32Array(columns * rows);
  const yy = new Float32Array(columns * rows);
  for (let y = 1; y < Math.min(heightPx - 1, rows * BLOCK_PX); y++) {
    const row = Math.floor(y / BLOCK_PX) * columns;
    for (let x = 1; x < Math.min(widthPx - 1, columns * BLOCK_PX); x++) {
      const at = y * widthPx + x;
      const gx = grey[at + 1]! - grey[at - 1]!;
      const gy = grey[at + widthPx]! - grey[at - widthPx]!;
      const block = row + Math.floor(x / BLOCK_PX);
      xx[block]! += gx * gx;
      xy[block]! += gx * gy;
      yy[block]! += gy * gy;
    }
  }
  return { columns, rows, xx: smooth(xx, columns, rows), xy: smooth(xy, columns, rows), yy: smooth(yy, columns, rows) };
}

/** Mean over 3 × 3 blocks, per pixel. */
function smooth(sums: Float32Array, columns: number, rows: number): Float32Array {
  const out = new Float32Array(sums.length);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      let sum = 0;
      let count = 0;
      for (let r = Math.max(0, row - 1); r <= Math.min(rows - 1, row + 1); r++)
        for (let c = Math.max(0, column - 1); c <= Math.min(columns - 1, column + 1); c++) {
          sum += sums[r * columns + c]!;
          count++;
        }
      out[row * columns + column] = sum / count / (BLOCK_PX * BLOCK_PX);
    }
  return out;
}

/** Direction of the gradient, −π/2..π/2. */
function directionOf(xx: number, xy: number, yy: number): number {
  return 0.5 * Math.atan2(2 * xy, xx - yy);
}

/** Lists of neighbouring blocks that run the same way. */
function regionsOf({ columns, rows, xx, xy, yy }: Grid): number[][] {
  const isStriped = (block: number): boolean => {
    const energy = xx[block]! + yy[block]!;
    return energy > MIN_ENERGY && Math.hypot(xx[block]! - yy[block]!, 2 * xy[block]!) > MIN_COHERENCE * energy;
  };
  const turn = (a: number, b: number): number => {
    const difference = Math.abs(directionOf(xx[a]!, xy[a]!, yy[a]!) - directionOf(xx[b]!, xy[b]!, yy[b]!));
    return Math.min(difference, Math.PI - difference);
  };
  const isSeen = new Uint8Array(columns * rows);
  const regions: number[][] = [];
  for (let start = 0; start < columns * rows; start++) {
    if (isSeen[start] === 1 || !isStriped(start)) continue;
    isSeen[start] = 1;
    const region = [start];
    for (const block of region) {
      const column = block % columns;
      const row = (block - column) / columns;
      for (let r = Math.max(0, row - 1); r <= Math.min(rows - 1, row + 1); r++)
        for (let c = Math.max(0, column - 1); c <= Math.min(columns - 1, column + 1); c++) {
          const neighbour = r * columns + c;
          if (isSeen[neighbour] === 1 || !isStriped(neighbour) || turn(block, neighbour) > MAX_TURN_RAD) continue;
          isSeen[neighbour] = 1;
          region.push(neighbour);
        }
    }
    regions.push(region);
  }
  return regions;
}

/** Box around a region, turned the way its stripes run; null when it has not the shape of a code. */
function toCandidate(region: readonly number[], grid: Grid): { corners: Point[]; score: number } | null {
  if (region.length < MIN_ALONG_BLOCKS) return null;
  const sum = (values: Float32Array): number => region.reduce((total, block) => total + values[block]!, 0);
  const direction = directionOf(sum(grid.xx), sum(grid.xy), sum(grid.yy));
  const cos = Math.cos(direction);
  const sin = Math.sin(direction);
  const extent = { along: [Infinity, -Infinity], across: [Infinity, -Infinity] };
  for (const block of region) {
    const x = ((block % grid.columns) + 0.5) * BLOCK_PX;
    const y = (Math.floor(block / grid.columns) + 0.5) * BLOCK_PX;
    const along = x * cos + y * sin;
    const across = y * cos - x * sin;
    extent.along = [Math.min(extent.along[0]!, along), Math.max(extent.along[1]!, along)];
    extent.across = [Math.min(extent.across[0]!, across), Math.max(extent.across[1]!, across)];
  }
  const [left, right] = extent.along as [number, number];
  const [top, bottom] = extent.across as [number, number];
  const length = right - left + BLOCK_PX;
  const height = bottom - top + BLOCK_PX;
  if (length < MIN_ALONG_BLOCKS * BLOCK_PX || (region.length * BLOCK_PX * BLOCK_PX) / (length * height) < MIN_FILL) return null;
  const margin = MARGIN * length + BLOCK_PX / 2;
  const corner = (along: number, across: number): Point => ({ x: along * cos - across * sin, y: along * sin + across * cos });
  const l = left - BLOCK_PX / 2 - margin;
  const r = right + BLOCK_PX / 2 + margin;
  const t = top - BLOCK_PX / 2;
  const b = bottom + BLOCK_PX / 2;
  return { corners: [corner(l, t), corner(r, t), corner(r, b), corner(l, b)], score: sum(grid.xx) + sum(grid.yy) };
}
