/**
 * @file A column of vertical writing → its characters side by side, as a line reader knows them. Pure; any thread.
 *
 * Most vertical type sets full-width characters at one pitch, so a column falls into equal cells; what is set sideways or has a
 * height of its own shifts the cells after it. Some typefaces set every character at its own height: their columns are cut at
 * the gaps instead. Cuts are chosen by dynamic programming over the ink that they meet.
 */
import type { GreyImage } from '../../contracts/runtime.ts';
import { measureColumn, type ColumnInk } from './column-ink.ts';

/** One character's place in a column, in pixels of its height. */
export interface ColumnCell {
  readonly topPx: number;
  readonly bottomPx: number;
}

/** How the columns of one label are set. */
export interface ColumnPitch {
  /** Height of a cell relative to the width of the column images. */
  readonly perWidth: number;
  /** Characters have heights of their own: cells hug their ink. */
  readonly isTight: boolean;
}

/** Cells leave the pitch by this share at most; more is a break. */
const PLAY = 0.12;
/** Price of leaving the pitch, per squared share; of a break, with ink in it or blank; all in mean rows of ink. */
const PLAY_PRICE = 40;
const BREAK_PRICE = 0.8;
const SPACE_PRICE = 0.5;
const MIN_BREAK = 0.2;
/** Pitches looked at, relative to the width of a column as detected: a character and some room. */
const PITCHES: { readonly from: number; readonly to: number; readonly step: number } = { from: 0.56, to: 1.12, step: 0.01 };
/** Columns whose cuts cost less than this per cell are surely set at one pitch. */
const EVEN_PRICE = 0.12;
/** Nearly all ink of upright type lies within this share of a full character's width. */
const TYPE_SHARE = 0.83;
/** A blank cell lower than this, in pitches, is what is left of a break, not a space. */
const MIN_SPACE = 0.75;
/** Ink of a row, relative to the mean, that may be the edge of a neighbour. */
const FAINT = 0.1;
/** A character is no higher than this, in widths of a full one. */
const MAX_CHARACTER = 1.08;

/** Two ways of seeing the same columns. */
export interface PitchGuess {
  readonly even: ColumnPitch;
  readonly tight: ColumnPitch;
  /** False when cuts at one pitch meet so much ink that the other way may be right. */
  readonly isEven: boolean;
}

/**
 * Pitch of a label's columns, judged by all of them together: a single column can be cut at wrong pitches by chance.
 * @param columns upright, dark on light, cut to the same width. @returns null when none is long enough to tell.
 */
export function findPitch(columns: readonly GreyImage[]): PitchGuess | null {
  const inks = columns.filter(({ widthPx, heightPx }) => heightPx > widthPx * 3).map(measureColumn);
  if (inks.length === 0) return null;
  let best = { perWidth: 1, price: Infinity };
  for (let perWidth = PITCHES.from; perWidth <= PITCHES.to; perWidth += PITCHES.step) {
    let price = 0;
    let cells = 0;
    for (const ink of inks) {
      const cut = cutAtPitch(ink, perWidth * ink.widthPx);
      price += cut.price;
      cells += (ink.last - ink.first) / (perWidth * ink.widthPx);
    }
    if (price / cells < best.price) best = { perWidth, price: price / cells };
  }
  const types = inks.map(({ typePx, widthPx }) => typePx / widthPx).sort((p, q) => p - q);
  return {
    even: { perWidth: best.perWidth, isTight: false },
    tight: { perWidth: types[Math.floor(types.length / 2)]! / TYPE_SHARE, isTight: true },
    isEven: best.price < EVEN_PRICE,
  };
}

/** @returns cells from top to bottom; blank ones stand for spaces. */
export function findCells(column: GreyImage, { perWidth, isTight }: ColumnPitch): ColumnCell[] {
  const ink = measureColumn(column);
  if (ink.last <= ink.first) return [];
  const pitchPx = perWidth * column.widthPx;
  if (isTight) return cutAtGaps(ink, pitchPx);
  const pieces = ink.pieces(Infinity);
  return cutAtPitch(ink, pitchPx).cells.flatMap((cell) => {
    const own = pieces.filter(({ top, bottom }) => (top + bottom) / 2 > cell.topPx && (top + bottom) / 2 < cell.bottomPx);
    if (isBlank(cell, ink)) return cell.bottomPx - cell.topPx < pitchPx * MIN_SPACE ? [] : [cell];
    // `）、` are set at half a character each, and share a cell.
    const isCrowded = own.length === 2 && own.every(({ mark }) => mark !== null) && own.some(({ mark }) => mark === 'bracket');
    return isCrowded ? own.map(({ top, bottom }) => ({ topPx: top, bottomPx: bottom })) : [cell];
  });
}

