/** @file What a small live picture tells about the photo that would be taken of it. Thread: any. */

/** Grey picture, H×W u8, row by row. Meant for a longest side of about 320 px. */
export interface GreyFrame {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly data: Uint8Array<ArrayBuffer>;
}

/** Measures of one picture; null where the picture does not tell. */
export interface FrameMeasures {
  /** Mean brightness, 0..1. */
  readonly brightness01: number;
  /** Share of the picture that is burnt out in patches, the uppermost eighth (lamps) left out. */
  readonly glare01: number;
  /** 0 sharp … 1 blurred; null where nothing has an edge. */
  readonly blur01: number | null;
  /** Clockwise turn of the boards in the middle of the picture, degrees; null where there are few. */
  readonly rollDeg: number | null;
  /** How much more the edges at the bottom turn than those at the top, degrees: 0 when the camera stands square to the shelf. */
  readonly keystoneDeg: number | null;
  /** Width of what repeats along the rows, as a share of the picture's width; null where nothing does. */
  readonly pitch01: number | null;
}

const BURNT = 250;
/** Pixels a side of a patch that must be burnt out as a whole: smaller ones are white print. */
const PATCH_PX = 6;
/** Edges weaker than this are noise. */
const EDGE = 24;
/** Edges that lean more than this are no boards. */
const MAX_LEAN = Math.tan((22 * Math.PI) / 180);
/** An edge is followed this far to both sides. */
const REACH_PX = 16;

/** @returns what the picture tells. */
export function measureFrame(frame: GreyFrame): FrameMeasures {
  return {
    brightness01: brightnessOf(frame),
    glare01: glareOf(frame),
    blur01: perceptualBlur(frame),
    ...leanOf(frame),
    pitch01: pitchOf(frame),
  };
}

/** @returns mean difference of two pictures of one size, 0..1: how much moved in between. */
export function motionBetween(before: GreyFrame, after: GreyFrame): number {
  if (before.data.length !== after.data.length) return 0;
  let sum = 0;
  for (let i = 0; i < after.data.length; i++) sum += Math.abs(after.data[i]! - before.data[i]!);
  return sum / Math.max(1, after.data.length) / 255;
}

function brightnessOf({ data }: GreyFrame): number {
  let sum = 0;
  for (const value of data) sum += value;
  return sum / Math.max(1, data.length) / 255;
}

function glareOf({ widthPx, heightPx, data }: GreyFrame): number {
  let burnt = 0;
  let patches = 0;
  for (let top = Math.ceil(heightPx / 8); top + PATCH_PX <= heightPx; top += PATCH_PX)
    for (let left = 0; left + PATCH_PX <= widthPx; left += PATCH_PX) {
      patches += 1;
      let isBurnt = true;
      for (let y = top; isBurnt && y < top + PATCH_PX; y++)
        for (let x = left; isBurnt && x < left + PATCH_PX; x++) isBurnt = data[y * widthPx + x]! >= BURNT;
      if (isBurnt) burnt += 1;
    }
  return patches === 0 ? 0 : burnt / patches;
}

/**
 * Perceptual blur without a reference: how little is lost when the picture is blurred once more.
 * Source: Crété-Roffet et al., "The blur effect: perception and estimation with a new no-reference perceptual blur metric", 2007.
 */
export function perceptualBlur(frame: GreyFrame): number | null {
  const across = blurAlong(frame, 1, frame.widthPx, frame.heightPx, frame.widthPx);
  const down = blurAlong(frame, frame.widthPx, frame.heightPx, frame.widthPx, 1);
  if (across === null || down === null) return null;
  return Math.max(across, down);
}

const BLUR_RADIUS = 4;

function blurAlong({ data }: GreyFrame, step: number, length: number, lines: number, lineStep: number): number | null {
  let before = 0;
  let kept = 0;
  for (let line = 0; line < lines; line++) {
    const start = line * lineStep;
    let sum = 0;
    for (let i = 0; i < Math.min(length, 2 * BLUR_RADIUS + 1); i++) sum += data[start + i * step]!;
    let last = sum / (2 * BLUR_RADIUS + 1);
    for (let i = BLUR_RADIUS + 1; i + BLUR_RADIUS < length; i++) {
      sum += data[start + (i + BLUR_RADIUS) * step]! - data[start + (i - BLUR_RADIUS - 1) * step]!;
      const smooth = sum / (2 * BLUR_RADIUS + 1);
      const change = Math.abs(data[start + i * step]! - data[start + (i - 1) * step]!);
      before += change;
      kept += Math.max(0, change - Math.abs(smooth - last));
      last = smooth;
    }
  }
  // Less than one grey step a pixel: a wall, a hand, the dark.
  return before < lines * length ? null : (before - kept) / before;
}

