/** @file Diets, allergens and models in the user's words, from the data files. Thread: page. */
import type { RuleId } from '../contracts/dietary.ts';
import { incompleteReason } from '../core/dietary/incomplete-reason.ts';
import { allergens, diets } from '../core/dietary/knowledge.ts';
import { m } from '../paraglide/messages.js';
import { getLocale } from '../paraglide/runtime.js';

/** @returns e.g. `Halal`, `Wheat`, `“coriander”`. */
export function ruleName(rule: RuleId): string {
  if (rule.startsWith('word:')) return m.own_word({ word: rule.slice('word:'.length) });
  if (rule.startsWith('allergen:')) return m.no_allergen({ name: allergenName(rule.slice('allergen:'.length)) });
  return diets().find(({ id }) => id === rule)?.names[getLocale()] ?? rule;
}

/** @returns the allergen's name; the id itself for one that is no longer in the file. */
export function allergenName(id: string): string {
  return allergens().find((allergen) => allergen.id === id)?.names[getLocale()] ?? id;
}

/** @returns what a model is for, in a few words. */
export function modelName(id: string): string {
  const key = `model_${id.replaceAll('-', '_')}`;
  const messages: Readonly<Record<string, ((inputs?: never) => string) | undefined>> = m as never;
  return messages[key]?.() ?? id;
}

/** @returns why a label counts as incomplete. */
export function incompleteText(code: string): string {
  return incompleteReason(code)[getLocale()];
}
