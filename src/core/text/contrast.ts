/** @file Contrast of a line of text before it is read. Pure; any thread. */

/**
 * Stretch so that the 1st percentile becomes black and the 99th white, and turn light-on-dark text around.
 * @param grey u8, any size; not consumed. @param isInverted true for light text on a dark ground; told by the pixels where it is not known.
 * @returns a new array of the same size: dark text on a light ground.
 */
export function stretchContrast(grey: Uint8Array, isInverted = isLightOnDark(grey)): Uint8Array<ArrayBuffer> {
  const { low, high } = tonesOf(grey);
  const gain = 255 / Math.max(high - low, 16);
  const table = new Uint8Array(256);
  for (let value = 0; value < 256; value++) {
    const stretched = Math.max(0, Math.min(255, Math.round((value - low) * gain)));
    table[value] = isInverted ? 255 - stretched : stretched;
  }
  const out = new Uint8Array(grey.length);
  for (let i = 0; i < grey.length; i++) out[i] = table[grey[i]!]!;
  return out;
}

/** True when the text in these pixels (one line, cut closely) is lighter than its ground. */
export function isLightOnDark(grey: Uint8Array): boolean {
  return tonesOf(grey).isInverted;
}

/** The ground takes most of a line's pixels, so the median lies near it. */
function tonesOf(grey: Uint8Array): { low: number; high: number; isInverted: boolean } {
  const histogram = new Uint32Array(256);
  for (const value of grey) histogram[value] = histogram[value]! + 1;
  const low = percentile(histogram, grey.length * 0.01);
  const high = percentile(histogram, grey.length * 0.99);
  const middle = percentile(histogram, grey.length * 0.5);
  return { low, high, isInverted: (middle - low) * 1.6 < high - middle };
}

/** Smallest value with at least `count` pixels at or below it. */
function percentile(histogram: Uint32Array, count: number): number {
  let sum = 0;
  for (let value = 0; value < 256; value++) {
    sum += histogram[value]!;
    if (sum >= count) return value;
  }
  return 255;
}
