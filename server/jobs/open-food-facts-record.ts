/**
 * @file One record of Open Food Facts' export → one product. Field names as in the export: JSONL has arrays for `*_tags`, the
 * tab-separated file has them joined by commas and lacks most per-language fields.
 */
import { z } from 'zod';
import { productSchema, type LocalisedText, type Product } from '../../src/contracts/product.ts';
import { isRestrictedCirculation, toGtin14 } from '../../src/core/barcode/gtin.ts';
import { findKnowledge } from '../../src/core/dietary/knowledge.ts';

/** Source name of imported products. */
const OPEN_FOOD_FACTS = 'open-food-facts';

/** Why a record was not taken. */
export type SkipReason = 'unreadable' | 'no-code' | 'wrong-check-digit' | 'in-store-code' | 'other-country' | 'no-name' | 'not-a-product';

/** A product, or why there is none. */
export type RecordResult = { readonly product: Product } | { readonly skip: SkipReason };

const MAX_INGREDIENTS = 20_000;
const MAX_NAME = 300;
const MAX_TAGS = 60;

const textField = z.union([z.string(), z.number().transform(String)]).nullish();
const tagsField = z
  .union([
    z.array(z.unknown()).transform((all) => all.filter((tag) => typeof tag === 'string')),
    z.string().transform((text) => text.split(',')),
  ])
  .nullish();
/** The fields that are read; a field of another type is as good as absent. */
const recordSchema = z.object({
  code: textField.catch(null),
  lang: textField.catch(null),
  product_name: textField.catch(null),
  product_name_en: textField.catch(null),
  product_name_ja: textField.catch(null),
  brands: textField.catch(null),
  ingredients_text: textField.catch(null),
  ingredients_text_en: textField.catch(null),
  ingredients_text_ja: textField.catch(null),
  allergens_tags: tagsField.catch(null),
  allergens: tagsField.catch(null),
  traces_tags: tagsField.catch(null),
  countries_tags: tagsField.catch(null),
  last_modified_t: z.coerce.number().int().nonnegative().max(4e9).nullish().catch(null),
});

/**
 * Tags of the allergen taxonomy → ids of `core/dietary/allergens.json`. `en:gluten` means "cereals containing gluten" and does not say
 * which: it counts as each of them, because a warning too many is better than one too few.
 */
const ALLERGENS: Readonly<Record<string, readonly string[]>> = {
  gluten: ['wheat', 'barley', 'rye'],
  wheat: ['wheat'],
  barley: ['barley'],
  rye: ['rye'],
  oats: ['oats'],
  eggs: ['egg'],
  milk: ['milk'],
  crustaceans: ['crustacean'],
  shrimps: ['shrimp'],
  crabs: ['crab'],
  fish: ['fish'],
  molluscs: ['mollusc'],
  peanuts: ['peanut'],
  soybeans: ['soy'],
  nuts: ['tree-nut'],
  almonds: ['almond'],
  walnuts: ['walnut'],
  'cashew-nuts': ['cashew'],
  hazelnuts: ['hazelnut'],
  'macadamia-nuts': ['macadamia'],
  'pecan-nuts': ['pecan'],
  'brazil-nuts': ['brazil-nut'],
  'pistachio-nuts': ['pistachio'],
  'sesame-seeds': ['sesame'],
  mustard: ['mustard'],
  celery: ['celery'],
  lupin: ['lupin'],
  'sulphur-dioxide-and-sulphites': ['sulphite'],
  buckwheat: ['buckwheat'],
  apple: ['apple'],
  banana: ['banana'],
  beef: ['beef'],
  chicken: ['chicken'],
  gelatin: ['gelatin'],
  kiwi: ['kiwi'],
  orange: ['orange'],
  peach: ['peach'],
  pork: ['pork'],
  'red-caviar': ['salmon-roe'],
  yamaimo: ['yam'],
  none: [],
};

/**
 * @param record a parsed line.
 * @param country tag without language, e.g. `japan`; null: every country.
 */