function isBlank({ topPx, bottomPx }: ColumnCell, ink: ColumnInk): boolean {
  for (let y = topPx + 1; y < bottomPx; y++) if (ink.inkAt(y) > FAINT) return false;
  return true;
}

function cutAtPitch(ink: ColumnInk, pitchPx: number): { price: number; cells: ColumnCell[] } {
  const { first, last } = ink;
  const margin = Math.ceil(pitchPx * 0.85);
  const from = first - margin;
  const length = last - first + 2 * margin + 1;
  const price = new Float64Array(length).fill(Infinity);
  const previous = new Int32Array(length).fill(-1);
  const cutPrice = (at: number): number => ink.inkAt(from + at);
  for (let at = 0; at <= margin + 1 && at < length; at++) price[at] = cutPrice(at);
  // Rows with ink up to each place: a break is likelier in a space than in a character.
  const inked = new Uint32Array(length + 1);
  for (let at = 0; at < length; at++) inked[at + 1] = inked[at]! + (ink.inkAt(from + at) > FAINT ? 1 : 0);
  const breakPrice = (start: number, end: number): number => (inked[end]! - inked[start + 1]! === 0 ? SPACE_PRICE : BREAK_PRICE);
  const shortest = Math.max(2, Math.round(pitchPx * MIN_BREAK));
  const least = Math.round(pitchPx * (1 - PLAY));
  const most = Math.round(pitchPx * (1 + PLAY));
  for (let at = shortest; at < length; at++) {
    const own = cutPrice(at);
    for (let step = shortest; step <= most && step <= at; step++) {
      const before = price[at - step]!;
      if (before === Infinity) continue;
      const off = step / pitchPx - 1;
      const total = before + own + (step < least ? breakPrice(at - step, at) : PLAY_PRICE * off * off);
      if (total >= price[at]!) continue;
      price[at] = total;
      previous[at] = at - step;
    }
  }
  let end = -1;
  for (let at = last - from + 1; at < length; at++) if (end < 0 || price[at]! < price[end]!) end = at;
  const cells: ColumnCell[] = [];
  for (let at = end; at >= 0 && previous[at]! >= 0; at = previous[at]!) cells.push({ topPx: from + previous[at]!, bottomPx: from + at });
  return { price: price[end] ?? Infinity, cells: cells.reverse() };
}

/** Pieces of ink between blank rows, put together to characters. */
function cutAtGaps(ink: ColumnInk, pitchPx: number): ColumnCell[] {
  const pieces = ink.pieces(pitchPx * MAX_CHARACTER);
  const count = pieces.length;
  const price = new Float64Array(count + 1).fill(Infinity);
  const previous = new Int32Array(count + 1);
  price[0] = 0;
  for (let end = 1; end <= count; end++) {
    let gaps = 0;
    for (let start = end - 1; start >= 0; start--) {
      if (start < end - 1) {
        gaps += pieces[start + 1]!.top - pieces[start]!.bottom;
        if (pieces[start]!.mark !== null || pieces[end - 1]!.mark !== null) break;
      }
      const height = (pieces[end - 1]!.bottom - pieces[start]!.top) / pitchPx;
      if (height > MAX_CHARACTER && start < end - 1) break;
      const total = price[start]! + 1 + (2 * gaps) / pitchPx + 2 * pieces[end - 1]!.touch;
      if (total >= price[end]!) continue;
      price[end] = total;
      previous[end] = start;
    }
  }
  const cells: ColumnCell[] = [];
  for (let end = count; end > 0; end = previous[end]!)
    cells.push({ topPx: pieces[previous[end]!]!.top, bottomPx: pieces[end - 1]!.bottom });
  return cells.reverse();
}
