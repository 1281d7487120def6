/**
 * @file Words on the front of packs against text read off a photo. Folds widths, cases and kana, and bears the slips of a text reader.
 * Pure; any thread.
 */
import type { Product } from '../contracts/product.ts';

/** Share of a word's characters that may be misread. */
const MAX_SLIP_SHARE = 0.25;
/** Shorter Latin words are everywhere; one Han character or kana is too. */
const MIN_LATIN_LENGTH = 3;
const MIN_LENGTH = 2;

/**
 * Fold what readers and printers vary: NFKC (full-width → plain, ㌘ → グラム), case, hiragana → katakana, small kana → large, dashes that
 * readers take for ー, and everything that is neither letter nor digit.
 */
export function foldPackText(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .normalize('NFKD')
    .replace(/(\p{Script=Latin})\p{M}+/gu, '$1')
    .normalize('NFC')
    .replace(/[\u3041-\u3096]/g, (kana) => String.fromCharCode(kana.charCodeAt(0) + 0x60))
    .replace(/[ァィゥェォャュョッヮヵヶ]/g, (kana) => LARGE_KANA[kana]!)
    .replace(/(?<=[ァ-ヶー])[-‐‑–—―−一](?=[ァ-ヶー]|$)/g, 'ー')
    .replace(/[^\p{L}\p{N}ー]/gu, '');
}

const LARGE_KANA: Readonly<Record<string, string>> = {
  ァ: 'ア', ィ: 'イ', ゥ: 'ウ', ェ: 'エ', ォ: 'オ', ャ: 'ヤ', ュ: 'ユ', ョ: 'ヨ', ッ: 'ツ', ヮ: 'ワ', ヵ: 'カ', ヶ: 'ケ',
}; // prettier-ignore

/** A folded word of the catalogue and the products that carry it. */
interface IndexedWord {
  readonly word: string;
  readonly products: readonly number[];
  /** Natural log of how much it narrows the catalogue down. */
  readonly information: number;
}

/** Words of a catalogue, ready to be looked for. */
export interface PackWordIndex {
  readonly words: readonly IndexedWord[];
  /** Two-character pieces → words that hold them, so that a large catalogue need not be searched word by word. */
  readonly byPiece: ReadonlyMap<string, readonly number[]>;
  readonly productIds: readonly string[];
  /** Sum of `information` over each product's words. */
  readonly totals: Float64Array;
}

/**
 * @param products a catalogue; each is known by its `packWords`, names and brand.
 * @returns an index that holds no reference to `products`.
 */
export function indexPackWords(products: readonly Product[]): PackWordIndex {
  const carriers = new Map<string, Set<number>>();
  products.forEach((product, i) => {
    for (const word of wordsOf(product)) {
      const set = carriers.get(word);
      if (set === undefined) carriers.set(word, new Set([i]));
      else set.add(i);
    }
  });
  const totals = new Float64Array(products.length);
  const byPiece = new Map<string, number[]>();
  const words = [...carriers].map(([word, set], index): IndexedWord => {
    // The catalogue at hand is a sample of all products; ten more keep a tiny one from being too sure.
    const information = Math.log((products.length + 10) / set.size);
    for (const product of set) totals[product]! += information;
    for (const piece of new Set(piecesOf(word))) {
      const list = byPiece.get(piece);
      if (list === undefined) byPiece.set(piece, [index]);
      else list.push(index);
    }
    return { word, products: [...set], information };
  });
  return { words, byPiece, productIds: products.map(({ id }) => id), totals };
}

function wordsOf(product: Product): Set<string> {
  const raw = [...product.packWords, product.name.en ?? '', product.name.ja ?? '', product.brand ?? ''];
  const words = raw.flatMap((phrase) => phrase.split(/[\s/・,，、|]+/u)).map(foldPackText);
  return new Set(words.filter(isTelling));
}

