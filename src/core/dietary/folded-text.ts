/** @file Label text folded for comparison, with the way back to the original offsets. Pure. */

/** Folded text. `text[i]` stands for `original.slice(starts[i], ends[i])`. */
export interface FoldedText {
  readonly text: string;
  /** UTF-16 offset into the original where the folded character begins. */
  readonly starts: readonly number[];
  /** UTF-16 offset into the original where it ends (exclusive). */
  readonly ends: readonly number[];
}

/**
 * [Note: Three folds]
 * `plain`  width folded, Latin lower-cased, Japanese white space removed (labels wrap inside words), punctuation unified. The parser reads this.
 * `kana`   as `plain`, and katakana → hiragana, small → large kana, kanji that readers confuse with kana (力/カ, 二/ニ, 口/ロ, 夕/タ …) → kana,
 *          every dash after kana → ー. Words and text go through the same fold, so equal words stay equal. Japanese names are looked up in this.
 * `words`  Latin words: accents removed, white space and hyphens → one blank. Latin names are looked up in this.
 */
export type Fold = 'plain' | 'kana' | 'words';

const DASHES = new Set(Array.from('-‐‑‒–—―−ー－─━ｰ一'));
const LOOKALIKES: Readonly<Record<string, string>> = {
  力: 'か',
  二: 'に',
  口: 'ろ',
  夕: 'た',
  卜: 'と',
  工: 'え',
  八: 'は',
  才: 'お',
  千: 'ち',
};
const SMALL = new Map(Array.from('ぁぃぅぇぉっゃゅょゎゕゖ', (small, index) => [small, 'あいうえおつやゆよわかけ'[index]!]));
const PUNCTUATION: Readonly<Record<string, string>> = {
  '［': '(',
  '[': '(',
  '〔': '(',
  '【': '(',
  '「': '(',
  '『': '(',
  '《': '(',
  '〈': '(',
  '<': '(',
  '{': '(',
  '｛': '(',
  '〖': '(',
  '］': ')',
  ']': ')',
  '〕': ')',
  '】': ')',
  '」': ')',
  '』': ')',
  '》': ')',
  '〉': ')',
  '>': ')',
  '}': ')',
  '｝': ')',
  '〗': ')',
  '，': '、',
  ',': '、',
  '､': '、',
  '﹑': '、',
  '﹐': '、',
  '‧': '・',
  '·': '・',
  '•': '・',
  '∙': '・',
  '⋅': '・',
  '∕': '/',
  '⁄': '/',
  '╱': '/',
  〳: '/',
  '：': ':',
  '﹕': ':',
  '；': ';',
  '．': '.',
  '｡': '。',
  '’': "'",
  '‘': "'",
  '＊': '*',
  '∗': '*',
};
/** Characters that NFKC leaves alone, by far the most on a label. */
const PLAIN = /^[\u0021-\u007e\u3041-\u3093\u30a1-\u30f6\u30fc\u4e00-\u9fff]$/;
const KANA = /[\u3040-\u30ff]/;
const MARK = /\p{Mn}|\uff9e|\uff9f/u;

/** @returns `original` folded; see [Note: Three folds]. Never throws. */
export function foldText(original: string, fold: Fold): FoldedText {
  if (original.length < MEMO_MIN_LENGTH) return computeFold(original, fold);
  // Parser, negations, look-up and judge all fold the same label.
  if (latest?.original !== original) latest = { original, folds: new Map() };
  let folded = latest.folds.get(fold);
  if (folded === undefined) {
    folded = computeFold(original, fold);
    latest.folds.set(fold, folded);
  }
  return folded;
}

const MEMO_MIN_LENGTH = 40;
let latest: { readonly original: string; readonly folds: Map<Fold, FoldedText> } | null = null;

function computeFold(original: string, fold: Fold): FoldedText {
  const out: string[] = [];
  const starts: number[] = [];
  const ends: number[] = [];
  const push = (character: string, start: number, end: number) => {
    for (const unit of character) {
      for (let k = 0; k < unit.length; k++) {
        out.push(unit[k]!);
        starts.push(start);
        ends.push(end);
      }
    }
  };
  for (let at = 0; at < original.length;) {
    const point = original.codePointAt(at)!;
    let end = at + (point > 0xffff ? 2 : 1);
    while (end < original.length && MARK.test(original[end]!)) end++;
    const raw = original.slice(at, end);
    const last = out.at(-1);
    if (/^\s$/.test(raw) || raw === '\u200b' || raw === '\ufeff' || raw === '\u00ad') {
      // A soft hyphen or zero-width space is nothing; white space is nothing in Japanese and one blank between Latin words.
      if (fold === 'words' && /^\s$/.test(raw) && last !== undefined && last !== ' ') push(' ', at, end);
      at = end;
      continue;
    }
    const unified = PUNCTUATION[raw] ?? (PLAIN.test(raw) ? raw : raw.normalize('NFKC'));
    for (const character of unified) {
      const folded = fold === 'words' ? foldLatin(character) : foldJapanese(character, out.at(-1), fold);
      if (fold === 'words' && folded === ' ' && (out.length === 0 || out.at(-1) === ' ')) continue;
      push(folded, at, end);
    }
    at = end;
  }
  return { text: out.join(''), starts, ends };
}

/** @returns `word` folded, without offsets. */
export function foldWord(word: string, fold: Fold): string {
  return foldText(word, fold).text.trim();
}

function foldJapanese(character: string, previous: string | undefined, fold: Fold): string {
  const unified = PUNCTUATION[character] ?? character.toLowerCase();
  if (DASHES.has(unified)) {
    const isAfterKana = previous !== undefined && (KANA.test(previous) || previous === 'ー');
    if (unified === '一') return fold === 'kana' && isAfterKana ? 'ー' : unified;
    return isAfterKana ? 'ー' : '-';
  }
  if (fold === 'plain') return unified;
  const lookalike = LOOKALIKES[unified];
  if (lookalike !== undefined) return lookalike;
  const code = unified.codePointAt(0)!;
  const hiragana = code >= 0x30a1 && code <= 0x30f6 ? String.fromCodePoint(code - 0x60) : unified;
  return SMALL.get(hiragana) ?? hiragana;
}

function foldLatin(character: string): string {
  if (/^[a-z0-9 \u3041-\u9fff]$/.test(character)) return character;
  const unified = PUNCTUATION[character] ?? character;
  if (DASHES.has(unified) && unified !== '一' && unified !== 'ー') return ' ';
  return unified
    .normalize('NFD')
    .replace(/\p{Mn}/gu, '')
    .toLowerCase()
    .replace('ß', 'ss')
    .replace('œ', 'oe')
    .replace('æ', 'ae');
}

/** @returns index of the first folded character that ends after `offset` of the original (`text.length` when there is none). */
export function foldedIndex(folded: FoldedText, offset: number): number {
  let low = 0;
  let high = folded.ends.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (folded.ends[middle]! <= offset) low = middle + 1;
    else high = middle;
  }
  return low;
}
