/** @file Cells of a column laid side by side, with what vertical type does to signs and small kana undone. Pure; any thread. */
import type { GreyImage } from '../../contracts/runtime.ts';
import type { ColumnCell, ColumnPitch } from './column-cells.ts';
import { measureColumn } from './column-ink.ts';

/** Width of a cell relative to its height: the reader knows condensed type, and narrower lines are read sooner. */
export const CELL_ASPECT = 0.85;

/**
 * @param column upright, dark on light. @param cells of it, from top to bottom.
 * @returns a strip `heightPx` high; cell `i` takes the `i`th of equal parts of its width.
 */
export function layCellsInLine(column: GreyImage, cells: readonly ColumnCell[], pitch: ColumnPitch, heightPx: number): GreyImage {
  const cellWidth = Math.round(heightPx * CELL_ASPECT);
  const widthPx = Math.max(1, cells.length) * cellWidth;
  const data = new Uint8Array(widthPx * heightPx).fill(255);
  const pitchPx = pitch.perWidth * column.widthPx;
  const ink = measureColumn(column);
  for (const [i, { topPx, bottomPx }] of cells.entries()) {
    // A short cell is shown at the size of the others, in the middle, and its neighbours' ink left out.
    const isFull = !pitch.isTight && Math.abs(bottomPx - topPx - pitchPx) < pitchPx * 0.13;
    const side = isFull ? bottomPx - topPx : pitchPx;
    const top = isFull ? topPx : (topPx + bottomPx - pitchPx) / 2;
    const square = cutCell(column, ink.middlePx, top, side, isFull ? [topPx, bottomPx] : [topPx - 1, bottomPx + 1], heightPx);
    const settled = settleCell(square, heightPx, !isFull);
    squeezeInto(data, widthPx, i * cellWidth, cellWidth, settled, heightPx);
  }
  return { widthPx, heightPx, data };
}

/** One cell as a square of `side`, bilinear; rows outside of `rows` become paper. */
function cutCell(
  { widthPx, heightPx, data }: GreyImage,
  middle: number,
  top: number,
  pitch: number,
  [first, last]: readonly [number, number],
  side: number,
): Uint8Array {
  const out = new Uint8Array(side * side);
  const scale = pitch / side;
  const left = middle - pitch / 2;
  const at = (x: number, y: number): number => (x < 0 || y < 0 || x >= widthPx || y >= heightPx ? 255 : data[y * widthPx + x]!);
  for (let v = 0; v < side; v++) {
    const y = top + (v + 0.5) * scale - 0.5;
    const y0 = Math.floor(y);
    const isOutside = y < first - 0.5 || y > last - 0.5;
    for (let u = 0; u < side; u++) {
      const x = left + (u + 0.5) * scale - 0.5;
      const x0 = Math.floor(x);
      const upper = at(x0, y0) * (1 - (x - x0)) + at(x0 + 1, y0) * (x - x0);
      const lower = at(x0, y0 + 1) * (1 - (x - x0)) + at(x0 + 1, y0 + 1) * (x - x0);
      out[v * side + u] = isOutside ? 255 : upper * (1 - (y - y0)) + lower * (y - y0);
    }
  }
  return out;
}

/**
 * Undo what vertical type does to signs and small kana: brackets, colons, waves and the long vowel mark are turned back,
 * punctuation goes to the lower left, small kana down. training/japanese-text/columns.py does the same: change both together.
 */
