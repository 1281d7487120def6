/**
 * @file Colour and words of a gallery photo as metadata of its item on the server, where items hold texts and numbers only: `words`, a
 * bar between two; `colour`, a byte per bin in base64, a dot after every 64 characters (long runs are refused as hidden images). Any thread.
 */
import type { GalleryItem } from '../contracts/product.ts';
import { normalised } from './vector.ts';

const MAX_TEXT = 2000;
const GROUP = 64;

/** Metadata as the server keeps it. */
type Metadata = Readonly<Record<string, string | number | boolean>>;

/** @returns the fields to add to an item's metadata; words that do not fit are left out from the end. */
export function toGalleryMetadata({ colour, words }: Pick<GalleryItem, 'colour' | 'words'>): { colour?: string; words?: string } {
  const text =
    colour === null ? '' : btoa(String.fromCharCode(...colour.map((value) => Math.round(Math.max(0, Math.min(1, value)) * 255))));
  const grouped = text.replaceAll(new RegExp(`.{${GROUP}}(?=.)`, 'g'), '$&.');
  return {
    ...(colour === null || grouped.length > MAX_TEXT ? {} : { colour: grouped }),
    ...(words === undefined ? {} : { words: fitting(words) }),
  };
}

/** Reverse of {@link toGalleryMetadata}. What cannot be read counts as absent: a photo is found by its vector all the same. */
export function fromGalleryMetadata({ colour, words }: Metadata): Pick<GalleryItem, 'colour' | 'words'> {
  return {
    colour: typeof colour === 'string' ? colourOf(colour) : null,
    ...(typeof words === 'string'
      ? {
          words: words
            .split('|')
            .filter((word) => word !== '' && word.length <= 40)
            .slice(0, 60),
        }
      : {}),
  };
}

function colourOf(text: string): Float32Array<ArrayBuffer> | null {
  let levels: Float32Array<ArrayBuffer>;
  try {
    levels = Float32Array.from(atob(text.replaceAll('.', '')), (char) => char.charCodeAt(0));
  } catch {
    return null;
  }
  return levels.length > 0 && levels.some((level) => level > 0) ? normalised(levels) : null;
}

function fitting(words: readonly string[]): string {
  const kept: string[] = [];
  let length = 0;
  for (const word of words) {
    length += word.length + 1;
    if (length > MAX_TEXT) break;
    kept.push(word);
  }
  return kept.join('|');
}