/** Directions of the near-horizontal edges: their turn in the middle, and how it changes from top to bottom. */
function leanOf({ widthPx, heightPx, data }: GreyFrame): Pick<FrameMeasures, 'rollDeg' | 'keystoneDeg'> {
  // Weighted line through (height in the picture, slope of the edge).
  let weight = 0;
  let sumY = 0;
  let sumS = 0;
  let sumYY = 0;
  let sumYS = 0;
  for (let y = 2; y < heightPx - 2; y++)
    for (let x = REACH_PX + 1; x < widthPx - REACH_PX - 1; x += 2) {
      const step = stepAt(data, widthPx, x, y);
      if (Math.abs(step) < EDGE || !isCrest(data, widthPx, x, y, step)) continue;
      // A board's edge runs on to both sides; letters do not.
      const left = followTo(data, widthPx, heightPx, x - REACH_PX, y, step);
      const right = followTo(data, widthPx, heightPx, x + REACH_PX, y, step);
      if (left === null || right === null || Math.abs(left + right) > 2) continue;
      const slope = (right - left) / (2 * REACH_PX);
      const height = y / heightPx - 0.5;
      weight += 1;
      sumY += height;
      sumS += slope;
      sumYY += height * height;
      sumYS += height * slope;
    }
  if (weight < widthPx / 8) return { rollDeg: null, keystoneDeg: null };
  const spread = sumYY - (sumY * sumY) / weight;
  const growth = spread / weight < 0.004 ? null : (sumYS - (sumY * sumS) / weight) / spread;
  const middle = sumS / weight - (growth ?? 0) * (sumY / weight);
  return { rollDeg: degrees(middle), keystoneDeg: growth === null ? null : degrees(growth) };
}

/** Change from above to below; positive: brighter below. */
function stepAt(data: Uint8Array, widthPx: number, x: number, y: number): number {
  return data[(y + 1) * widthPx + x]! - data[(y - 1) * widthPx + x]!;
}

function isCrest(data: Uint8Array, widthPx: number, x: number, y: number, step: number): boolean {
  const size = Math.abs(step);
  return size >= Math.abs(stepAt(data, widthPx, x, y - 1)) && size > Math.abs(stepAt(data, widthPx, x, y + 1));
}

/** @returns how many pixels further down the same edge stands at another column; null when it does not reach that far. */
function followTo(data: Uint8Array, widthPx: number, heightPx: number, x: number, y: number, step: number): number | null {
  const reach = Math.ceil(REACH_PX * MAX_LEAN);
  let best: number | null = null;
  let most = EDGE;
  for (let row = Math.max(1, y - reach); row <= Math.min(heightPx - 2, y + reach); row++) {
    const size = stepAt(data, widthPx, x, row) * Math.sign(step);
    // The last of equals, as `isCrest` has it.
    if (size >= most) [best, most] = [row - y, size];
  }
  return best;
}

function degrees(slope: number): number {
  return (Math.atan(slope) * 180) / Math.PI;
}

/** Least and greatest width of a facing that is looked for, as shares of the picture's width. */
const LEAST_PITCH = 0.0095;
const GREATEST_PITCH = 0.45;
const BANDS = 6;

/**
 * Facings stand side by side: upright edges come back at their width. The first clear peak of the autocorrelation of the edge profile, band
 * by band (rows differ), the median of the bands.
 */
function pitchOf({ widthPx, heightPx, data }: GreyFrame): number | null {
  const pitches: number[] = [];
  for (let band = 0; band < BANDS; band++) {
    const top = Math.floor((band * heightPx) / BANDS);
    const bottom = Math.floor(((band + 1) * heightPx) / BANDS);
    const profile = new Float64Array(widthPx);
    for (let x = 1; x < widthPx - 1; x++) {
      let sum = 0;
      for (let y = top; y < bottom; y++) sum += Math.abs(data[y * widthPx + x + 1]! - data[y * widthPx + x - 1]!);
      profile[x] = sum / (bottom - top);
    }
    const pitch = firstPeak(profile);
    if (pitch !== null) pitches.push(pitch / widthPx);
  }
  if (pitches.length < 2) return null;
  pitches.sort((a, b) => a - b);
  return pitches[Math.floor(pitches.length / 2)]!;
}

function firstPeak(profile: Float64Array): number | null {
  const { length } = profile;
  let mean = 0;
  for (const value of profile) mean += value / length;
  const from = Math.max(3, Math.round(length * LEAST_PITCH));
  const to = Math.round(length * GREATEST_PITCH);
  const scores = new Float64Array(to + 1);
  let energy = 0;
  for (const value of profile) energy += (value - mean) ** 2;
  if (energy < length) return null;
  for (let lag = 1; lag <= to; lag++) {
    let sum = 0;
    for (let x = 0; x + lag < length; x++) sum += (profile[x]! - mean) * (profile[x + lag]! - mean);
    // Shorter overlaps are not to lose by being short.
    scores[lag] = (sum / energy) * (length / (length - lag));
  }
  let best: number | null = null;
  for (let lag = from; lag < to; lag++)
    if (
      scores[lag]! > 0.3 &&
      scores[lag]! >= scores[lag - 1]! &&
      scores[lag]! >= scores[lag + 1]! &&
      (best === null || scores[lag]! > scores[best]! * 1.15)
    )
      best = lag;
  return best;
}
