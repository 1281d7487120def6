/** @file Exact nearest neighbours by plain computation, fed block by block: the truth that indexes are measured against. */

/** The best `k` of each query so far. */
export class Nearest {
  readonly #queries: Float32Array;
  readonly #dimensions: number;
  readonly #k: number;
  /** For each query `k` scores, falling, and the rows they belong to. */
  readonly #scores: Float32Array;
  readonly #rows: Int32Array;

  constructor(queries: Float32Array, dimensions: number, k: number) {
    this.#queries = queries;
    this.#dimensions = dimensions;
    this.#k = k;
    this.#scores = new Float32Array(this.count * k).fill(-2);
    this.#rows = new Int32Array(this.count * k).fill(-1);
  }

  get count(): number {
    return this.#queries.length / this.#dimensions;
  }

  /** @param first row of the block's beginning. @param isIn leave out rows for which it is false. */
  add(block: Float32Array, first: number, isIn?: (row: number) => boolean): void {
    const dimensions = this.#dimensions;
    const rows = block.length / dimensions;
    for (let row = 0; row < rows; row++) {
      if (isIn?.(first + row) === false) continue;
      const at = row * dimensions;
      for (let query = 0; query < this.count; query++) {
        const from = query * dimensions;
        let [a, b, c, d] = [0, 0, 0, 0];
        for (let i = 0; i < dimensions; i += 4) {
          a += block[at + i]! * this.#queries[from + i]!;
          b += block[at + i + 1]! * this.#queries[from + i + 1]!;
          c += block[at + i + 2]! * this.#queries[from + i + 2]!;
          d += block[at + i + 3]! * this.#queries[from + i + 3]!;
        }
        this.#offer(query, first + row, a + b + c + d);
      }
    }
  }

  /** @returns rows of the best of a query, best first. */
  rowsOf(query: number): number[] {
    return [...this.#rows.subarray(query * this.#k, (query + 1) * this.#k)].filter((row) => row !== -1);
  }

  /** Mean score of the neighbour at `rank` (from 0): how hard the set is. */
  meanScore(rank: number): number {
    let sum = 0;
    for (let query = 0; query < this.count; query++) sum += this.#scores[query * this.#k + rank]!;
    return sum / this.count;
  }

  #offer(query: number, row: number, score: number): void {
    const start = query * this.#k;
    let at = start + this.#k - 1;
    if (score <= this.#scores[at]!) return;
    for (; at > start && this.#scores[at - 1]! < score; at--) {
      this.#scores[at] = this.#scores[at - 1]!;
      this.#rows[at] = this.#rows[at - 1]!;
    }
    this.#scores[at] = score;
    this.#rows[at] = row;
  }
}

/** Top-1 agreement and recall@10 of answers against the truth. */
export function agreement(truth: Nearest, answers: readonly (readonly number[])[]): { readonly top1: number; readonly recall10: number } {
  let [top1, found, wanted] = [0, 0, 0];
  answers.forEach((answer, query) => {
    const rows = truth.rowsOf(query).slice(0, 10);
    if (rows[0] === answer[0]) top1 += 1;
    const given = new Set(answer.slice(0, 10));
    found += rows.filter((row) => given.has(row)).length;
    wanted += rows.length;
  });
  return { top1: top1 / answers.length, recall10: found / wanted };
}
