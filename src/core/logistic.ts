/** @file Probabilities and their log odds. Pure; any thread. */

/** @returns 0..1. */
export function sigmoid(logit: number): number {
  return 1 / (1 + Math.exp(-logit));
}

/** @param margin what is nearer than this to 0 or 1 is taken for so near. */
export function logOdds(probability01: number, margin: number): number {
  const inside = Math.min(1 - margin, Math.max(margin, probability01));
  return Math.log(inside / (1 - inside));
}
