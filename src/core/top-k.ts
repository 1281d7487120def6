/** @file The k largest of many scores, without sorting them all. Pure; any thread. */

/** A bounded min-heap of (score, index); keeps the `capacity` largest scores pushed. */
export class TopK {
  readonly #scores: Float64Array;
  readonly #indices: Int32Array;
  #size = 0;

  constructor(capacity: number) {
    this.#scores = new Float64Array(Math.max(0, capacity));
    this.#indices = new Int32Array(Math.max(0, capacity));
  }

  /** Scores at or below this are not kept; -Infinity while there is room. */
  get floor(): number {
    return this.#size < this.#scores.length ? -Infinity : (this.#scores[0] ?? Infinity);
  }

  push(score: number, index: number): void {
    if (this.#size < this.#scores.length) this.#rise(this.#size++, score, index);
    else if (score > this.floor) this.#sink(score, index);
  }

  /** What was kept, score descending; equal scores by index, ascending. */
  sorted(): { score: number; index: number }[] {
    return Array.from({ length: this.#size }, (_, i) => ({ score: this.#scores[i]!, index: this.#indices[i]! })).sort(
      (a, b) => b.score - a.score || a.index - b.index,
    );
  }

  #rise(from: number, score: number, index: number): void {
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#scores[parent]! <= score) break;
      this.#move(parent, at);
      at = parent;
    }
    this.#put(at, score, index);
  }

  #sink(score: number, index: number): void {
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.#size) break;
      if (child + 1 < this.#size && this.#scores[child + 1]! < this.#scores[child]!) child++;
      if (this.#scores[child]! >= score) break;
      this.#move(child, at);
      at = child;
    }
    this.#put(at, score, index);
  }

  #move(from: number, to: number): void {
    this.#put(to, this.#scores[from]!, this.#indices[from]!);
  }

  #put(at: number, score: number, index: number): void {
    this.#scores[at] = score;
    this.#indices[at] = index;
  }
}
