/** @file Figures of kind `identification`: how often the right product comes first, and what "sure" is worth. Pure. */
import type { Certainty } from '../../src/contracts/product.ts';

/** One query's outcome. */
export interface IdentificationResult {
  readonly file: string;
  /** Product id; null for a product that the gallery does not hold. */
  readonly expected: string | null;
  readonly group: 'packaged' | 'loose';
  /** Product ids, best first, each once. */
  readonly got: readonly string[];
  readonly certainty: Certainty;
  /** Calibrated probability of `got[0]`. */
  readonly probability01: number;
  readonly ms: number;
}

/** [Note: Loose goods] Coarse classes sold by weight or piece, without a pack. What a folder calls otherwise is taken as packaged. */
const LOOSE_GOODS: ReadonlySet<string> = new Set([
  'apple', 'apricot', 'asparagus', 'aubergine', 'avocado', 'banana', 'beans', 'berry', 'bread', 'broccoli', 'cabbage', 'carrot', 'carrots',
  'cauliflower', 'celery', 'cherry', 'cherries', 'citrus', 'coconut', 'corn', 'cucumber', 'daikon', 'date', 'dragonfruit', 'eggplant', 'fig',
  'fruit', 'garlic', 'ginger', 'grape', 'grapes', 'grapefruit', 'guava', 'kiwi', 'leek', 'lemon', 'lettuce', 'lime', 'lychee', 'mango',
  'melon', 'mushroom', 'nectarine', 'okra', 'onion', 'orange', 'papaya', 'passion-fruit', 'peach', 'pear', 'pepper', 'persimmon', 'pineapple',
  'plum', 'pomegranate', 'potato', 'pumpkin', 'radish', 'red-beet', 'red-grapefruit', 'satsumas', 'spinach', 'squash', 'strawberry',
  'sweet-potato', 'tomato', 'turnip', 'vegetable', 'vegetables', 'watermelon', 'yam', 'zucchini',
]); // prettier-ignore

/** True when a coarse class names loose fruit, vegetables or bread. */
export function isLooseGoods(coarse: string | undefined): boolean {
  return (
    coarse !== undefined &&
    LOOSE_GOODS.has(
      coarse
        .trim()
        .toLowerCase()
        .replace(/[\s_]+/g, '-'),
    )
  );
}

/**
 * @returns shares 0..1 and counts: `top1`, `top5` (over queries whose product the gallery holds), `sure_precision` (right among answers
 * called sure; absent when none was), `sure_share`, `not_sure_share`, `expected_calibration_error`; `top1` and `top5` by group as
 * `top1_packaged` …; for queries of products that the gallery lacks `unknown_not_sure` and `unknown_sure`.
 */
export function identificationMetrics(results: readonly IdentificationResult[]): Record<string, number> {
  const known = results.filter(({ expected }) => expected !== null);
  const unknown = results.filter(({ expected }) => expected === null);
  const metrics: Record<string, number> = {};
  put(
    metrics,
    'top1',
    share(known, (result) => rankOf(result) === 1),
  );
  put(
    metrics,
    'top5',
    share(known, (result) => rankOf(result) <= 5),
  );
  for (const group of ['packaged', 'loose'] as const) {
    const ofGroup = known.filter((result) => result.group === group);
    put(
      metrics,
      `top1_${group}`,
      share(ofGroup, (result) => rankOf(result) === 1),
    );
    put(
      metrics,
      `top5_${group}`,
      share(ofGroup, (result) => rankOf(result) <= 5),
    );
    metrics[`count_${group}`] = ofGroup.length;
  }
  const sure = results.filter(({ certainty }) => certainty === 'sure');
  put(
    metrics,
    'sure_precision',
    share(sure, (result) => rankOf(result) === 1),
  );
  put(
    metrics,
    'sure_share',
    share(results, ({ certainty }) => certainty === 'sure'),
  );
  put(
    metrics,
    'not_sure_share',
    share(results, ({ certainty }) => certainty === 'not-sure'),
  );
  metrics.sure_count = sure.length;
  put(metrics, 'expected_calibration_error', calibrationError(results));
  put(
    metrics,
    'unknown_not_sure',
    share(unknown, ({ certainty }) => certainty === 'not-sure'),
  );
  put(
    metrics,
    'unknown_sure',
    share(unknown, ({ certainty }) => certainty === 'sure'),
  );
  return metrics;
}

/** 1-based; Infinity when the right product is not among the candidates. */
export function rankOf({ expected, got }: Pick<IdentificationResult, 'expected' | 'got'>): number {
  const at = expected === null ? -1 : got.indexOf(expected);
  return at < 0 ? Infinity : at + 1;
}

/** Mean gap between probability and frequency over ten bins of probability, weighted by size. Null without results. */
function calibrationError(results: readonly IdentificationResult[]): number | null {
  if (results.length === 0) return null;
  let error = 0;
  for (let bin = 0; bin < 10; bin++) {
    const inBin = results.filter(({ probability01 }) => Math.min(9, Math.floor(probability01 * 10)) === bin);
    const right = inBin.filter((result) => rankOf(result) === 1).length;
    const promised = inBin.reduce((sum, { probability01 }) => sum + probability01, 0);
    error += Math.abs(right - promised);
  }
  return error / results.length;
}

function share<T>(items: readonly T[], holds: (item: T) => boolean): number | null {
  return items.length === 0 ? null : items.filter(holds).length / items.length;
}

function put(metrics: Record<string, number>, name: string, value: number | null): void {
  if (value !== null) metrics[name] = value;
}
