/**
 * @file Words read in photos of a product, compared with the words read in another photo: what tells packs of one design apart. Unlike
 * `pack-words.ts`, nobody wrote these words down: they come off the gallery photos as the reader saw them, with its slips. So pieces
 * of three characters are compared, weighted by how few products share them (tf-idf, cosine); a brand's name alone says little, so
 * the similarity is damped while little information is shared. Pure; any thread.
 * Source: Salton & Buckley 1988, "Term-weighting approaches in automatic text retrieval".
 */
import type { TextReading, WordMatch } from '../contracts/results.ts';
import { foldPackText } from './pack-words.ts';

/** Lines read with less confidence are mostly pictures taken for text. */
const MIN_LINE_CONFIDENCE = 0.7;
/** Shorter Latin words are everywhere. */
const MIN_LATIN_LENGTH = 3;
const MAX_WORDS = 60;
const MAX_WORD_LENGTH = 40;
const PIECE_LENGTH = 3;
/** Information (natural log) shared at which the similarity counts for 63 %; fitted with `tests/evaluate/calibrate.ts`. */
const TELLING_INFORMATION = 40;
/** Weight of what no gallery photo shows: a price tag or a neighbour's name should not undo a match. */
const UNKNOWN_PIECE_WEIGHT = 0.3;

/** @returns folded words of the lines that were read well, each once, in reading order; at most 60. */
export function photoWords(reading: Pick<TextReading, 'lines'>): string[] {
  const words = reading.lines
    .filter(({ confidence01 }) => confidence01 >= MIN_LINE_CONFIDENCE)
    .flatMap(({ text }) => text.split(/[^\p{L}\p{N}ー]+/u))
    .map(foldPackText)
    .filter(isTelling);
  return [...new Set(words)].slice(0, MAX_WORDS).map((word) => word.slice(0, MAX_WORD_LENGTH));
}

function isTelling(word: string): boolean {
  if (/^\p{N}*$/u.test(word)) return false;
  return word.length >= (/^[\p{Script=Latin}\p{N}]+$/u.test(word) ? MIN_LATIN_LENGTH : 2);
}

/** The words of one gallery photo. */
export interface WordedPhoto {
  readonly productId: string;
  /** As {@link photoWords} gives them. */
  readonly words: readonly string[];
}

/** Answers which products' photos show the same words. */
export interface PhotoWordIndex {
  /** Best `k` products, descending; those that share nothing are left out. */
  match(words: readonly string[], k: number): WordMatch[];
}

interface Posting {
  readonly product: number;
  /** Share of the product's photos that show the piece. */
  readonly share01: number;
}

/** @param photos every gallery photo that was read, with or without words; none of them is held on to. */
export function indexPhotoWords(photos: Iterable<WordedPhoto>): PhotoWordIndex {
  const { productIds, counts } = countPieces(photos);
  const postings = new Map<string, Posting[]>();
  counts.forEach(({ photos: total, pieces }, product) => {
    for (const [piece, shown] of pieces) {
      const list = postings.get(piece);
      const posting = { product, share01: shown / total };
      if (list === undefined) postings.set(piece, [posting]);
      else list.push(posting);
    }
  });
  const information = (carriers: number): number => Math.log((productIds.length + 1) / (carriers + 0.5));
  const lengths = new Float64Array(productIds.length);
  for (const list of postings.values())
    for (const { product, share01 } of list) lengths[product]! += (share01 * information(list.length)) ** 2;

  return {
    match(words, k) {
      const sums = new Map<number, { products: number; information: number }>();
      let squares = 0;
      for (const piece of piecesOf(words)) {
        const list = postings.get(piece) ?? [];
        const weight = information(list.length);
        squares += weight ** 2 * (list.length === 0 ? UNKNOWN_PIECE_WEIGHT : 1);
        for (const { product, share01 } of list) {
          const sum = sums.get(product) ?? { products: 0, information: 0 };
          sum.products += share01 * weight ** 2;
          sum.information += share01 * weight;
          sums.set(product, sum);
        }
      }
      return [...sums]
        .map(([product, { products, information: shared }]) => {
          const cosine = Math.max(0, Math.min(1, products / Math.sqrt(squares * lengths[product]!) || 0));
          return { productId: productIds[product]!, similarity01: cosine * (1 - Math.exp(-shared / TELLING_INFORMATION)) };
        })
        .filter(({ similarity01 }) => similarity01 > 0)
        .sort((a, b) => b.similarity01 - a.similarity01)
        .slice(0, k);
    },
  };
}

function countPieces(photos: Iterable<WordedPhoto>): {
  productIds: string[];
  counts: { photos: number; pieces: Map<string, number> }[];
} {
  const numbers = new Map<string, number>();
  const counts: { photos: number; pieces: Map<string, number> }[] = [];
  for (const { productId, words } of photos) {
    const number = numbers.get(productId) ?? numbers.size;
    numbers.set(productId, number);
    const own = (counts[number] ??= { photos: 0, pieces: new Map() });
    own.photos += 1;
    for (const piece of piecesOf(words)) own.pieces.set(piece, (own.pieces.get(piece) ?? 0) + 1);
  }
  return { productIds: [...numbers.keys()], counts };
}

/** `^oat$` → `^oa`, `oat`, `at$`: starts and ends of words count as letters. */
function piecesOf(words: readonly string[]): Set<string> {
  const pieces = new Set<string>();
  for (const word of words) {
    const framed = `^${word}$`;
    for (let at = 0; at + PIECE_LENGTH <= framed.length; at++) pieces.add(framed.slice(at, at + PIECE_LENGTH));
  }
  return pieces;
}
