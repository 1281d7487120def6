/**
 * @file Fits the choice model of fusion (src/core/fuse/calibration.ts) by maximum likelihood. Pure.
 * Source: McFadden 1974, "Conditional logit analysis of qualitative choice behavior"; the log likelihood is concave, so Newton's steps find its top.
 */

/** One photo to be identified: its alternatives' features and which of them is right. */
export interface Choice {
  /** Features of each product, in one order. */
  readonly alternatives: readonly (readonly number[])[];
  /** Index of the right product; null when it is none of them. */
  readonly right: number | null;
  /** How much this photo counts. */
  readonly weight: number;
}

/** Utility of a product is `weights · features`, of "none of these" it is `none`. */
export interface ChoiceModel {
  readonly weights: readonly number[];
  readonly none: number;
}

/** Probabilities of the alternatives, and last of "none of these". */
export function choiceProbabilities(model: ChoiceModel, alternatives: Choice['alternatives']): number[] {
  const utilities = alternatives.map((features) => features.reduce((sum, value, i) => sum + value * model.weights[i]!, 0));
  utilities.push(model.none);
  const highest = Math.max(...utilities);
  const odds = utilities.map((utility) => Math.exp(utility - highest));
  const total = odds.reduce((sum, value) => sum + value, 0);
  return odds.map((value) => value / total);
}

/** Weighted mean of −log probability of what is right. */
export function meanLogLoss(model: ChoiceModel, choices: readonly Choice[]): number {
  let loss = 0;
  let total = 0;
  for (const { alternatives, right, weight } of choices) {
    const probabilities = choiceProbabilities(model, alternatives);
    loss -= weight * Math.log(Math.max(1e-12, probabilities[right ?? alternatives.length]!));
    total += weight;
  }
  return loss / total;
}

const STEPS = 40;
/** Keeps a feature that never varies, or one that always decides, from running away. */
const RIDGE = 1e-3;

/** @param featureCount length of each feature list. @returns the most likely model, features' weights not below 0. */
export function fitChoiceModel(choices: readonly Choice[], featureCount: number): ChoiceModel {
  const size = featureCount + 1;
  let parameters: number[] = Array.from({ length: size }, () => 0);
  const modelOf = (values: readonly number[]): ChoiceModel => ({
    weights: values.slice(0, featureCount),
    none: values[featureCount]!,
  });
  let loss = meanLogLoss(modelOf(parameters), choices);
  for (let step = 0; step < STEPS; step++) {
    const { gradient, curvature } = derivatives(modelOf(parameters), choices, size);
    const direction = solve(curvature, gradient);
    let scale = 1;
    let next = parameters;
    let nextLoss = Infinity;
    while (scale > 1e-4) {
      next = parameters.map((value, i) => {
        const moved = value + scale * direction[i]!;
        return i < featureCount ? Math.max(0, moved) : moved;
      });
      nextLoss = meanLogLoss(modelOf(next), choices);
      if (nextLoss < loss) break;
      scale /= 2;
    }
    if (!(nextLoss < loss - 1e-9)) break;
    parameters = next;
    loss = nextLoss;
  }
  return modelOf(parameters);
}

/** Gradient of the mean log likelihood and its negative Hessian (the mean covariance of the features under the model). */
function derivatives(model: ChoiceModel, choices: readonly Choice[], size: number): { gradient: number[]; curvature: number[][] } {
  const gradient: number[] = Array.from({ length: size }, () => 0);
  const curvature: number[][] = Array.from({ length: size }, (_, i) => Array.from({ length: size }, (__, j) => (i === j ? RIDGE : 0)));
  const total = choices.reduce((sum, { weight }) => sum + weight, 0);
  for (const { alternatives, right, weight } of choices) {
    const rows = [...alternatives.map((features) => [...features, 0]), [...Array.from({ length: size - 1 }, () => 0), 1]];
    const probabilities = choiceProbabilities(model, alternatives);
    const mean: number[] = Array.from({ length: size }, () => 0);
    rows.forEach((row, k) => row.forEach((value, i) => (mean[i]! += probabilities[k]! * value)));
    const chosen = rows[right ?? alternatives.length]!;
    const share = weight / total;
    for (let i = 0; i < size; i++) gradient[i]! += share * (chosen[i]! - mean[i]!);
    rows.forEach((row, k) => {
      for (let i = 0; i < size; i++)
        for (let j = 0; j < size; j++) curvature[i]![j]! += share * probabilities[k]! * (row[i]! - mean[i]!) * (row[j]! - mean[j]!);
    });
  }
  return { gradient, curvature };
}

/** Gaussian elimination with pivoting. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const rows = matrix.map((row, i) => [...row, right[i]!]);
  const size = right.length;
  for (let pivot = 0; pivot < size; pivot++) {
    let best = pivot;
    for (let row = pivot + 1; row < size; row++) if (Math.abs(rows[row]![pivot]!) > Math.abs(rows[best]![pivot]!)) best = row;
    [rows[pivot], rows[best]] = [rows[best]!, rows[pivot]!];
    for (let row = 0; row < size; row++) {
      if (row === pivot) continue;
      const factor = rows[row]![pivot]! / rows[pivot]![pivot]!;
      for (let column = pivot; column <= size; column++) rows[row]![column]! -= factor * rows[pivot]![column]!;
    }
  }
  return rows.map((row, i) => row[size]! / row[i]!);
}
