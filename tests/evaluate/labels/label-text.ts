/** @file What a Japanese food label says, apart from how it is printed. */

/** One label. `ingredients`, `additives` and `statement` make up 原材料名 in that order. */
export interface LabelText {
  /** Title on the pack; empty for none. */
  readonly title: string;
  /** Rows before 原材料名, e.g. `['名称', 'スナック菓子']`. */
  readonly before: readonly (readonly [heading: string, value: string])[];
  readonly ingredients: string;
  /** Null when the label has none. */
  readonly additives: string | null;
  /** How additives are set apart. */
  readonly separator: '／' | '/' | 'row';
  /** `（一部に…を含む）` or empty. */
  readonly statement: string;
  readonly after: readonly (readonly [heading: string, value: string])[];
  /** Paragraphs below the table: may-contain lines, cautions. */
  readonly notes: readonly string[];
  readonly nutrition: { readonly per: string; readonly rows: readonly (readonly [nutrient: string, amount: string])[] } | null;
  /** Allergen ids that the label declares (not those of notes). */
  readonly allergens: readonly string[];
}

/** Words of `（一部に…を含む）` and of single declarations → ids of `core/dietary/allergens.json`. */
export const ALLERGEN_WORDS: Readonly<Record<string, string>> = {
  えび: 'shrimp',
  かに: 'crab',
  くるみ: 'walnut',
  小麦: 'wheat',
  そば: 'buckwheat',
  卵: 'egg',
  乳成分: 'milk',
  乳: 'milk',
  落花生: 'peanut',
  カシューナッツ: 'cashew',
  アーモンド: 'almond',
  あわび: 'abalone',
  いか: 'squid',
  いくら: 'salmon-roe',
  オレンジ: 'orange',
  キウイフルーツ: 'kiwi',
  牛肉: 'beef',
  ごま: 'sesame',
  さけ: 'salmon',
  さば: 'mackerel',
  大豆: 'soy',
  鶏肉: 'chicken',
  バナナ: 'banana',
  豚肉: 'pork',
  マカダミアナッツ: 'macadamia',
  もも: 'peach',
  やまいも: 'yam',
  りんご: 'apple',
  ゼラチン: 'gelatin',
  ピスタチオ: 'pistachio',
};

/** Ids that a statement `（一部に小麦・卵を含む）` names. @throws Error for a word that is not an allergen: a slip of the label's writer. */
export function allergensOf(statement: string): string[] {
  const match = /一部に(.+?)を含む/u.exec(statement);
  if (match === null) return [];
  return match[1]!.split(/[・、,]/u).map((word) => {
    const id = ALLERGEN_WORDS[word.trim()];
    if (id === undefined) throw new Error(`No allergen is called ${word}`);
    return id;
  });
}

/** The 原材料名 of a label as printed. */
export function ingredientLine(label: LabelText): string {
  if (label.additives === null || label.separator === 'row') return label.ingredients + (label.additives === null ? label.statement : '');
  return `${label.ingredients}${label.separator}${label.additives}${label.statement}`;
}
