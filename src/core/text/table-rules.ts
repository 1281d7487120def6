/** @file Straight rules of a table (the frame of a 一括表示), found in a small upright grey image. Pure; any thread. */
import type { GreyImage } from '../../contracts/runtime.ts';

/** A rule along one axis: `at` across it at its middle, `from … to` along it; pixels of the image given. */
export interface Rule {
  readonly at: number;
  readonly from: number;
  readonly to: number;
  /** How much `at` changes per pixel along the rule: photos are seldom square-on. */
  readonly slope: number;
}

/** Where a rule lies at one place along it. */
export function ruleAt({ at, from, to, slope }: Rule, along: number): number {
  return at + slope * (along - (from + to) / 2);
}

/** Rules by direction. */
export interface TableRules {
  readonly horizontal: readonly Rule[];
  readonly vertical: readonly Rule[];
}

/** Half the side of the window that a pixel is compared with, in pixels. */
const NEIGHBOURHOOD_PX = 8;
/** A rule pixel is this much darker than its neighbourhood. */
const MIN_CONTRAST = 9;

/**
 * @param image upright within about 2°. @param lineHeightPx typical height of a text line in it.
 * Text strokes are no longer than a line is high, so anything longer is a rule.
 */
export function findTableRules(image: GreyImage, lineHeightPx: number): TableRules {
  const dark = darkPixels(image);
  const { widthPx, heightPx } = image;
  const minAcross = Math.max(24, lineHeightPx * 4);
  // Strokes of closely set lines chain into runs of up to two line heights.
  const minDown = Math.max(24, lineHeightPx * 2.2);
  return {
    horizontal: findAlong(dark, widthPx, heightPx, 1, widthPx, minAcross),
    vertical: findAlong(dark, heightPx, widthPx, widthPx, 1, minDown),
  };
}

/** 1 where a pixel is darker than the mean of its surroundings. Source: Bradley and Roth 2007, adaptive thresholding. */
function darkPixels({ widthPx, heightPx, data }: GreyImage): Uint8Array {
  const stride = widthPx + 1;
  const integral = new Float64Array(stride * (heightPx + 1));
  for (let y = 0; y < heightPx; y++) {
    let row = 0;
    for (let x = 0; x < widthPx; x++) {
      row += data[y * widthPx + x]!;
      integral[(y + 1) * stride + x + 1] = integral[y * stride + x + 1]! + row;
    }
  }
  const dark = new Uint8Array(data.length);
  for (let y = 0; y < heightPx; y++) {
    const y0 = Math.max(0, y - NEIGHBOURHOOD_PX);
    const y1 = Math.min(heightPx, y + NEIGHBOURHOOD_PX + 1);
    for (let x = 0; x < widthPx; x++) {
      const x0 = Math.max(0, x - NEIGHBOURHOOD_PX);
      const x1 = Math.min(widthPx, x + NEIGHBOURHOOD_PX + 1);
      const sum = integral[y1 * stride + x1]! - integral[y0 * stride + x1]! - integral[y1 * stride + x0]! + integral[y0 * stride + x0]!;
      if (data[y * widthPx + x]! < sum / ((x1 - x0) * (y1 - y0)) - MIN_CONTRAST) dark[y * widthPx + x] = 1;
    }
  }
  return dark;
}

interface Piece {
  readonly lane: number;
  readonly from: number;
  readonly to: number;
  group: number;
}

/**
 * Chains of dark runs in neighbouring lanes, which a slightly tilted rule falls apart into.
 * @param length pixels along a lane. @param lanes number of lanes. @param alongStep, laneStep index steps.
 */