export function productOf(record: unknown, country: string | null): RecordResult {
  if (typeof record !== 'object' || record === null || Array.isArray(record)) return { skip: 'unreadable' };
  const fields = recordSchema.parse(record);
  if (country !== null && !(fields.countries_tags ?? []).some((tag) => withoutLanguage(tag) === country)) return { skip: 'other-country' };

  const code = (fields.code ?? '').trim().replace(/^0+(?=\d{14}$)/, '');
  if (!/^\d{8,14}$/.test(code)) return { skip: 'no-code' };
  const gtin = toGtin14(code);
  if (gtin === null) return { skip: 'wrong-check-digit' };
  // Numbers for one shop's own use, and those that Open Food Facts gave to things without a barcode.
  if (isRestrictedCirculation(gtin)) return { skip: 'in-store-code' };

  const name = nameOf(fields);
  if (name === null) return { skip: 'no-name' };
  const brand = clean(fields.brands).slice(0, MAX_NAME);
  const updatedAtMs = (fields.last_modified_t ?? 0) * 1000;
  const ingredients = ingredientsOf(fields);
  const product = productSchema.safeParse({
    id: `off:${gtin}`,
    name,
    ...(brand === '' ? {} : { brand }),
    gtins: [gtin],
    kind: 'packaged',
    packWords: packWords(name, brand),
    ...(ingredients === null
      ? {}
      : {
          contents: {
            ingredientsText: ingredients.text,
            language: ingredients.language,
            declaredAllergens: allergenIds(fields.allergens_tags ?? fields.allergens ?? []),
            declaredTraces: allergenIds(fields.traces_tags ?? []),
            source: OPEN_FOOD_FACTS,
            updatedAtMs: updatedAtMs === 0 ? null : updatedAtMs,
          },
        }),
    source: OPEN_FOOD_FACTS,
    updatedAtMs,
  });
  return product.success ? { product: product.data } : { skip: 'not-a-product' };
}

type Fields = z.infer<typeof recordSchema>;

function nameOf(fields: Fields): LocalisedText | null {
  const main = clean(fields.product_name).slice(0, MAX_NAME);
  const isJapanese = fields.lang === 'ja' || /[\u3040-\u30ff\u4e00-\u9fff]/.test(main);
  const en = clean(fields.product_name_en).slice(0, MAX_NAME) || (isJapanese ? '' : main);
  const ja = clean(fields.product_name_ja).slice(0, MAX_NAME) || (isJapanese ? main : '');
  if (en === '' && ja === '') return null;
  return { ...(en === '' ? {} : { en }), ...(ja === '' ? {} : { ja }) };
}

/**
 * The list in the language of the pack when we parse that language, else in Japanese, else in English, else as it is. A list that is too
 * long to be kept whole is not kept: half a list would hide allergens.
 */
function ingredientsOf(fields: Fields): { text: string; language: string } | null {
  const main = withoutMarks(clean(fields.ingredients_text));
  const language = /^[a-z]{2,3}$/.test(fields.lang ?? '') ? fields.lang! : /[\u3040-\u30ff]/.test(main) ? 'ja' : 'und';
  const candidates = [
    ...(language === 'ja' || language === 'en' ? [{ text: main, language }] : []),
    { text: withoutMarks(clean(fields.ingredients_text_ja)), language: 'ja' },
    { text: withoutMarks(clean(fields.ingredients_text_en)), language: 'en' },
    { text: main, language },
  ];
  const found = candidates.find(({ text }) => text !== '');
  return found === undefined || found.text.length > MAX_INGREDIENTS ? null : found;
}

/** Ids for tags, each once. A tag that is not in the table is looked up as a word; one that stays unknown is kept as it is. */
function allergenIds(tags: readonly string[]): string[] {
  const ids = tags
    .filter((tag) => tag.trim() !== '')
    .flatMap((tag) => {
      const word = withoutLanguage(tag);
      const known = Object.hasOwn(ALLERGENS, word) ? ALLERGENS[word] : undefined;
      if (known !== undefined) return known;
      const always = (findKnowledge(word.replaceAll('-', ' '))?.contains ?? []).filter(({ certainty }) => certainty === 'always');
      return always.length > 0 ? always.map(({ allergen }) => allergen) : [word.slice(0, 60)];
    });
  return [...new Set(ids)].slice(0, MAX_TAGS);
}

function packWords(name: LocalisedText, brand: string): string[] {
  const words = [name.ja, name.en, ...brand.split(',')].map((word) => (word ?? '').trim().slice(0, 200));
  return [...new Set(words.filter((word) => word.length >= 2))];
}

/** `en:milk` → `milk`. */
function withoutLanguage(tag: string): string {
  return tag
    .trim()
    .toLowerCase()
    .replace(/^[a-z]{2,3}:/, '');
}

const ENTITIES: Readonly<Record<string, string>> = { quot: '"', amp: '&', lt: '<', gt: '>', '#39': "'", apos: "'", nbsp: ' ' };

/** Entities decoded once, control characters and markup out, blanks joined. */
function clean(text: string | null | undefined): string {
  return (
    (text ?? '')
      .replaceAll(/&(quot|amp|lt|gt|#39|apos|nbsp);/g, (_match, name: string) => ENTITIES[name]!)
      .replaceAll(/<\/?(?:span|b|strong|i|em|br|p|u)\b[^>]*>/gi, ' ')
      // eslint-disable-next-line no-control-regex -- control characters are what is removed
      .replaceAll(/[\u0000-\u001f\u007f\ufeff]+/g, ' ')
      .replaceAll(/ {2,}/g, ' ')
      .trim()
  );
}

/** Contributors mark allergens as `_milk_`. */
function withoutMarks(text: string): string {
  return text.replaceAll(/_([^_]{1,80})_/g, '$1');
}
