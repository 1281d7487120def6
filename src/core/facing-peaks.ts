/** @file Maps of the facing detector → boxes. Pure; any thread. The same as training/facing-detector/boxes.py. */

/** Pixels of the input in one cell of the maps. */
const STRIDE = 4;

/** Pixels of the input in one unit of distance. */
const UNIT_PX = 16;

/** A box in pixels of the net's input. */
export interface PeakBox {
  readonly box: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
  /** 0..1. */
  readonly confidence01: number;
}

/**
 * Cells whose score is the highest of their 3 × 3 neighbourhood, with the box that the distances give.
 * @param maps `10 × heightCells × widthCells`: logit and left, top, right, bottom before softplus, of facings and then of gaps.
 * @param firstChannel 0 for facings, 5 for gaps.
 * @param minConfidence01 lower ones are left out.
 * @returns in no order; boxes may reach beyond the input.
 */
export function facingPeaks(
  maps: Float32Array,
  widthCells: number,
  heightCells: number,
  firstChannel: 0 | 5,
  minConfidence01: number,
): PeakBox[] {
  const cells = widthCells * heightCells;
  const score = firstChannel * cells;
  const minLogit = Math.log(minConfidence01 / (1 - minConfidence01));
  const peaks: PeakBox[] = [];
  for (let y = 0; y < heightCells; y++)
    for (let x = 0; x < widthCells; x++) {
      const at = y * widthCells + x;
      const logit = maps[score + at]!;
      if (!(logit > minLogit) || !isPeak(maps, score, x, y, widthCells, heightCells, logit)) continue;
      const [left, top, right, bottom] = [1, 2, 3, 4].map((side) => softplus(maps[score + side * cells + at]!) * UNIT_PX) as [
        number,
        number,
        number,
        number,
      ];
      peaks.push({
        box: { x: x * STRIDE + STRIDE / 2 - left, y: y * STRIDE + STRIDE / 2 - top, width: left + right, height: top + bottom },
        confidence01: 1 / (1 + Math.exp(-logit)),
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
