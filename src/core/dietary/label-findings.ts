/** @file What of our knowledge a label names, and where. Pure. */
import type { LabelIngredient, ParsedLabel, Reason, TextSpan } from '../../contracts/dietary.ts';
import type { FoundWord } from './find-words.ts';
import { foldWord } from './folded-text.ts';
import { knowledge, type KnowledgeEntry } from './knowledge.ts';
import { statementPlace, statementsOf } from './label-place.ts';
import { holds, overlaps } from './text-span.ts';

/** A known word of the label and where it stands. */
export interface Finding {
  readonly entry: KnowledgeEntry;
  readonly quote: string;
  readonly span: TextSpan | null;
  readonly place: Reason['place'];
  /** Item whose name or bracket it stands in; null outside the list. */
  readonly item: LabelIngredient | null;
  /** `かに風味`: the taste of it, not necessarily the thing. */
  readonly isFlavourOnly: boolean;
  /** True when it stands in the item's name (not in a bracket). */
  readonly isName: boolean;
}

const FLAVOUR_AFTER = /^[\s]*(?:風味|フレーバー|フレーバ|風(?!味付)|様|タイプ|テイスト|味(?!噌|醂|付|の素|しそ))/;
const FLAVOUR_AFTER_EN = /^[\s-]*(?:flavou?red?|style|type)\b/i;

/**
 * @param items all ingredients and additives of the label, those in brackets too.
 * @param words known words of its text.
 * @param denied where it says that something is not in it.
 * @returns the words that say something about the contents, then what only statements and brackets name.
 */
export function findingsOf(
  label: ParsedLabel,
  items: readonly LabelIngredient[],
  words: readonly FoundWord[],
  denied: readonly TextSpan[],
): Finding[] {
  const findings: Finding[] = [];
  for (const word of words) {
    if (denied.some((one) => holds(one, word.span))) continue;
    const finding = findingOf(label, items, word);
    if (finding !== null) findings.push(finding);
  }
  for (const [list, where] of statementsOf(label))
    for (const stated of list) {
      const entry = stated.id === null ? null : knowledge().entries.get(stated.id);
      if (entry === null || entry === undefined) continue;
      if (findings.some((one) => one.place === where && one.entry.id === entry.id && one.span?.start === stated.span.start)) continue;
      findings.push({ entry, quote: stated.raw, span: stated.span, place: where, item: null, isFlavourOnly: false, isName: false });
    }
  for (const item of items)
    for (const stated of item.statedAllergens) {
      const entry = stated.id === null ? null : knowledge().entries.get(stated.id);
      if (
        entry === null ||
        entry === undefined ||
        findings.some((one) => one.entry.id === entry.id && one.span?.start === stated.span.start)
      )
        continue;
      findings.push({
        entry,
        quote: stated.raw,
        span: stated.span,
        place: item.isAdditive ? 'additive' : 'ingredient',
        item,
        isFlavourOnly: false,
        isName: false,
      });
    }
  return findings;
}

function findingOf(label: ParsedLabel, items: readonly LabelIngredient[], word: FoundWord): Finding | null {
  const { span, entry } = word;
  const { text } = label;
  const quote = text.slice(span.start, span.end);
  const tail = text.slice(span.end, span.end + 12);
  const isFlavourOnly = FLAVOUR_AFTER.test(tail) || FLAVOUR_AFTER_EN.test(tail);
  const base = { entry, quote, span, isFlavourOnly };
  const statement = statementPlace(label, span);
  if (statement !== null) return word.whole ? null : { ...base, place: statement, item: null, isName: false };
  const inList = label.ingredientSpan !== null && holds(label.ingredientSpan, span);
  if (inList) {
    const own = items.find((item) => overlaps(item.span, span) && !item.children.some((child) => overlaps(child.span, span)));
    const owner = own ?? lastBefore(items, span.start);
    if (word.whole && (own === undefined || foldWord(own.raw, 'plain') !== foldWord(quote, 'plain'))) return null;
    return {
      ...base,
      place: owner?.isAdditive === true || (entry.additive && owner !== undefined) ? 'additive' : 'ingredient',
      item: owner ?? null,
      isName: own !== undefined,
    };
  }
  if (word.whole) return null;
  // Before the list stand the product's name and claims; behind it makers' addresses and advice, which say nothing about the contents.
  const isBefore = label.ingredientSpan === null || span.end <= label.ingredientSpan.start;
  return isBefore ? { ...base, place: 'label', item: null, isName: false } : null;
}

function lastBefore(items: readonly LabelIngredient[], offset: number): LabelIngredient | undefined {
  let best: LabelIngredient | undefined;
  for (const item of items) if (item.span.start <= offset && (best === undefined || item.span.start >= best.span.start)) best = item;
  return best;
}
