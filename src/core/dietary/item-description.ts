/** @file Whether a label says what an ingredient is made of. Pure. */
import type { LabelIngredient } from '../../contracts/dietary.ts';

/** Its bracket ends with `その他`: more is in it than is named. */
export function hasUnnamedOthers(item: LabelIngredient): boolean {
  return item.notes.some((note) => /^(?:その他|ほか|他)$/.test(note.trim()));
}

/** All that it is made of stands in its bracket. */
export function isDescribed(item: LabelIngredient | null): boolean {
  return item !== null && item.children.length > 0 && !hasUnnamedOthers(item);
}
