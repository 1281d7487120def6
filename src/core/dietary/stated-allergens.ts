/** @file Allergen words in a statement such as `一部に小麦・卵を含む`. Pure. */
import type { StatedAllergen, TextSpan } from '../../contracts/dietary.ts';
import type { FoundWord } from './find-words.ts';
import { foldWord } from './folded-text.ts';
import { knowledge } from './knowledge.ts';

const FILLER =
  /^(?:[\s、，,・･·;；:：/／.．。()（）「」［］[\]【】&*＊※]|and|or|及び|および|又は|または|等|など|その他|由来|成分|製品|原材料|の|を|と|も|や)+|(?:[\s、，,・･·;；:：/／.．。()（）「」［］[\]【】&*＊※]|及び|等|など|由来|原材料)+$/giu;

/**
 * Allergens that the words of a statement name, in order. Every piece of the statement is in the result: one that is not known has `id: null`,
 * one that is known but is no allergen (`豚脂`, `アルコール`) has `id: null` too and its place.
 * @param words known words of `text`.
 */
export function statedAllergens(text: string, span: TextSpan, words: readonly FoundWord[]): StatedAllergen[] {
  const stated: StatedAllergen[] = [];
  const pieces = splitPieces(text, span);
  for (const piece of pieces) {
    const inside = words.filter((word) => word.span.start >= piece.start && word.span.end <= piece.end);
    if (inside.length === 0) {
      const trimmed = trimFiller(text, piece);
      if (trimmed === null) continue;
      const raw = text.slice(trimmed.start, trimmed.end);
      stated.push({ id: guessMisread(raw), raw, span: trimmed });
      continue;
    }
    for (const word of inside) {
      const always = word.entry.contains.filter((content) => content.certainty === 'always');
      const raw = text.slice(word.span.start, word.span.end);
      if (always.length === 0) stated.push({ id: null, raw, span: word.span });
      for (const content of always) stated.push({ id: content.allergen, raw, span: word.span });
    }
  }
  return stated;
}

/** Allergens named anywhere in a sentence, without the sentence's other words. */
export function allergensInSentence(text: string, span: TextSpan, words: readonly FoundWord[]): StatedAllergen[] {
  const stated: StatedAllergen[] = [];
  for (const word of words) {
    if (word.span.start < span.start || word.span.end > span.end || word.whole) continue;
    const raw = text.slice(word.span.start, word.span.end);
    const always = word.entry.contains.filter((content) => content.certainty === 'always');
    if (always.length > 0) for (const content of always) stated.push({ id: content.allergen, raw, span: word.span });
    else if (Object.values(word.entry.perDiet).includes('avoid')) stated.push({ id: null, raw, span: word.span });
  }
  return stated;
}

function splitPieces(text: string, span: TextSpan): TextSpan[] {
  const pieces: TextSpan[] = [];
  let start = span.start;
  for (let at = span.start; at <= span.end; at++) {
    if (at < span.end && !/[、，,・･·／/;；。]/.test(text[at]!)) continue;
    if (at > start) pieces.push({ start, end: at });
    start = at + 1;
  }
  return pieces;
}

function trimFiller(text: string, span: TextSpan): TextSpan | null {
  const raw = text.slice(span.start, span.end);
  const lead = (raw.match(FILLER) ?? []).find((part) => raw.startsWith(part))?.length ?? 0;
  const rest = raw.slice(lead);
  const tail = (rest.match(FILLER) ?? []).find((part) => rest.endsWith(part))?.length ?? 0;
  const trimmed = rest.slice(0, rest.length - tail);
  return trimmed === '' ? null : { start: span.start + lead, end: span.start + lead + trimmed.length };
}

/** Pairs of characters that readers of Japanese print take for each other. */
const CONFUSED: readonly string[] = [
  '麦妻変夌',
  '卵卯印',
  '乳乱礼孔',
  '豆互亘',
  '大太犬',
  '小少',
  '成戌',
  '分介',
  '肉内',
  '豚豚豕',
  '鶏難鷄',
  '牛午生',
  '花化',
  '生主',
  '落洛',
  '胡桃',
  '海侮',
  '老考',
];

/**
 * A statement's word that is no known word but differs from an allergen's name by one misread character. Only used inside statements, where
 * nothing but allergens is expected; a wrong guess can only make the verdict more careful.
 */
function guessMisread(raw: string): string | null {
  const folded = foldWord(raw, 'kana').replace(/ー/g, '');
  if (folded.length < 2) return null;
  for (const allergen of knowledge().allergens.values())
    for (const name of allergen.names.ja) {
      const target = foldWord(name, 'kana').replace(/ー/g, '');
      if (target.length !== folded.length || target.length < 2) continue;
      let different = 0;
      let areAllConfusable = true;
      for (let k = 0; k < target.length; k++)
        if (target[k] !== folded[k]) {
          different++;
          if (!isConfusable(target[k]!, folded[k]!)) areAllConfusable = false;
        }
      if (different === 0 || (different === 1 && (areAllConfusable || target.length >= 4))) return allergen.id;
    }
  return null;
}

function isConfusable(a: string, b: string): boolean {
  if (CONFUSED.some((group) => group.includes(a) && group.includes(b))) return true;
  // Voicing marks are the first thing that a small print loses: ば/は/ぱ.
  return a.normalize('NFD')[0] === b.normalize('NFD')[0];
}
