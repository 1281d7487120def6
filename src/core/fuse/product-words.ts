/** @file Text read off a pack against each product: the words of its catalogue entry, and those read in its gallery photos. Pure; any thread. */
import type { Product } from '../../contracts/product.ts';
import type { ProductWords, TextReading, WordMatch } from '../../contracts/results.ts';
import { indexPackWords, matchPackWords, type PackWordIndex } from '../pack-words.ts';

/**
 * [Note: Utilities set by hand] No labelled photos with codes or Japanese pack fronts stand behind these, so they are assumptions, in natural
 * log odds: all words of a pack's front, as its catalogue entry names them, speak 150 to 1. What words read in gallery photos are worth is
 * fitted (`choice.words`).
 */
const NAMED_UTILITY = 5;

/** Text index of the catalogue last used; catalogues change rarely and are large. */
const indices = new WeakMap<readonly Product[], PackWordIndex>();

/**
 * @param catalogue the same array again costs no new index. @param shown products whose gallery photos show the words of `text`.
 * @returns products that some word speaks for, in no particular order.
 */
export function productWords(catalogue: readonly Product[], text: TextReading | null, shown: readonly WordMatch[]): ProductWords[] {
  const lines = text?.lines.map((line) => line.text) ?? [];
  const named = lines.length === 0 ? [] : matchPackWords(indexOf(catalogue), lines);
  const named01 = new Map(named.map(({ productId, score01 }) => [productId, score01]));
  const shown01 = new Map(shown.map(({ productId, similarity01 }) => [productId, similarity01]));
  return [...new Set([...named01.keys(), ...shown01.keys()])].map((productId) => ({
    productId,
    named01: named01.get(productId) ?? 0,
    shown01: shown01.get(productId) ?? 0,
  }));
}

/** Natural log odds. The same print speaks once, whichever way it was known before. @param shownUtility of all words of a gallery photo. */
export function wordUtility({ named01, shown01 }: ProductWords, shownUtility: number): number {
  return Math.max(NAMED_UTILITY * named01, shownUtility * shown01);
}

function indexOf(catalogue: readonly Product[]): PackWordIndex {
  const index = indices.get(catalogue) ?? indexPackWords(catalogue);
  indices.set(catalogue, index);
  return index;
}
