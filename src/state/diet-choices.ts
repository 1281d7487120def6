/** @file What a person can be said to eat or not, for the form. Thread: page. */
import type { Diet } from '../contracts/dietary.ts';
import { allergenLawDate, allergens, diets } from '../core/dietary/knowledge.ts';
import { getLocale } from '../paraglide/runtime.js';

/** Diets with their definition. */
export function dietChoices(): readonly { readonly id: Diet; readonly name: string; readonly definition: string }[] {
  return diets().map(({ id, names, definition }) => ({ id, name: names[getLocale()], definition: definition[getLocale()] }));
}

/** Allergens with their status in Japanese law. */
export function allergenChoices(): readonly {
  readonly id: string;
  readonly name: string;
  readonly japan: 'mandatory' | 'recommended' | 'none';
  readonly note: string | null;
}[] {
  return allergens().map(({ id, names, japan, japanNote }) => ({
    id,
    name: capitalised(names[getLocale()]),
    japan,
    note: japanNote?.[getLocale()] ?? null,
  }));
}

/** When the list was last checked against the law. */
export function allergenListDate(): { readonly asOf: string; readonly note: string } {
  const { asOf, note } = allergenLawDate();
  return { asOf, note: note[getLocale()] };
}

/** Names stand in sentences elsewhere; here they stand alone. */
function capitalised(name: string): string {
  return name.slice(0, 1).toUpperCase() + name.slice(1);
}
