/** @file Where the ink of a column of vertical writing lies, row by row. Pure; any thread. */
import type { GreyImage } from '../../contracts/runtime.ts';

/** A stretch of rows with ink between blank ones. */
export interface InkPiece {
  readonly top: number;
  readonly bottom: number;
  /** Punctuation or a bracket by its shape, which is never part of a larger character; null for all else. */
  readonly mark: 'point' | 'bracket' | null;
  /** Ink at its lower end, where characters touch; 0 before a blank row. */
  readonly touch: number;
}

/** Ink of one column. */
export interface ColumnInk {
  readonly widthPx: number;
  readonly heightPx: number;
  /** First and last row with ink; `last < first` for a blank column. */
  readonly first: number;
  readonly last: number;
  /** Middle of the type across the column, in pixels. */
  readonly middlePx: number;
  /** Width of the type: nearly all of a full-width character. */
  readonly typePx: number;
  /** Ink around a row, relative to the mean of rows with ink; 0 outside. */
  inkAt(row: number): number;
  /** Grey value of bare paper at a row. */
  paperAt(row: number): number;
  /** @param tallestPx pieces higher than this are parted where they have least ink. */
  pieces(tallestPx: number): InkPiece[];
}

/** Share of the column's width to the left and right that may belong to the neighbours. */
const SIDE = 0.1;
/** This much darker than the paper is ink. */
const MIN_CONTRAST = 45;
/** Rules between columns lie within this share of the width from its sides. */
const SIDE_BAND = 0.2;
/** A line with this share of ink along it is a rule: characters leave gaps. A row likewise, where strokes may be nearly as wide. */
const RULE_SHARE = 0.7;
const RULE_ROW_SHARE = 0.92;
const MAX_RULE_LINES = 4;
/** Characters touch at rows with less ink than this, relative to the mean. */
const MAX_TOUCH = 0.6;

/** @param column one column of upright characters, dark on light. */
export function measureColumn(column: GreyImage): ColumnInk {
  const { widthPx, heightPx, data } = column;
  const paper = paperByRow(column);
  const isInk = (x: number, y: number): boolean => paper[y]! - data[y * widthPx + x]! > MIN_CONTRAST;
  const from = Math.round(widthPx * SIDE);
  const to = widthPx - from;
  const rows = new Float64Array(heightPx);
  for (let y = 0; y < heightPx; y++) {
    let count = 0;
    for (let x = from; x < to; x++) if (isInk(x, y)) count++;
    rows[y] = count;
  }
  const [top, bottom] = withoutCrossRules(column, isInk);
  for (let y = 0; y < heightPx; y++) if (y < top || y > bottom) rows[y] = 0;
  const first = rows.findIndex((count) => count > 0);
  const last = rows.findLastIndex((count) => count > 0);
  let sum = 0;
  let inked = 0;
  for (const count of rows) {
    sum += count;
    if (count > 0) inked++;
  }
  const mean = sum / Math.max(1, inked);
  const at = (row: number): number => rows[row] ?? 0;
  const { middlePx, typePx } = extentOf(column, isInk);
  const inkAt = (row: number): number => (at(row - 1) + 2 * at(row) + at(row + 1)) / 4 / Math.max(1, mean);
  return {
    widthPx,
    heightPx,
    first,
    last,
    middlePx,
    typePx,
    inkAt,
    paperAt: (row) => paper[Math.max(0, Math.min(heightPx - 1, row))]!,
    pieces: (tallestPx) =>
      findPieces(rows, widthPx, middlePx, (x, y) => x >= from && x < to && isInk(x, y)).flatMap((piece) =>
        piece.bottom - piece.top > tallestPx ? partPiece(piece, inkAt) : [piece],
      ),
  };
}

/** Brightest tenth of each row, smoothed over about a character: photos are shaded. */
function paperByRow({ widthPx, heightPx, data }: GreyImage): Float64Array {
  const bright = new Float64Array(heightPx);
  for (let y = 0; y < heightPx; y++) {
    const row = data.slice(y * widthPx, (y + 1) * widthPx).sort();
    bright[y] = row[Math.floor(widthPx * 0.9)]!;
  }
  const reach = Math.round(widthPx / 2);
  const out = new Float64Array(heightPx);
  for (let y = 0; y < heightPx; y++) {
    let best = 0;
    for (let near = Math.max(0, y - reach); near <= Math.min(heightPx - 1, y + reach); near += 4) best = Math.max(best, bright[near]!);
    out[y] = best;
  }
  return out;
}

/** Rules between columns, straight and perhaps aslant, painted over. @returns a new image. */
export function eraseSideRules(column: GreyImage): GreyImage {
  const { widthPx, heightPx, data } = column;
  if (heightPx < widthPx * 2) return column;
  const paper = paperByRow(column);
  const out = data.slice();
  const band = Math.round(widthPx * SIDE_BAND);
  for (const left of [0, widthPx - band]) {
    // A thick rule is several lines side by side.
    let first: RuleLine | null = null;
    for (let time = 0; time < MAX_RULE_LINES; time++) {
      const line = densestLine({ widthPx, heightPx, data: out }, paper, left, left + band);
      if (line.share < RULE_SHARE) break;
      if (first !== null && Math.max(Math.abs(line.top - first.top), Math.abs(line.bottom - first.bottom)) > 3) break;
      first ??= line;
      for (let y = 0; y < heightPx; y++) {
        const x = Math.round(line.top + ((line.bottom - line.top) * y) / heightPx);
        // Its blurred edges too, but not the strokes that touch it.
        for (let near = x - 1; near <= x + 1; near++)
          if (near >= 0 && near < widthPx) out[y * widthPx + near] = Math.max(out[y * widthPx + near]!, paper[y]!);
      }
    }
  }
  return { widthPx, heightPx, data: out };
}

