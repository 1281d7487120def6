/** @file Label text → parsed label: picks the language and its parser. Pure; a few ms for a long label. */
import type { ParsedLabel } from '../../contracts/dietary.ts';
import { parseEnglishLabel } from './parse-english-label.ts';
import { parseJapaneseLabel } from './japanese/parse-japanese-label.ts';

/**
 * @param text label text as read, typed or stored; may be empty.
 * @returns the label taken apart; all spans are UTF-16 offsets into `text`. A label in a language without a parser has `language: 'unknown'`:
 * its known allergen words are still found, but {@link judge} never calls it fine. Never throws.
 */
export function parseLabel(text: string): ParsedLabel {
  return isJapanese(text) ? parseJapaneseLabel(text) : parseEnglishLabel(text);
}

const CHINESE_ONLY = /配料|配料表|成分表|净含量|保质期|原料表/;

/** True when the text is written in Japanese: kana, or kanji where no Chinese heading says otherwise. */
function isJapanese(text: string): boolean {
  const kana = text.match(/[\u3041-\u30fa\uff66-\uff9d]/g)?.length ?? 0;
  const kanji = text.match(/[\u3400-\u9fff]/g)?.length ?? 0;
  const latin = text.match(/[A-Za-zÀ-ž]/g)?.length ?? 0;
  if (kana + kanji === 0) return false;
  if (kana === 0 && CHINESE_ONLY.test(text)) return false;
  // An English label with a Japanese importer's sticker is Japanese where the sticker holds a list.
  return /原材料|一部に|添加物/.test(text) || kana + kanji >= latin * 0.25;
}