function findAlong(dark: Uint8Array, length: number, lanes: number, alongStep: number, laneStep: number, minLength: number): Rule[] {
  const minPiece = Math.max(10, minLength * 0.3);
  const pieces: Piece[] = [];
  const parents: number[] = [];
  const rootOf = (group: number): number => {
    let at = group;
    while (parents[at] !== at) at = parents[at]!;
    return at;
  };
  let above: Piece[] = [];
  for (let lane = 0; lane < lanes; lane++) {
    const here: Piece[] = [];
    let from = -1;
    let gap = 0;
    for (let i = 0; i <= length; i++) {
      const isDark = i < length && dark[lane * laneStep + i * alongStep] === 1;
      if (isDark) {
        if (from < 0) from = i;
        gap = 0;
        continue;
      }
      if (from < 0) continue;
      gap++;
      if (gap <= 1 && i < length) continue;
      const to = i - gap + 1;
      if (to - from >= minPiece) {
        const piece = { lane, from, to, group: parents.length };
        parents.push(piece.group);
        here.push(piece);
      }
      from = -1;
      gap = 0;
    }
    for (const piece of here)
      for (const other of above) {
        if (other.from > piece.to + 3 || other.to < piece.from - 3) continue;
        parents[rootOf(piece.group)] = rootOf(other.group);
      }
    pieces.push(...here);
    above = here;
  }
  const groups = new Map<number, { from: number; to: number; first: number; last: number; pieces: Piece[] }>();
  for (const piece of pieces) {
    const { lane, from, to, group } = piece;
    const root = rootOf(group);
    const known = groups.get(root);
    if (known === undefined) groups.set(root, { from, to, first: lane, last: lane, pieces: [piece] });
    else {
      known.from = Math.min(known.from, from);
      known.to = Math.max(known.to, to);
      known.first = Math.min(known.first, lane);
      known.last = Math.max(known.last, lane);
      known.pieces.push(piece);
    }
  }
  const rules: Rule[] = [];
  for (const { from, to, first, last, pieces: parts } of groups.values()) {
    const isThin = last - first + 1 <= Math.max(6, (to - from) * 0.08);
    if (to - from >= minLength && isThin) rules.push(fitRule(parts, from, to));
  }
  return rules;
}

/** Least squares through the middles of the pieces, weighted by their length. */
function fitRule(pieces: readonly Piece[], from: number, to: number): Rule {
  const middle = (from + to) / 2;
  let weight = 0;
  let lane = 0;
  let along = 0;
  for (const piece of pieces) {
    const length = piece.to - piece.from;
    weight += length;
    lane += length * (piece.lane + 0.5);
    along += length * ((piece.from + piece.to) / 2 - middle);
  }
  lane /= weight;
  along /= weight;
  let covariance = 0;
  let variance = 0;
  for (const piece of pieces) {
    const length = piece.to - piece.from;
    const offset = (piece.from + piece.to) / 2 - middle - along;
    covariance += length * offset * (piece.lane + 0.5 - lane);
    // Each piece is spread over its own length.
    variance += length * (offset * offset + (length * length) / 12);
  }
  const slope = variance === 0 ? 0 : covariance / variance;
  return { at: lane - slope * along, from, to, slope };
}

/** Paint over what a strip of text has of rules: dark rows at its upper and lower edge, columns dark from edge to edge. */
export function eraseStripRules({ widthPx, heightPx, data }: GreyImage): GreyImage {
  const out = data.slice();
  const isInk = (x: number, y: number): boolean => data[y * widthPx + x]! < 140;
  const edge = Math.round(heightPx * 0.22);
  for (let y = 0; y < heightPx; y++) {
    if (y >= edge && y < heightPx - edge) continue;
    let ink = 0;
    for (let x = 0; x < widthPx; x++) if (isInk(x, y)) ink++;
    if (ink > widthPx * 0.8) out.fill(255, y * widthPx, (y + 1) * widthPx);
  }
  for (let x = 0; x < widthPx; x++) {
    let ink = 0;
    for (let y = 0; y < heightPx; y++) if (isInk(x, y)) ink++;
    if (ink >= heightPx * 0.97) for (let y = 0; y < heightPx; y++) out[y * widthPx + x] = 255;
  }
  return { widthPx, heightPx, data: out };
}
