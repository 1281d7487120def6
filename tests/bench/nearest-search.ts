/**
 * @file `node --import tsx tests/bench/nearest-search.ts [count]`: the phone's exact search over `count` × 128 vectors (default 50,000),
 * beside a plain loop that scores and sorts every row. Random unit vectors: both compare all of them, whatever they are.
 */
import type { GalleryItem } from '../../src/contracts/product.ts';
import { normalised } from '../../src/core/vector.ts';
import { createNearest } from '../../workers/stages/nearest.ts';

const COUNT = Number(process.argv[2] ?? 50_000);
const DIMENSIONS = 128;
const RUNS = 25;
const K = 20;

let state = 1;
const random = (): number => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 4_294_967_296 - 0.5;
const items = Array.from({ length: COUNT }, (_, i): GalleryItem => {
  const vector = normalised(Float32Array.from({ length: DIMENSIONS }, random));
  return { id: `g${i}`, productId: `p${i}`, space: 'bench@1', vector, colour: null, features: null, source: 'user' };
});
const matrix = new Float32Array(COUNT * DIMENSIONS);
items.forEach(({ vector }, row) => matrix.set(vector, row * DIMENSIONS));
const nearest = createNearest();
nearest.replace(items);
const probe = normalised(Float32Array.from({ length: DIMENSIONS }, random));

function ours(): string[] {
  return nearest
    .search({ embedding: { space: 'bench@1', vector: probe, backend: 'cpu' }, colour: null }, K)
    .map(({ galleryId }) => galleryId);
}

function plain(): string[] {
  const scored = Array.from({ length: COUNT }, (_, row) => {
    let sum = 0;
    for (let i = 0; i < DIMENSIONS; i++) sum += matrix[row * DIMENSIONS + i]! * probe[i]!;
    return { row, sum };
  });
  return scored
    .sort((a, b) => b.sum - a.sum)
    .slice(0, K)
    .map(({ row }) => `g${row}`);
}

function measured(run: () => string[]): { best: number; middle: number } {
  const times = Array.from({ length: RUNS }, () => {
    const startedAtMs = performance.now();
    run();
    return performance.now() - startedAtMs;
  }).sort((a, b) => a - b);
  return { best: times[0]!, middle: times[RUNS >> 1]! };
}

if (ours().join() !== plain().join()) throw new Error('the two do not find the same');
const [a, b] = [measured(ours), measured(plain)];
console.log(
  `${COUNT} × ${DIMENSIONS}, best and middle of ${RUNS}: ours ${a.best.toFixed(1)} and ${a.middle.toFixed(1)} ms, ` +
    `plain loop ${b.best.toFixed(1)} and ${b.middle.toFixed(1)} ms, ratio of the best ${(b.best / a.best).toFixed(1)}; same answers`,
);
