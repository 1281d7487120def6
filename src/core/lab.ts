/** @file sRGB → CIELAB. Pure; any thread. Source: IEC 61966-2-1 and CIE 15. */

/** sRGB 0..255 → linear 0..1. */
export const LINEAR = Float32Array.from({ length: 256 }, (_, value) => {
  const v = value / 255;
  return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
});

/** @param r linear light, 0..1. @param lab L* 0..100, a*, b* (D65) are written here from `at` on. */
export function linearToLab(r: number, g: number, b: number, lab: Float32Array, at = 0): void {
  const x = labRoot((0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / 0.95047);
  const y = labRoot(0.2126729 * r + 0.7151522 * g + 0.072175 * b);
  const z = labRoot((0.0193339 * r + 0.119192 * g + 0.9503041 * b) / 1.08883);
  lab[at] = 116 * y - 16;
  lab[at + 1] = 500 * (x - y);
  lab[at + 2] = 200 * (y - z);
}

function labRoot(t: number): number {
  return t > 216 / 24389 ? Math.cbrt(t) : ((24389 / 27) * t + 16) / 116;
}
