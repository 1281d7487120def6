/** @file Words of `allergens_declared` → ids of the dietary knowledge. */
import { allergens } from '../../src/core/dietary/knowledge.ts';
import { parseLabel } from '../../src/core/dietary/parse-label.ts';

/** @returns the id itself when it is one, the id that the word names on a Japanese label, or null. */
export function allergenIdOf(word: string): string | null {
  if (allergens().some(({ id }) => id === word)) return word;
  return parseLabel(`原材料名：水、（一部に${word}を含む）`).containsStatement[0]?.id ?? null;
}
