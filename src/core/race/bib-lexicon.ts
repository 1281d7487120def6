/** @file Which texts may be a number of this race: those of its format, or those of its start list. Pure; any thread. */
import type { BibFormat } from '../../contracts/race.ts';
import { BIB_CLASSES, classOf } from './bib-alphabet.ts';

/** A deterministic automaton over classes of the reader. Nodes are integers; 0 is where a number begins. */
export interface BibLexicon {
  /** Node that a class leads to; -1 when it may not follow. */
  readonly next: (node: number, characterClass: number) => number;
  /** True where a number may end. */
  readonly isEnd: (node: number) => boolean;
}

const DIGITS = Array.from('0123456789', classOf);
const isDigit = Array.from({ length: BIB_CLASSES }, (_, one) => DIGITS.includes(one));

/** What {@link trieOf} makes: children as linked lists in flat arrays. */
interface Trie {
  readonly firstChild: Int32Array;
  readonly nextSibling: Int32Array;
  readonly characterClass: Uint8Array;
  readonly ends: Uint8Array;
  readonly size: number;
}

/** @param texts any order; repeats and texts with characters that the reader does not know are left out. */
function trieOf(texts: readonly string[]): Trie {
  const most = 1 + texts.reduce((sum, { length }) => sum + length, 0);
  const firstChild = new Int32Array(most).fill(-1);
  const nextSibling = new Int32Array(most).fill(-1);
  const characterClass = new Uint8Array(most);
  const ends = new Uint8Array(most);
  let size = 1;
  for (const text of texts) {
    const classes = Array.from(text, classOf);
    if (classes.length === 0 || classes.includes(0)) continue;
    let node = 0;
    for (const one of classes) {
      let child = childOf({ firstChild, nextSibling, characterClass }, node, one);
      if (child < 0) {
        child = size++;
        characterClass[child] = one;
        nextSibling[child] = firstChild[node]!;
        firstChild[node] = child;
      }
      node = child;
    }
    ends[node] = 1;
  }
  return { firstChild, nextSibling, characterClass, ends, size };
}

/** The numbers of a start list, up to 50,000 and more: a node has at most one child a class, so that a step costs the same in long lists. */
export function listLexicon(numbers: readonly string[]): BibLexicon {
  const { firstChild, nextSibling, characterClass, ends } = trieOf(numbers);
  return {
    next: (node, one) => childOf({ firstChild, nextSibling, characterClass }, node, one),
    isEnd: (node) => ends[node] === 1,
  };
}

function childOf(
  { firstChild, nextSibling, characterClass }: Pick<Trie, 'firstChild' | 'nextSibling' | 'characterClass'>,
  node: number,
  one: number,
): number {
  let child = firstChild[node]!;
  while (child >= 0 && characterClass[child] !== one) child = nextSibling[child]!;
  return child;
}

/**
 * Every number that a format allows: one of its prefixes or none, then digits.
 * @param isPart also what is left of such a number when an end of it is hidden: fewer digits, or the digits alone.
 */
export function formatLexicon({ prefixes, minDigits, maxDigits }: BibFormat, isPart = false): BibLexicon {
  const { firstChild, nextSibling, characterClass, ends, size } = trieOf(prefixes);
  const most = Math.max(minDigits, maxDigits);
  const least = isPart ? 1 : Math.min(minDigits, maxDigits);
  // Node `size + n` has seen n + 1 digits.
  return {
    next: (node, one) => {
      if (!isDigit[one]) return node < size ? childOf({ firstChild, nextSibling, characterClass }, node, one) : -1;
      const digits = node >= size ? node - size + 1 : 0;
      const canHaveDigits = node === 0 || node >= size || ends[node] === 1;
      return canHaveDigits && digits < most ? size + digits : -1;
    },
    isEnd: (node) => node >= size && node - size + 1 >= least,
  };
}

/** Classes that stand in a number of this race anywhere; 1: they do. Others are ornament: a category's letter, a sponsor's. */
export function knownClasses({ prefixes }: BibFormat, numbers: readonly string[]): Uint8Array {
  const known = new Uint8Array(BIB_CLASSES);
  for (const digit of DIGITS) known[digit] = 1;
  for (const text of [...prefixes, ...numbers]) for (const character of text) known[classOf(character)] = 1;
  known[0] = 1;
  return known;
}