interface RuleLine {
  readonly top: number;
  readonly bottom: number;
  /** Of its pixels, those with ink. */
  readonly share: number;
}

/** The straight line from top to bottom within `from … to` with the most ink along it. */
function densestLine({ widthPx, heightPx, data }: GreyImage, paper: Float64Array, from: number, to: number): RuleLine {
  let best: RuleLine = { top: from, bottom: from, share: 0 };
  for (let top = from; top < to; top++)
    for (let bottom = from; bottom < to; bottom++) {
      let ink = 0;
      for (let y = 1; y < heightPx; y += 3) {
        const x = Math.round(top + ((bottom - top) * y) / heightPx);
        if (paper[y]! - data[y * widthPx + x]! > MIN_CONTRAST) ink++;
      }
      const share = ink / (heightPx / 3);
      if (share > best.share) best = { top, bottom, share };
    }
  return best;
}

/** First and last row that lie between rules across the ends of the column. */
function withoutCrossRules({ widthPx, heightPx }: GreyImage, isInk: (x: number, y: number) => boolean): [number, number] {
  const isRule = (y: number): boolean => {
    let count = 0;
    for (let x = 0; x < widthPx; x++) if (isInk(x, y) || isInk(x, Math.max(0, y - 1)) || isInk(x, Math.min(heightPx - 1, y + 1))) count++;
    return count > widthPx * RULE_ROW_SHARE;
  };
  const reach = Math.min(Math.round(widthPx * 1.2), Math.floor(heightPx * 0.4));
  let top = 0;
  let bottom = heightPx - 1;
  for (let y = 0; y < reach; y++) if (isRule(y)) top = y + 1;
  for (let y = heightPx - 1; y >= heightPx - reach; y--) if (isRule(y)) bottom = y - 1;
  return [top, bottom];
}

/** From the 3rd to the 97th percentile of ink across the column, where there is enough of it. */
function extentOf({ widthPx, heightPx }: GreyImage, isInk: (x: number, y: number) => boolean): { middlePx: number; typePx: number } {
  if (heightPx < widthPx * 2) return { middlePx: widthPx / 2, typePx: widthPx * 0.7 };
  const across = new Float64Array(widthPx);
  let sum = 0;
  for (let x = Math.round(widthPx * 0.04); x < widthPx * 0.96; x++) {
    for (let y = 0; y < heightPx; y++) if (isInk(x, y)) across[x] = across[x]! + 1;
    sum += across[x]!;
  }
  const placeOf = (share: number): number => {
    let seen = 0;
    for (let x = 0; x < widthPx; x++) {
      seen += across[x]!;
      if (seen > sum * share) return x + 0.5;
    }
    return widthPx / 2;
  };
  const [left, right] = [placeOf(0.03), placeOf(0.97)];
  return { middlePx: Math.max(widthPx * 0.4, Math.min(widthPx * 0.6, (left + right) / 2)), typePx: right - left };
}

function findPieces(rows: Float64Array, widthPx: number, middlePx: number, isInk: (x: number, y: number) => boolean): InkPiece[] {
  const pieces: InkPiece[] = [];
  let top = -1;
  for (let y = 0; y <= rows.length; y++) {
    const hasInk = (rows[y] ?? 0) > 0;
    if (hasInk && top < 0) top = y;
    if (hasInk || top < 0) continue;
    if (y - top > 1) pieces.push({ top, bottom: y, mark: markOf(top, y, widthPx, middlePx, isInk), touch: 0 });
    top = -1;
  }
  return pieces;
}

/** Parts of a piece in which characters touch each other, cut where there is little ink. */
function partPiece({ top, bottom, mark }: InkPiece, inkAt: (row: number) => number): InkPiece[] {
  const parts: InkPiece[] = [];
  let from = top;
  for (let y = top + 2; y < bottom - 2; y++) {
    const ink = inkAt(y);
    const isLeast = [-3, -2, -1, 1, 2, 3].every((step) => inkAt(y + step) >= ink);
    if (!isLeast || ink > MAX_TOUCH || y - from < 4) continue;
    parts.push({ top: from, bottom: y, mark: null, touch: ink });
    from = y;
  }
  return [...parts, { top: from, bottom, mark: parts.length === 0 ? mark : null, touch: 0 }];
}

/** Small and right of the middle, or as wide as a character and bent like a bracket lying on its side. */
function markOf(
  top: number,
  bottom: number,
  widthPx: number,
  middlePx: number,
  isInk: (x: number, y: number) => boolean,
): InkPiece['mark'] {
  let left = widthPx;
  let right = 0;
  for (let y = top; y < bottom; y++)
    for (let x = 0; x < widthPx; x++)
      if (isInk(x, y)) {
        left = Math.min(left, x);
        right = Math.max(right, x + 1);
      }
  const width = (right - left) / widthPx;
  const height = (bottom - top) / widthPx;
  if (Math.max(width, height) < 0.36) return (left + right) / 2 > middlePx + widthPx * 0.05 ? 'point' : null;
  if (width < 0.45 || height < 0.09 || height > 0.34) return null;
  const meanRow = (from: number, to: number): number => {
    let sum = 0;
    let count = 0;
    for (let x = Math.round(left + (right - left) * from); x < left + (right - left) * to; x++)
      for (let y = top; y < bottom; y++)
        if (isInk(x, y)) {
          sum += y;
          count++;
        }
    return count === 0 ? (top + bottom) / 2 : sum / count;
  };
  const bend = Math.abs(meanRow(0.35, 0.65) - (meanRow(0, 0.15) + meanRow(0.85, 1)) / 2) / widthPx;
  return bend > 0.06 ? 'bracket' : null;
}
