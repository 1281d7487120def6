/** @file What keeps a label from being called fine: a list not found, not whole, hard to read, or with unknown ingredients. Pure. */
import type { LabelIngredient, ParsedLabel, Reason, TextSpan } from '../../contracts/dietary.ts';
import type { FoundWord, FoundWords } from './find-words.ts';
import { foldWord } from './folded-text.ts';
import { incompleteReason } from './incomplete-reason.ts';
import { hasUnnamedOthers } from './item-description.ts';
import type { JudgeOptions } from './judge-options.ts';
import type { BothLanguages } from './knowledge.ts';
import { overlaps } from './text-span.ts';

/** Reading confidence below which nothing is called fine. Chosen by caution, not fitted: readers' confidences are not calibrated. */
const MIN_CONFIDENCE01 = 0.7;

/** Something about the label that has to be checked. */
export interface Problem {
  readonly span: TextSpan | null;
  readonly quote: string;
  readonly meaning: BothLanguages;
  readonly explanation: BothLanguages;
  /** True when it also matters to a search for the user's own words. */
  readonly isAboutText: boolean;
  readonly place: Reason['place'];
}

/**
 * @param items all ingredients and additives of the label, those in brackets too.
 * @param found known words of its text.
 * @param denied where it says that something is not in it.
 * @returns those of the whole label first.
 */
export function problemsOf(
  label: ParsedLabel,
  items: readonly LabelIngredient[],
  found: FoundWords,
  denied: readonly TextSpan[],
  options: JudgeOptions,
): Problem[] {
  const problems: Problem[] = [];
  const wholeLabel = (meaning: BothLanguages, explanation: BothLanguages) =>
    problems.push({ span: label.ingredientSpan, quote: '', meaning, explanation, isAboutText: true, place: 'label' });
  if (label.ingredientSpan === null)
    wholeLabel(
      { en: 'no ingredient list', ja: '原材料名が見つかりません' },
      {
        en: 'No ingredient list was found in the text, so nothing can be called fine.',
        ja: '原材料名の一覧が見つからないため、適合とは判断できません。',
      },
    );
  if (label.language === 'unknown')
    wholeLabel(
      { en: 'language not supported', ja: '対応していない言語' },
      {
        en: 'The list is in a language that we do not fully know; only some allergen words can be found in it.',
        ja: '完全には対応していない言語の表示です。一部のアレルゲンの語しか見つけられません。',
      },
    );
  for (const code of label.incompleteBecause) {
    // Typed or stored text may well end with its last ingredient.
    if (code === 'no-end' && options.basis !== 'label') continue;
    wholeLabel({ en: 'incomplete list', ja: '不完全な一覧' }, incompleteReason(code));
  }
  if (
    label.ingredientSpan !== null &&
    options.basis === 'label' &&
    !hasHeadingBefore(label) &&
    !label.incompleteBecause.includes('no-heading')
  )
    wholeLabel({ en: 'incomplete list', ja: '不完全な一覧' }, incompleteReason('no-heading'));
  if (options.textConfidence01 !== undefined && options.textConfidence01 < MIN_CONFIDENCE01)
    wholeLabel(
      { en: 'hard to read', ja: '読み取りが不確か' },
      {
        en: 'The text could only be read with low confidence; compare it with the pack.',
        ja: '文字の読み取りに自信がありません。実際の表示と見比べてください。',
      },
    );
  for (const item of items) {
    const unknown = unknownPart(label, item, denied, found.modifiers, found.entries);
    if (unknown !== null) problems.push(unknown);
  }
  return problems;
}

const HEADING_BEFORE = /原[材村林]?[料科]|ingr|zutaten|添加物/i;

function hasHeadingBefore(label: ParsedLabel): boolean {
  return label.ingredientSpan !== null && HEADING_BEFORE.test(label.text.slice(0, label.ingredientSpan.start).replace(/\s/g, ''));
}

/** What of an ingredient's name our knowledge does not cover; null when all of it is covered. */
function unknownPart(
  label: ParsedLabel,
  item: LabelIngredient,
  denied: readonly TextSpan[],
  modifiers: readonly TextSpan[],
  words: readonly FoundWord[],
): Problem | null {
  const where = item.isAdditive ? 'additive' : 'ingredient';
  if (item.children.length > 0 && hasUnnamedOthers(item))
    return {
      span: item.span,
      quote: item.raw,
      place: where,
      isAboutText: false,
      meaning: { en: 'has other, unnamed ingredients', ja: '名前のない「その他」の原材料を含む' },
      explanation: {
        en: 'Its bracket ends with "others" (その他), which are not named.',
        ja: 'かっこ内に「その他」とあり、すべての原材料が書かれていません。',
      },
    };
  const ownWords = words.filter(
    (word) =>
      overlaps(word.span, item.span) &&
      (!word.whole || foldWord(item.raw, 'plain') === foldWord(label.text.slice(word.span.start, word.span.end), 'plain')),
  );
  const known = ownWords.filter((word) => !word.entry.isGroup || item.children.length > 0);
  // A compound's name needs no knowledge when its own ingredients are given.
  if (item.children.length > 0) return null;
  if (item.notes.includes('heading')) return null;
  const covered = [...known.map((word) => word.span), ...modifiers, ...denied];
  let rest = '';
  for (let at = item.span.start; at < item.span.end; at++)
    if (!covered.some((span) => at >= span.start && at < span.end)) rest += label.text[at]!;
  const meaningful = rest.normalize('NFKC').replace(/[\s\p{P}\p{S}\d・ー]/gu, '');
  if (known.length > 0 && meaningful === '') return null;
  if (known.length === 0 && meaningful === '' && !/[\p{L}]/u.test(item.raw)) return null;
  return {
    span: item.span,
    quote: item.raw,
    place: where,
    isAboutText: false,
    meaning:
      known.length > 0
        ? { en: `partly known (unknown: “${rest.trim()}”)`, ja: `一部が不明（「${rest.trim()}」）` }
        : { en: 'not in our knowledge', ja: '知識データにない原材料' },
    explanation:
      known.length > 0
        ? {
            en: 'Only part of this name is in our knowledge, so it has to be checked.',
            ja: 'この名前の一部しか知識データにないため、確認が必要です。',
          }
        : {
            en: 'This ingredient is not in our knowledge, or its name was misread; it cannot be called fine.',
            ja: '知識データにないか、読み間違いの可能性があるため、適合とは判断できません。',
          },
  };
}
