/** @file How well boxes were found: average precision as COCO counts it, and what a threshold makes of it. Pure. */
import type { Box } from '../../src/contracts/geometry.ts';
import type { ShelfDetection } from '../../src/contracts/shelf.ts';
import { intersectionOverUnion } from '../../src/core/nms.ts';

/** One photo: what was found (any order) and what is there; all boxes 0..1 or all pixels. */
export interface DetectionResult {
  readonly found: readonly ShelfDetection[];
  readonly truth: readonly Box[];
}

/** Most boxes of a photo that count. */
const MAX_FOUND = 500;

/**
 * Which truth each found box takes: the surest box first takes the free truth that it overlaps most.
 * @returns by index of `found`, the index of a truth, or -1.
 */
export function matchBoxes(found: readonly ShelfDetection[], truth: readonly Box[], minOverlap = 0.5): number[] {
  const taken = new Set<number>();
  const matches = found.map(() => -1);
  const order = found.map((_, i) => i).sort((a, b) => found[b]!.confidence01 - found[a]!.confidence01);
  for (const i of order) {
    let best = -1;
    let most = minOverlap;
    for (const [j, box] of truth.entries()) {
      const overlap = taken.has(j) ? 0 : intersectionOverUnion(found[i]!.box, box);
      if (overlap >= most) [best, most] = [j, overlap];
    }
    matches[i] = best;
    if (best >= 0) taken.add(best);
  }
  return matches;
}

/** Area under precision over recall, at 101 recalls, over all photos. Source: COCO's `pycocotools`. */
export function averagePrecision(results: readonly DetectionResult[], minOverlap: number): number {
  const total = results.reduce((sum, { truth }) => sum + truth.length, 0);
  const hits = results.flatMap(({ found, truth }) => {
    const surest = [...found].sort((a, b) => b.confidence01 - a.confidence01).slice(0, MAX_FOUND);
    const matches = matchBoxes(surest, truth, minOverlap);
    return surest.map(({ confidence01 }, i) => ({ confidence01, isRight: matches[i]! >= 0 }));
  });
  if (total === 0 || hits.length === 0) return 0;
  hits.sort((a, b) => b.confidence01 - a.confidence01);
  const recalls: number[] = [];
  const precisions: number[] = [];
  let right = 0;
  for (const [i, { isRight }] of hits.entries()) {
    if (isRight) right++;
    recalls.push(right / total);
    precisions.push(right / (i + 1));
  }
  for (let i = precisions.length - 2; i >= 0; i--) precisions[i] = Math.max(precisions[i]!, precisions[i + 1]!);
  let sum = 0;
  let at = 0;
  for (let step = 0; step <= 100; step++) {
    while (at < recalls.length && recalls[at]! < step / 100) at++;
    sum += precisions[at] ?? 0;
  }
  return sum / 101;
}

/** Figures of one kind of box. */
export interface DetectionFigures {
  /** At an overlap of 0.5. */
  readonly ap50: number;
  /** Mean over overlaps of 0.5, 0.55 … 0.95. */
  readonly ap: number;
  /** At the threshold. */
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  /** Mean over photos of |found − there| / there. */
  readonly countError: number;
}

/** @param minConfidence01 the threshold that the app uses. */
export function detectionFigures(results: readonly DetectionResult[], minConfidence01: number): DetectionFigures {
  const overlaps = Array.from({ length: 10 }, (_, i) => 0.5 + i * 0.05);
  const precisions = overlaps.map((overlap) => averagePrecision(results, overlap));
  const sure = results.map(({ found, truth }) => ({ found: found.filter(({ confidence01 }) => confidence01 >= minConfidence01), truth }));
  const right = sure.reduce((sum, { found, truth }) => sum + matchBoxes(found, truth).filter((match) => match >= 0).length, 0);
  const foundCount = sure.reduce((sum, { found }) => sum + found.length, 0);
  const truthCount = sure.reduce((sum, { truth }) => sum + truth.length, 0);
  const errors = sure.map(({ found, truth }) => Math.abs(found.length - truth.length) / Math.max(1, truth.length));
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  return {
    ap50: precisions[0]!,
    ap: mean(precisions),
    precision: foundCount === 0 ? 0 : right / foundCount,
    recall: truthCount === 0 ? 0 : right / truthCount,
    f1: foundCount + truthCount === 0 ? 0 : (2 * right) / (foundCount + truthCount),
    countError: mean(errors),
  };
}
