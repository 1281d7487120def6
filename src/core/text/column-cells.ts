/**
 * @file A column of vertical writing → the same characters side by side, as a line reader knows them. Pure; any thread.
 *
 * Vertical type sets full-width characters at one pitch, so a column falls into equal cells. Within its cell, vertical type moves
 * small kana and punctuation to the upper right and turns brackets and the long vowel mark; both are undone.
 */
import type { GreyImage } from '../../contracts/runtime.ts';

/** Cells of a column: `offset + i × pitch` in pixels of the column's height; the first may begin above the image. */
export interface ColumnGrid {
  readonly pitchPx: number;
  readonly offsetPx: number;
  readonly count: number;
}

const INK_BELOW = 150;

/**
 * Pitch and offset whose cuts meet the least ink.
 * @param column one column of upright characters, dark on light, about as wide as a character.
 * @param pitches range to look in, in pixels, where other columns told it.
 */
export function findColumnGrid(column: GreyImage, pitches?: readonly [low: number, high: number]): ColumnGrid {
  const { widthPx, heightPx, data } = column;
  const ink = new Float64Array(heightPx);
  let first = -1;
  let last = -1;
  for (let y = 0; y < heightPx; y++) {
    let count = 0;
    for (let x = 0; x < widthPx; x++) if (data[y * widthPx + x]! < INK_BELOW) count++;
    ink[y] = count;
    if (count === 0) continue;
    if (first < 0) first = y;
    last = y;
  }
  if (first < 0) return { pitchPx: widthPx, offsetPx: 0, count: 0 };
  let best = { pitchPx: widthPx, offsetPx: first };
  let bestCost = Infinity;
  const [low, high] = pitches ?? [widthPx * 0.62, widthPx * 1.3];
  for (let pitchPx = low; pitchPx <= high; pitchPx += 0.5) {
    for (let offsetPx = first - pitchPx * 0.8; offsetPx <= first + 1; offsetPx += 1) {
      let cost = 0;
      let cuts = 0;
      for (let at = offsetPx; at <= last + 1; at += pitchPx, cuts++) {
        const y = Math.round(at);
        for (let near = y - 1; near <= y + 1; near++) cost += near >= 0 && near < heightPx ? ink[near]! : 0;
      }
      // Fewer, larger cells meet less ink by chance: compare the mean over the cuts.
      const mean = cost / Math.max(1, cuts);
      if (mean >= bestCost) continue;
      bestCost = mean;
      best = { pitchPx, offsetPx };
    }
  }
  return { ...best, count: Math.ceil((last + 1 - best.offsetPx) / best.pitchPx) };
}

/**
 * Lay the cells of a column side by side.
 * @returns a strip `heightPx` high; cell `i` takes `i × heightPx … (i + 1) × heightPx` of its width.
 */
export function layCellsInLine(column: GreyImage, grid: ColumnGrid, heightPx: number): GreyImage {
  const widthPx = Math.max(1, grid.count) * heightPx;
  const data = new Uint8Array(widthPx * heightPx).fill(255);
  for (let cell = 0; cell < grid.count; cell++) {
    const pixels = cutCell(column, grid.offsetPx + cell * grid.pitchPx, grid.pitchPx, heightPx);
    const settled = settleCell(pixels, heightPx);
    for (let y = 0; y < heightPx; y++) data.set(settled.subarray(y * heightPx, (y + 1) * heightPx), y * widthPx + cell * heightPx);
  }
  return { widthPx, heightPx, data };
}

/** One cell as a square of `side`, bilinear. */
function cutCell({ widthPx, heightPx, data }: GreyImage, top: number, pitch: number, side: number): Uint8Array {
  const out = new Uint8Array(side * side);
  const scale = pitch / side;
  const left = (widthPx - pitch) / 2;
  const at = (x: number, y: number): number => (x < 0 || y < 0 || x >= widthPx || y >= heightPx ? 255 : data[y * widthPx + x]!);
  for (let v = 0; v < side; v++) {
    const y = top + (v + 0.5) * scale - 0.5;
    const y0 = Math.floor(y);
    for (let u = 0; u < side; u++) {
      const x = left + (u + 0.5) * scale - 0.5;
      const x0 = Math.floor(x);
      const upper = at(x0, y0) * (1 - (x - x0)) + at(x0 + 1, y0) * (x - x0);
      const lower = at(x0, y0 + 1) * (1 - (x - x0)) + at(x0 + 1, y0 + 1) * (x - x0);
      out[v * side + u] = upper * (1 - (y - y0)) + lower * (y - y0);
    }
  }
  return out;
}

/** Undo what vertical type does to signs and small kana. */
function settleCell(cell: Uint8Array, side: number): Uint8Array {
  let x0 = side;
  let x1 = 0;
  let y0 = side;
  let y1 = 0;
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++) {
      if (cell[y * side + x]! >= INK_BELOW) continue;
      x0 = Math.min(x0, x);
      x1 = Math.max(x1, x + 1);
      y0 = Math.min(y0, y);
      y1 = Math.max(y1, y + 1);
    }
  if (x1 <= x0) return cell;
  const width = (x1 - x0) / side;
  const height = (y1 - y0) / side;
  const centreX = (x0 + x1) / 2 / side;
  const centreY = (y0 + y1) / 2 / side;
  const isBracket = width > 0.5 && height < 0.45 && (centreY < 0.36 || centreY > 0.64);
  const isLongVowel = height > 0.55 && width < 0.24 && Math.abs(centreX - 0.5) < 0.2;
  if (isBracket || isLongVowel) return turnLeft(cell, side);
  const isRaised = Math.max(width, height) < 0.78 && centreX > 0.53 && centreY < 0.47;
  return isRaised
    ? shift(
        cell,
        side,
        Math.round((1 - 2 * centreX) * side * (Math.max(width, height) < 0.45 ? 1 : 0.5)),
        Math.round((1 - 2 * centreY) * side),
      )
    : cell;
}

/** A quarter turn counter-clockwise. */
function turnLeft(cell: Uint8Array, side: number): Uint8Array {
  const out = new Uint8Array(cell.length);
  for (let y = 0; y < side; y++) for (let x = 0; x < side; x++) out[(side - 1 - x) * side + y] = cell[y * side + x]!;
  return out;
}

function shift(cell: Uint8Array, side: number, dx: number, dy: number): Uint8Array {
  const out = new Uint8Array(cell.length).fill(255);
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++) {
      const fromX = x - dx;
      const fromY = y - dy;
      if (fromX >= 0 && fromY >= 0 && fromX < side && fromY < side) out[y * side + x] = cell[fromY * side + fromX]!;
    }
  return out;
}
