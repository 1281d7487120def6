/**
 * @file Names of delivered files: from a pattern, safe on every file system, no two alike. Pure; any thread.
 * What counts as safe: the union of what Windows, macOS, Linux and the browser's File System Access refuse, so that a folder can be copied on.
 */

/** Words that a pattern may hold in braces, e.g. `{number}_{original}`. */
export const NAME_WORDS = [
  'number',
  'name',
  'category',
  'team',
  'wave',
  'event',
  'day',
  'time',
  'camera',
  'place',
  'original',
  'index',
] as const;
export type NameWord = (typeof NAME_WORDS)[number];

/** UTF-8 bytes of one name with its ending; most file systems take 255. */
const MAX_BYTES = 180;
const MAX_ENDING = 12;
/** Device names of Windows, with or without an ending. */
const RESERVED = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$|clock\$)$/i;
/** Endings that the browser refuses to write, because they could act. */
const REFUSED_ENDING = /\.(lnk|url|scf|local|desktop|webloc)$/i;

const GRAPHEMES = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** @returns the pattern with its words filled in; unknown words stay as they are, empty ones leave no doubled separators. */
export function nameFromPattern(pattern: string, words: Readonly<Record<NameWord, string>>): string {
  const filled = pattern.replaceAll(/\{(\w+)\}/g, (whole, word: string) =>
    (NAME_WORDS as readonly string[]).includes(word) ? words[word as NameWord].replaceAll(/[/\\]/g, '-') : whole,
  );
  return filled.replaceAll(/([_\-. ])\1+/g, '$1').replaceAll(/^[_\-. ]+|[_\-. ]+$/g, '');
}

/**
 * One name of a file or folder.
 * @param ending with its dot, or empty; kept when the rest is shortened.
 * @returns at most 180 bytes of UTF-8; never empty, `.`, `..`, a device, or with a separator.
 */
export function safeName(name: string, ending = ''): string {
  const clean = (text: string): string =>
    text
      .normalize('NFC')
      // Controls, what Windows refuses, what turns the direction of writing round, half surrogates.
      .replaceAll(/[\p{Cc}\p{Cs}\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff<>:"/\\|?*]/gu, '_')
      .replaceAll(/\s+/gu, ' ')
      .replaceAll(/^[\s.~]+|[\s.]+$/gu, '');
  const tail = clean(ending.slice(1)).replaceAll(/[^\w]/g, '').slice(0, MAX_ENDING);
  const end = tail === '' ? '' : `.${tail}`;
  let stem = clean(name);
  if (RESERVED.test(stem.split('.')[0]!.trimEnd())) stem = `_${stem}`;
  stem = withinBytes(stem, MAX_BYTES - end.length).replace(/[\s.]+$/u, '');
  if (stem === '') stem = 'file';
  const whole = `${stem}${end}`;
  return REFUSED_ENDING.test(whole) ? `${whole}_` : whole;
}

/** @returns stem and ending (with its dot) of a path's last part. */
export function splitName(path: string): { readonly stem: string; readonly ending: string } {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const dot = name.lastIndexOf('.');
  return dot <= 0 ? { stem: name, ending: '' } : { stem: name.slice(0, dot), ending: name.slice(dot) };
}

/** Names that were given out, below one folder. Upper and lower case are the same: on Windows and macOS they are. */
export class TakenNames {
  readonly #taken = new Set<string>();

  /** @param path parts joined by `/`, each as {@link safeName} gives it. @returns the same, or with ` (2)`, ` (3)` … before its ending. */
  take(path: string): string {
    const { ending } = splitName(path);
    const base = path.slice(0, path.length - ending.length);
    let candidate = path;
    for (let count = 2; this.#taken.has(keyOf(candidate)); count++) candidate = `${base} (${count})${ending}`;
    this.#taken.add(keyOf(candidate));
    return candidate;
  }
}

function keyOf(path: string): string {
  return path.normalize('NFKC').toLowerCase();
}

/** Never half a character. */
function withinBytes(text: string, most: number): string {
  const encoder = new TextEncoder();
  if (encoder.encode(text).length <= most) return text;
  let kept = '';
  let bytes = 0;
  for (const { segment } of GRAPHEMES.segment(text)) {
    bytes += encoder.encode(segment).length;
    if (bytes > most) break;
    kept += segment;
  }
  return kept;
}
