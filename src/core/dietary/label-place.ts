/** @file Where on a label a part of its text stands. Pure. */
import type { ParsedLabel, Reason, StatedAllergen, TextSpan } from '../../contracts/dietary.ts';
import { overlaps } from './text-span.ts';

/** What the label's statements beside its list name, each with its place. */
export function statementsOf(label: ParsedLabel): readonly (readonly [readonly StatedAllergen[], Reason['place']])[] {
  return [
    [label.containsStatement, 'contains-statement'],
    [label.mayContain, 'may-contain'],
    [label.sharedFactory, 'shared-factory'],
  ];
}

/** The statement that names what stands at `span`; null when none does. */
export function statementPlace(label: ParsedLabel, span: TextSpan): Reason['place'] | null {
  for (const [list, where] of statementsOf(label)) if (list.some((stated) => overlaps(stated.span, span))) return where;
  return null;
}

/** A statement, the list, or else the rest of the pack (`label`). */
export function placeOf(label: ParsedLabel, span: TextSpan): Reason['place'] {
  const statement = statementPlace(label, span);
  if (statement !== null) return statement;
  if (label.ingredientSpan !== null && overlaps(label.ingredientSpan, span))
    return label.additives.some((item) => overlaps(item.span, span)) ? 'additive' : 'ingredient';
  return 'label';
}
