/** @file Maps of the project's own detectors → boxes. Pure; any thread. The same as training/facing-detector/boxes.py and bib-detector/boxes.py. */
import { sigmoid } from './logistic.ts';

/** What the cells of a map stand for. */
export interface MapScale {
  /** Pixels of the input in one cell. */
  readonly stridePx: number;
  /** Pixels of the input in one unit of distance. */
  readonly unitPx: number;
}

/** A box in pixels of the net's input. */
export interface PeakBox {
  readonly box: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
  /** 0..1. */
  readonly confidence01: number;
}

/** Five maps for each class: the logit of "a centre is here", then the distances to the left, top, right and bottom edge before softplus. */
export interface BoxMaps extends MapScale {
  /** `5 × classes × heightCells × widthCells`. */
  readonly data: Float32Array;
  readonly widthCells: number;
  readonly heightCells: number;
}

/**
 * Cells whose score is the highest of their 3 × 3 neighbourhood, with the box that the distances give.
 * @param kind which class, from 0.
 * @param minConfidence01 lower ones are left out.
 * @returns in no order; boxes may reach beyond the input.
 */
export function boxPeaks(
  { data: maps, widthCells, heightCells, stridePx, unitPx }: BoxMaps,
  kind: number,
  minConfidence01: number,
): PeakBox[] {
  const cells = widthCells * heightCells;
  const score = kind * 5 * cells;
  const minLogit = Math.log(minConfidence01 / (1 - minConfidence01));
  const peaks: PeakBox[] = [];
  for (let y = 0; y < heightCells; y++)
    for (let x = 0; x < widthCells; x++) {
      const at = y * widthCells + x;
      const logit = maps[score + at]!;
      if (!(logit > minLogit) || !isPeak(maps, score, x, y, widthCells, heightCells, logit)) continue;
      const [left, top, right, bottom] = [1, 2, 3, 4].map((side) => softplus(maps[score + side * cells + at]!) * unitPx) as [
        number,
        number,
        number,
        number,
      ];
      peaks.push({
        box: { x: (x + 0.5) * stridePx - left, y: (y + 0.5) * stridePx - top, width: left + right, height: top + bottom },
        confidence01: sigmoid(logit),
      });
    }
  return peaks;
}

function isPeak(maps: Float32Array, offset: number, x: number, y: number, widthCells: number, heightCells: number, logit: number): boolean {
  for (let ny = Math.max(0, y - 1); ny <= Math.min(heightCells - 1, y + 1); ny++)
    for (let nx = Math.max(0, x - 1); nx <= Math.min(widthCells - 1, x + 1); nx++)
      if (maps[offset + ny * widthCells + nx]! > logit) return false;
  return true;
}

function softplus(value: number): number {
  return value > 20 ? value : Math.log1p(Math.exp(value));
}
