/**
 * @file Shape of the knowledge files (`allergens.json`, `diets.json`, `ingredients-*.json`). Used by `npm run check:ingredients` and the tests;
 * the app takes only the types from here, because the files are checked before they are shipped. Pure.
 */
import { z } from 'zod';

const idSchema = z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'an id is lower-case words joined by hyphens, e.g. "soy-sauce"');
const bothLanguagesSchema = z.strictObject({ en: z.string().min(1), ja: z.string().min(1) });
const wordsSchema = z.strictObject({ ja: z.array(z.string().min(1)).default([]), en: z.array(z.string().min(1)).default([]) });
const verdictSchema = z.enum(['suits', 'check', 'avoid']);
const dietSchema = z.enum(['halal', 'vegan', 'vegetarian', 'pescatarian', 'no-pork', 'no-alcohol', 'gluten-free']);

/** How sure it is that an ingredient brings an allergen along. */
export const certaintySchema = z.enum(['always', 'usually', 'possible']);
const containsSchema = z.strictObject({ allergen: idSchema, certainty: certaintySchema });

/** One ingredient or additive. */
export const ingredientSchema = z.strictObject({
  id: idSchema,
  /** Words on packs, in any writing; width, case, kana kind, blanks do not matter. */
  names: wordsSchema,
  /** Longer words that hold one of the names but are something else. */
  except: wordsSchema.optional(),
  /** Match only when the whole ingredient is this word (for short words that hide in others). */
  whole: z.boolean().optional(),
  meaning: bothLanguagesSchema,
  /** Row of `diets.json` `classes`. */
  class: idSchema,
  additive: z.boolean().optional(),
  contains: z.array(containsSchema).optional(),
  /** Where this entry differs from its class. */
  perDiet: z.partialRecord(dietSchema, verdictSchema).optional(),
  /** Said instead of the class' reason. */
  why: bothLanguagesSchema.optional(),
  /** Entries whose name is inside this one's, but which it is not: `peanut-butter` is not `butter`. */
  not: z.array(idSchema).optional(),
  /** A name for a group (`めん`, `ソース`): known only when its own ingredients follow in brackets. */
  group: z.boolean().optional(),
  /** Key of `sources` in `diets.json`. */
  source: z.string().min(1),
});
export type Ingredient = z.infer<typeof ingredientSchema>;

export const ingredientFileSchema = z.strictObject({ about: z.string(), entries: z.array(ingredientSchema) });

/** One allergen and the words that declare it. */
export const allergenSchema = z.strictObject({
  id: idSchema,
  name: bothLanguagesSchema,
  /** Words that declare it: the names, the substitute notations of Japanese law, and plain variants of them. */
  names: wordsSchema,
  /** Words of other languages, by language code. */
  otherNames: z.record(z.string().min(2).max(3), z.array(z.string().min(1))).default({}),
  except: wordsSchema.optional(),
  class: idSchema,
  japan: z.enum(['mandatory', 'recommended', 'none']),
  japanNote: bothLanguagesSchema.optional(),
  eu: z.boolean(),
  us: z.boolean(),
  gluten: z.enum(['yes', 'possible']).optional(),
  /** Allergens that this one is a kind of, e.g. `walnut` of `tree-nut`: declaring the kind warns the group. */
  kindOf: z.array(idSchema).default([]),
  /** As for ingredients. */
  not: z.array(idSchema).default([]),
  source: z.string().min(1),
});
export type Allergen = z.infer<typeof allergenSchema>;

export const allergenFileSchema = z.strictObject({
  about: z.string(),
  /** Date to which the legal status was checked, ISO. */
  asOf: z.iso.date(),
  asOfNote: bothLanguagesSchema,
  allergens: z.array(allergenSchema),
});
export type AllergenFile = z.infer<typeof allergenFileSchema>;

/** A class of ingredients and what each diet makes of it. */
export const ingredientClassSchema = z.strictObject({
  meaning: bothLanguagesSchema,
  perDiet: z.record(dietSchema, verdictSchema),
  /** Why, by diet; `all` for the diets not named. Needed for every diet that is not `suits`. */
  why: z.partialRecord(
    z.enum(['all', 'halal', 'vegan', 'vegetarian', 'pescatarian', 'no-pork', 'no-alcohol', 'gluten-free']),
    bothLanguagesSchema,
  ),
});
export type IngredientClass = z.infer<typeof ingredientClassSchema>;

export const dietFileSchema = z.strictObject({
  about: z.string(),
  diets: z.array(z.strictObject({ id: dietSchema, name: bothLanguagesSchema, definition: bothLanguagesSchema, source: z.string() })),
  classes: z.record(z.string(), ingredientClassSchema),
  /** Words beside an ingredient's name that change nothing: `有機`, `粉末`. */
  modifiers: wordsSchema,
  /** Words that are no ingredient though a name lies inside them: `アメリカ` holds 飴 (アメ), `果肉` holds 肉. */
  harmless: wordsSchema,
  sources: z.record(z.string(), z.string().min(1)),
});
export type DietFile = z.infer<typeof dietFileSchema>;
