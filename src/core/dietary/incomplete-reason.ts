/** @file Why a label counts as incomplete, in both languages. Pure. */
import type { BothLanguages } from './knowledge.ts';

const REASONS: Readonly<Record<string, BothLanguages>> = {
  'unbalanced-brackets': {
    en: 'Brackets in the list do not match, so part of it may have been misread or cut off.',
    ja: '原材料名のかっこが対応していません。一部が読み取れていないか、切れている可能性があります。',
  },
  'no-end': { en: 'The end of the ingredient list is not in the text.', ja: '原材料名の終わりが読み取れていません。' },
  'no-heading': {
    en: 'The heading of the ingredient list was not found, so its beginning may be missing.',
    ja: '「原材料名」の見出しが見つからず、最初の部分が欠けている可能性があります。',
  },
  'no-ingredients': { en: 'No ingredient could be read from the list.', ja: '原材料を読み取れませんでした。' },
  'statement-cut-off': { en: 'The allergen statement seems to be cut off.', ja: 'アレルゲンの表示が途中で切れているようです。' },
  'cut-off': { en: 'The list stops in the middle.', ja: '原材料名が途中で切れています。' },
  unreadable: { en: 'Part of the text is not readable as words.', ja: '文字として読み取れない部分があります。' },
};

/** @param code one of `ParsedLabel.incompleteBecause`. @returns what it means for the reader. */
export function incompleteReason(code: string): BothLanguages {
  return REASONS[code] ?? { en: 'The ingredient list may be incomplete.', ja: '原材料名が完全ではない可能性があります。' };
}