export function settleCell(cell: Uint8Array, side: number, isTight: boolean): Uint8Array {
  const { paper, threshold } = tonesOf(cell);
  if (threshold === null) return cell;
  const isInk = (x: number, y: number): boolean => cell[y * side + x]! < threshold;
  let x0 = side;
  let x1 = 0;
  let y0 = side;
  let y1 = 0;
  let rows = 0;
  let widthSum = 0;
  let widest = 0;
  let isMiddleClear = true;
  for (let y = 0; y < side; y++) {
    let first = -1;
    let last = -1;
    for (let x = 0; x < side; x++) {
      if (!isInk(x, y)) continue;
      if (first < 0) first = x;
      last = x;
      if (x >= Math.round(side * 0.45) && x < Math.round(side * 0.55)) isMiddleClear = false;
    }
    if (first < 0) continue;
    rows++;
    widthSum += last - first + 1;
    widest = Math.max(widest, last - first + 1);
    x0 = Math.min(x0, first);
    x1 = Math.max(x1, last + 1);
    y0 = Math.min(y0, y);
    y1 = y + 1;
  }
  if (rows === 0) return cell;
  const width = (x1 - x0) / side;
  const height = (y1 - y0) / side;
  const centreX = (x0 + x1) / 2 / side;
  const centreY = (y0 + y1) / 2 / side;
  const isOffMiddle = isTight ? height > 0.13 : centreY < 0.36 || centreY > 0.64;
  const isBracket = width > 0.5 && height < 0.42 && isOffMiddle;
  // No row wider than a stroke, and none blank: what tells a long vowel mark or a dash from 1, l and I.
  const meanWidth = widthSum / rows / side;
  const isUnbroken = rows === y1 - y0;
  const isLongVowel =
    height > 0.76 && width < 0.34 && Math.abs(centreX - 0.5) < 0.2 && isUnbroken && meanWidth < 0.2 && widest < 0.28 * side;
  const isEven = meanWidth < 0.14 && widest / side < meanWidth * 1.7;
  const isDash = height > 0.4 && height < 0.68 && width < 0.2 && Math.abs(centreX - 0.5) < 0.12 && isUnbroken && isEven;
  const isCentral = Math.abs(centreX - 0.5) < 0.15 && Math.abs(centreY - 0.5) < 0.15;
  const isColon = height < 0.3 && width > 0.28 && width < 0.75 && isCentral && isMiddleClear;
  if (isBracket || isLongVowel || isDash || isColon) return turnLeft(cell, side);
  const size = Math.max(width, height);
  const isRaised = isTight
    ? size < 0.45 && centreX > 0.56
    : (size < 0.45 && centreX > 0.53 && centreY < 0.47) || (size < 0.78 && centreX > 0.55 && centreY < 0.45);
  if (!isRaised) return cell;
  const dx = Math.round((1 - 2 * centreX) * side * (size < 0.45 ? 1 : 0.5));
  const dy = Math.round((isTight ? 0.3 : 1 - 2 * centreY) * side);
  return shift(cell, side, dx, dy, paper);
}

/** Grey of the paper and what counts as ink; null where there is none. */
function tonesOf(cell: Uint8Array): { paper: number; threshold: number | null } {
  const sorted = cell.slice().sort();
  const paper = sorted[Math.floor(cell.length * 0.8)]!;
  const contrast = paper - sorted[0]!;
  return { paper, threshold: contrast < 40 ? null : paper - 0.4 * contrast };
}

/** A quarter turn counter-clockwise. */
function turnLeft(cell: Uint8Array, side: number): Uint8Array {
  const out = new Uint8Array(cell.length);
  for (let y = 0; y < side; y++) for (let x = 0; x < side; x++) out[(side - 1 - x) * side + y] = cell[y * side + x]!;
  return out;
}

function shift(cell: Uint8Array, side: number, dx: number, dy: number, paper: number): Uint8Array {
  const out = new Uint8Array(cell.length).fill(paper);
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++) {
      const fromX = x - dx;
      const fromY = y - dy;
      if (fromX >= 0 && fromY >= 0 && fromX < side && fromY < side) out[y * side + x] = cell[fromY * side + fromX]!;
    }
  return out;
}

/** Write a square cell into the strip, `cellWidth` wide, each pixel the mean of those it covers. */
function squeezeInto(strip: Uint8Array, stripWidth: number, at: number, cellWidth: number, cell: Uint8Array, side: number): void {
  const scale = side / cellWidth;
  for (let u = 0; u < cellWidth; u++) {
    const from = u * scale;
    const to = (u + 1) * scale;
    for (let y = 0; y < side; y++) {
      let sum = 0;
      for (let x = Math.floor(from); x < to && x < side; x++) sum += cell[y * side + x]! * (Math.min(to, x + 1) - Math.max(from, x));
      strip[y * stripWidth + at + u] = sum / scale;
    }
  }
}
