/** @file An item of a Japanese ingredient list while it is read. Pure. */
import type { LabelIngredient, StatedAllergen } from '../../../contracts/dietary.ts';
import { foldWord } from '../folded-text.ts';
import { spanOf, type LabelContext, type Region } from './label-context.ts';
import { statedAllergens } from '../stated-allergens.ts';

/** Its name may be in parts, around what is masked. */
export interface ItemDraft {
  name: Region[];
  children: LabelIngredient[];
  notes: string[];
  stated: StatedAllergen[];
}

/** @param parts of its name. */
export function itemDraft(parts: Region[] = [], children: LabelIngredient[] = []): ItemDraft {
  return { name: parts, children, notes: [], stated: [] };
}

/** @returns the item, or what stood in the bracket of one without a name; null when there is nothing. */
export function finishItem(context: LabelContext, draft: ItemDraft, isAdditive: boolean): LabelIngredient[] | null {
  const parts = draft.name.filter((part) => /[^\s・.\-ー*:]/.test(context.folded.text.slice(part.from, part.to)));
  if (parts.length === 0) {
    return draft.children.length > 0 ? draft.children : null;
  }
  const raw = parts.map((part) => sliceText(context, part)).join('');
  // `キサンタン:大豆由来`: what follows the colon says where it comes from.
  const colon = /^(.+?)[:：](.+由来)$/s.exec(raw);
  const name = colon?.[1] ?? raw;
  const stated = [...draft.stated];
  const notes = [...draft.notes];
  const first = spanOf(context, parts[0]!);
  const last = spanOf(context, parts.at(-1)!);
  let end = last.end;
  if (colon !== null) {
    end = first.start + context.text.slice(first.start, last.end).search(/[:：]/);
    const source = { start: end + 1, end: last.end };
    notes.push(colon[2]!);
    stated.push(...statedAllergens(context.text, source, context.words).filter((one) => one.id !== null));
  }
  return [
    {
      raw: name.trim(),
      normalised: foldWord(name, 'plain'),
      span: { start: first.start, end },
      isAdditive,
      children: draft.children,
      notes,
      statedAllergens: stated,
    },
  ];
}

function sliceText(context: LabelContext, part: Region): string {
  const span = spanOf(context, part);
  return context.text.slice(span.start, span.end).replace(/[\n\r]+\s*/g, '');
}
