/** @file Japanese food labels (食品表示基準 grammar) taken apart, tolerant of what text readers do to them. Pure. */
import type { LabelIngredient, ParsedLabel, StatedAllergen } from '../../../contracts/dietary.ts';
import { findAdditiveBoundary } from './additive-boundary.ts';
import { readContainsStatements } from './contains-statements.ts';
import { findIngredientList } from './ingredient-list.ts';
import { parseItems } from './items.ts';
import { labelContext, spanOf } from './label-context.ts';
import { readMixingSentences } from './mixing-sentences.ts';

/**
 * Take a Japanese label apart.
 * @param text as read, typed or stored; line breaks may stand anywhere, even inside words.
 * @returns spans refer to `text`. `incompleteBecause` holds codes of `incomplete-reason.ts`.
 */
export function parseJapaneseLabel(text: string): ParsedLabel {
  const context = labelContext(text);
  const containsStatement = readContainsStatements(context);
  const list = findIngredientList(context);
  const sentences = readMixingSentences(context, list);

  const ingredients: LabelIngredient[] = [];
  const additives: LabelIngredient[] = [];
  let additiveSeparator: ParsedLabel['additiveSeparator'] = 'none';
  if (list !== null) {
    const boundary = findAdditiveBoundary(context, list);
    additiveSeparator = boundary.kind;
    for (const region of list) {
      const isAdditiveRegion = boundary.kind === 'heading' && region.from >= boundary.at;
      const parsed = parseItems(context, region, 0, isAdditiveRegion, boundary.kind === 'heading' ? null : boundary.at);
      for (const item of parsed) (item.isAdditive ? additives : ingredients).push(item);
    }
    if (ingredients.length + additives.length === 0) context.incomplete.add('no-ingredients');
  }
  return {
    language: 'ja',
    text,
    ingredientSpan: list === null ? null : spanOf(context, { from: list[0]!.from, to: list.at(-1)!.to }),
    ingredients,
    additives,
    additiveSeparator,
    containsStatement: unique(containsStatement),
    mayContain: unique(sentences.mayContain),
    sharedFactory: unique(sentences.sharedFactory),
    isIncomplete: context.incomplete.size > 0,
    incompleteBecause: [...context.incomplete],
  };
}

function unique(stated: readonly StatedAllergen[]): StatedAllergen[] {
  const seen = new Set<string>();
  return stated.filter((one) => {
    const key = `${one.id ?? ''}@${one.span.start}-${one.span.end}`;
    return seen.has(key) ? false : (seen.add(key), true);
  });
}
