/**
 * @file Colour and words of a gallery photo as metadata of its item on the server, where items hold texts and numbers only: `words`, a
 * bar between two; `colour`, a byte per bin in base64, a dot after every 64 characters (long runs are refused as hidden images); `front`, the
 * aspect, a bar, and the layout, a signed byte each, likewise. Any thread.
 */
import type { GalleryItem } from '../contracts/product.ts';
import type { Front } from '../contracts/results.ts';
import { normalised } from './vector.ts';

const MAX_TEXT = 2000;
const GROUP = 64;

/** Metadata as the server keeps it. */
type Metadata = Readonly<Record<string, string | number | boolean>>;

/** @returns the fields to add to an item's metadata; words that do not fit are left out from the end. */
export function toGalleryMetadata({ colour, words, front }: Pick<GalleryItem, 'colour' | 'words' | 'front'>): {
  colour?: string;
  words?: string;
  front?: string;
} {
  const grouped = colour === null ? '' : toGroups(colour.map((value) => Math.round(Math.max(0, Math.min(1, value)) * 255)));
  return {
    ...(colour === null || grouped.length > MAX_TEXT ? {} : { colour: grouped }),
    ...(words === undefined ? {} : { words: fitting(words) }),
    ...(front === undefined ? {} : { front: `${front.aspect.toFixed(4)}|${toGroups(signedBytes(front.layout))}` }),
  };
}

/** Reverse of {@link toGalleryMetadata}. What cannot be read counts as absent: a photo is found by its vector all the same. */
export function fromGalleryMetadata({ colour, words, front: frontText }: Metadata): Pick<GalleryItem, 'colour' | 'words' | 'front'> {
  const front = typeof frontText === 'string' ? frontOf(frontText) : null;
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
    ...(front === null ? {} : { front }),
  };
}

function colourOf(text: string): Float32Array<ArrayBuffer> | null {
  const levels = fromGroups(text);
  return levels?.some((level) => level > 0) === true ? normalised(levels) : null;
}

function frontOf(text: string): Front | null {
  const [aspectText = '', bytes = ''] = text.split('|');
  const aspect = Number(aspectText);
  const layout = fromGroups(bytes);
  if (layout === null || layout.length === 0 || !(aspect > 0)) return null;
  return { layout: normalised(layout.map((byte) => (byte > 127 ? byte - 256 : byte))), aspect };
}

/** Each value as a signed byte, the largest at 127; only directions are compared. */
function signedBytes(vector: Float32Array): Float32Array {
  const largest = vector.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
  return vector.map((value) => Math.round((value / largest) * 127) & 0xff);
}

function toGroups(bytes: Float32Array): string {
  return btoa(String.fromCharCode(...bytes)).replaceAll(new RegExp(`.{${GROUP}}(?=.)`, 'g'), '$&.');
}

function fromGroups(text: string): Float32Array<ArrayBuffer> | null {
  try {
    return Float32Array.from(atob(text.replaceAll('.', '')), (char) => char.charCodeAt(0));
  } catch {
    return null;
  }
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