function isTelling(word: string): boolean {
  return word.length >= (/^[\p{Script=Latin}\p{N}]+$/u.test(word) ? MIN_LATIN_LENGTH : MIN_LENGTH);
}

function piecesOf(text: string): string[] {
  return Array.from({ length: Math.max(0, text.length - 1) }, (_, i) => text.slice(i, i + 2));
}

/** How well a photo's text names a product. */
export interface PackWordMatch {
  readonly productId: string;
  /** 0..1: share of the product's words that were read × how far they narrow the catalogue down. */
  readonly score01: number;
  /** Folded words that were found. */
  readonly words: readonly string[];
}

/**
 * Products that the text names, best first.
 * @param lines text as read, line by line.
 */
export function matchPackWords(index: PackWordIndex, lines: readonly string[]): PackWordMatch[] {
  const folded = lines.map(foldPackText).filter((line) => line.length > 0);
  const latinWords = new Set(lines.flatMap((line) => line.split(/[^\p{L}\p{N}]+/u)).map(foldPackText));
  const text = folded.join('\n');
  const pieces = new Set(folded.flatMap(piecesOf));
  const found = new Map<number, { mass: number; words: string[] }>();
  for (const wordIndex of candidateWords(index, pieces)) {
    const { word, products, information } = index.words[wordIndex]!;
    const similarity = similarityIn(word, text, latinWords);
    if (similarity === 0) continue;
    for (const product of products) {
      const entry = found.get(product) ?? { mass: 0, words: [] };
      entry.mass += information * similarity;
      entry.words.push(word);
      found.set(product, entry);
    }
  }
  // Enough to name one product of the catalogue.
  const enough = Math.log(index.productIds.length + 10);
  return [...found]
    .map(([product, { mass, words }]) => ({
      productId: index.productIds[product]!,
      score01: Math.min(1, mass / index.totals[product]!) * Math.min(1, mass / enough),
      words,
    }))
    .sort((a, b) => b.score01 - a.score01);
}

/** Words that share at least half of their pieces with the text; a word with a quarter of its characters misread still does. */
function candidateWords(index: PackWordIndex, pieces: ReadonlySet<string>): number[] {
  const hits = new Map<number, number>();
  for (const piece of pieces) for (const word of index.byPiece.get(piece) ?? []) hits.set(word, (hits.get(word) ?? 0) + 1);
  return [...hits].filter(([word, count]) => count * 2 >= index.words[word]!.word.length - 1).map(([word]) => word);
}

/** 1 for an exact occurrence, less with slips, 0 when it is not there. Short Latin words must stand alone. */
function similarityIn(word: string, text: string, latinWords: ReadonlySet<string>): number {
  const isLatin = /^[\p{Script=Latin}\p{N}]+$/u.test(word);
  if (isLatin && word.length < 5) return latinWords.has(word) ? 1 : 0;
  if (text.includes(word)) return 1;
  const slips = Math.floor(word.length * MAX_SLIP_SHARE);
  if (slips === 0) return 0;
  const distance = substringDistance(word, text, slips);
  return distance > slips ? 0 : 1 - distance / word.length;
}

/**
 * Least number of edits that turn `word` into some part of `text`.
 * Source: Sellers 1980, "The theory and computation of evolutionary distances: Pattern recognition".
 * @param limit stop early at 0 edits; results above `limit` are only known to be above it.
 */
export function substringDistance(word: string, text: string, limit: number): number {
  let column = Array.from({ length: word.length + 1 }, (_, i) => i);
  let best = word.length;
  for (const character of text) {
    const next = [0];
    for (let i = 1; i <= word.length; i++)
      next.push(Math.min(column[i]! + 1, next[i - 1]! + 1, column[i - 1]! + (word[i - 1] === character ? 0 : 1)));
    column = next;
    best = Math.min(best, next[word.length]!);
    if (best === 0 || limit < 0) break;
  }
  return best;
}
