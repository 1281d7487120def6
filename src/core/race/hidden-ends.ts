/** @file Numbers of which only the beginning, the end or the middle can be seen, against a start list. Pure; any thread. */

/** Finds the numbers that a visible part may belong to. */
export interface HiddenEnds {
  /**
   * Numbers that show `part` once their left (right) end is hidden; at least one character is hidden at each end that is said to be.
   * @param most given at all; `total` counts all.
   */
  readonly complete: (part: string, ends: { left: boolean; right: boolean }, most: number) => { numbers: readonly string[]; total: number };
}

/** @param numbers distinct. Sorting 50,000 takes some 50 ms, asking some microseconds; a part with both ends hidden walks through all. */
export function hiddenEnds(numbers: readonly string[]): HiddenEnds {
  const forwards = [...numbers].sort(compare);
  const backwards = numbers.map(reversed).sort(compare);
  return {
    complete(part, { left, right }, most) {
      if (part === '' || (!left && !right)) return { numbers: [], total: 0 };
      if (left && right) {
        const found = numbers.filter((number) => {
          const at = number.indexOf(part, 1);
          return at > 0 && at + part.length < number.length;
        });
        return { numbers: found.slice(0, most), total: found.length };
      }
      const sorted = left ? backwards : forwards;
      const beginning = left ? reversed(part) : part;
      const from = lowerBound(sorted, beginning);
      // Every number that begins so stands before the first that begins with a later character there.
      const until = lowerBound(sorted, `${beginning}\uffff`);
      const isItself = sorted[from] === beginning ? 1 : 0;
      const found = sorted.slice(from + isItself, Math.min(until, from + isItself + most));
      return { numbers: left ? found.map(reversed) : found, total: until - from - isItself };
    },
  };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function reversed(text: string): string {
  return Array.from(text).reverse().join('');
}

function lowerBound(sorted: readonly string[], text: string): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < text) low = middle + 1;
    else high = middle;
  }
  return low;
}
