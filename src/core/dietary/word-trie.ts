/** @file Many words looked up in one text at once. Pure. */

interface Node<T> {
  readonly next: Map<string, Node<T>>;
  readonly values: T[];
}

/** A word found in a text: `text.slice(from, to)`. */
export interface WordMatch<T> {
  readonly from: number;
  readonly to: number;
  readonly value: T;
}

/** Words, each with values. Lookup time depends on the text and the longest word, not on how many words there are. */
export class WordTrie<T> {
  readonly #root: Node<T> = { next: new Map(), values: [] };

  /** @param word folded as the texts will be. Empty words are ignored. */
  add(word: string, value: T): void {
    if (word === '') return;
    let node = this.#root;
    for (let k = 0; k < word.length; k++) {
      let next = node.next.get(word[k]!);
      if (next === undefined) {
        next = { next: new Map(), values: [] };
        node.next.set(word[k]!, next);
      }
      node = next;
    }
    node.values.push(value);
  }

  /** @returns every occurrence of every word, by start, shorter before longer. */
  scan(text: string): WordMatch<T>[] {
    const matches: WordMatch<T>[] = [];
    for (let from = 0; from < text.length; from++) {
      let node: Node<T> | undefined = this.#root;
      for (let to = from; to < text.length; to++) {
        node = node.next.get(text[to]!);
        if (node === undefined) break;
        for (const value of node.values) matches.push({ from, to: to + 1, value });
      }
    }
    return matches;
  }
}
