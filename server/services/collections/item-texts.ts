/** @file What no text of an item may hold, whichever way the item came. */
import { holdsImage } from '../recognition/image-refusal.ts';
import { isStorable } from '../http/storable-text.ts';

/** Shorter texts hold no image. */
export const IMAGE_CHARACTERS = 24;

/** @returns what is wrong with a text; null: nothing. */
export function textProblem(text: string): string | null {
  if (!isStorable(text)) return 'a text holds zeros or halves of characters, which cannot be stored.';
  if (text.length > IMAGE_CHARACTERS && holdsImage(text)) return 'it carries what looks like an image. Vector routes take none.';
  return null;
}
