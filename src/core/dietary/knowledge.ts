/** @file The knowledge files as one index, built once at first use. Pure. */
import { DIETS, type Diet, type Verdict } from '../../contracts/dietary.ts';
import allergenFile from './allergens.json' with { type: 'json' };
import dietFile from './diets.json' with { type: 'json' };
import additiveFile from './ingredients-additives.json' with { type: 'json' };
import animalFile from './ingredients-animal.json' with { type: 'json' };
import plantFile from './ingredients-plant.json' with { type: 'json' };
import preparedFile from './ingredients-prepared.json' with { type: 'json' };
import seasoningFile from './ingredients-seasonings.json' with { type: 'json' };
import { foldWord } from './folded-text.ts';
import type { Allergen, AllergenFile, DietFile, Ingredient, IngredientClass } from './knowledge-schema.ts';
import { WordTrie } from './word-trie.ts';

/** Text in both languages of the app. */
export interface BothLanguages {
  readonly en: string;
  readonly ja: string;
}

/** An allergen for the settings page and the judge. */
export interface AllergenEntry {
  readonly id: string;
  readonly names: BothLanguages;
  /** Status in Japanese law on {@link allergenLawDate}. */
  readonly japan: 'mandatory' | 'recommended' | 'none';
  /** What to know about that status (transition periods), if anything. */
  readonly japanNote: BothLanguages | null;
  readonly eu: boolean;
  readonly us: boolean;
  readonly source: string;
}

/** A diet for the settings page. */
export interface DietEntry {
  readonly id: Diet;
  readonly names: BothLanguages;
  readonly definition: BothLanguages;
  readonly source: string;
}

/** What a word on a label stands for. */
export interface KnowledgeEntry {
  readonly id: string;
  readonly meaning: BothLanguages;
  readonly classId: string;
  readonly additive: boolean;
  /** True when the entry is one of the allergens themselves. */
  readonly isAllergen: boolean;
  readonly contains: readonly { readonly allergen: string; readonly certainty: 'always' | 'usually' | 'possible' }[];
  readonly perDiet: Readonly<Record<Diet, Verdict>>;
  readonly why: BothLanguages | null;
  readonly not: readonly string[];
  readonly isGroup: boolean;
  readonly source: string;
}

/** What a word in the index does: names an entry, hides a shorter word (`except`), changes nothing (`modifier`), or both (`harmless`). */
export type IndexedWord =
  | { readonly kind: 'entry'; readonly entry: KnowledgeEntry; readonly whole: boolean }
  | { readonly kind: 'except' }
  | { readonly kind: 'modifier' }
  | { readonly kind: 'harmless' };

/** Everything that the parser and the judge ask. */
export interface Knowledge {
  readonly entries: ReadonlyMap<string, KnowledgeEntry>;
  readonly allergens: ReadonlyMap<string, Allergen>;
  readonly classes: Readonly<Record<string, IngredientClass>>;
  /** Words in the `kana` fold. */
  readonly japanese: WordTrie<IndexedWord>;
  /** Words in the `words` fold. */
  readonly latin: WordTrie<IndexedWord>;
}

const ALLERGENS = allergenFile as unknown as AllergenFile;
const DIET_FILE = dietFile as unknown as DietFile;
const INGREDIENTS = [additiveFile, animalFile, plantFile, preparedFile, seasoningFile].flatMap(
  (file) => (file as unknown as { entries: readonly Partial<Ingredient>[] }).entries as readonly Ingredient[],
);

let built: Knowledge | null = null;

/** @returns the knowledge, the same object each time. */
export function knowledge(): Knowledge {
  built ??= build();
  return built;
}

/** @returns allergens for the settings page, those that Japanese law makes mandatory first. */
export function allergens(): readonly AllergenEntry[] {
  const order = { mandatory: 0, recommended: 1, none: 2 };
  return ALLERGENS.allergens
    .map((allergen) => ({
      id: allergen.id,
      names: allergen.name,
      japan: allergen.japan,
      japanNote: allergen.japanNote ?? null,
      eu: allergen.eu,
      us: allergen.us,
      source: sourceText(allergen.source),
    }))
    .sort((a, b) => order[a.japan] - order[b.japan]);
}

/** @returns date (ISO) to which the allergen list was checked against Japanese law, and what that check could not see. */
export function allergenLawDate(): { readonly asOf: string; readonly note: BothLanguages } {
  return { asOf: ALLERGENS.asOf, note: ALLERGENS.asOfNote };
}

/** @returns the diets that can be followed, with a one-sentence definition each. */
export function diets(): readonly DietEntry[] {
  return DIET_FILE.diets.map((diet) => ({ id: diet.id, names: diet.name, definition: diet.definition, source: sourceText(diet.source) }));
}

/** @returns the entry whose name is exactly `word` (folded), or null. */
export function findKnowledge(word: string): KnowledgeEntry | null {
  for (const [trie, fold] of [
    [knowledge().japanese, 'kana'],
    [knowledge().latin, 'words'],
  ] as const) {
    const folded = foldWord(word, fold);
    for (const match of trie.scan(folded))
      if (match.from === 0 && match.to === folded.length && match.value.kind === 'entry') return match.value.entry;
  }
  return null;
}

/** @returns what a source key of the files stands for. */
export function sourceText(key: string): string {
  return DIET_FILE.sources[key] ?? key;
}

function build(): Knowledge {
  const entries = new Map<string, KnowledgeEntry>();
  const japanese = new WordTrie<IndexedWord>();
  const latin = new WordTrie<IndexedWord>();
  const addWords = (words: { ja?: readonly string[]; en?: readonly string[] } | undefined, value: IndexedWord) => {
    for (const word of words?.ja ?? []) japanese.add(foldWord(word, 'kana'), value);
    for (const word of words?.en ?? []) {
      latin.add(foldWord(word, 'words'), value);
      // `E 471` and `E-471` are `E471`.
      if (/^e\d/.test(word)) latin.add(`e ${word.slice(1)}`, value);
    }
  };
  for (const allergen of ALLERGENS.allergens) {
    const entry: KnowledgeEntry = {
      id: allergen.id,
      meaning: allergen.name,
      classId: allergen.class,
      additive: false,
      isAllergen: true,
      contains: [{ allergen: allergen.id, certainty: 'always' }],
      perDiet: verdictsOf(allergen.class, undefined),
      why: null,
      not: [],
      isGroup: false,
      source: sourceText(allergen.source),
    };
    entries.set(entry.id, entry);
    addWords(allergen.names, { kind: 'entry', entry, whole: false });
    for (const words of Object.values(allergen.otherNames)) addWords({ en: words }, { kind: 'entry', entry, whole: false });
    addWords(allergen.except, { kind: 'except' });
  }
  for (const ingredient of INGREDIENTS) {
    const entry: KnowledgeEntry = {
      id: ingredient.id,
      meaning: ingredient.meaning,
      classId: ingredient.class,
      additive: ingredient.additive ?? false,
      isAllergen: false,
      contains: ingredient.contains ?? [],
      perDiet: verdictsOf(ingredient.class, ingredient.perDiet),
      why: ingredient.why ?? null,
      not: ingredient.not ?? [],
      isGroup: ingredient.group ?? false,
      source: sourceText(ingredient.source),
    };
    entries.set(entry.id, entry);
    addWords(ingredient.names, { kind: 'entry', entry, whole: ingredient.whole ?? false });
    addWords(ingredient.except, { kind: 'except' });
  }
  addWords(DIET_FILE.modifiers, { kind: 'modifier' });
  addWords(DIET_FILE.harmless, { kind: 'harmless' });
  return {
    entries,
    allergens: new Map(ALLERGENS.allergens.map((allergen) => [allergen.id, allergen])),
    classes: DIET_FILE.classes,
    japanese,
    latin,
  };
}

function verdictsOf(classId: string, own: Partial<Record<Diet, Verdict>> | undefined): Record<Diet, Verdict> {
  const ofClass = DIET_FILE.classes[classId];
  // A class that does not exist is an error of the knowledge files (`npm run check:ingredients`); until mended, nothing is called fine.
  return Object.fromEntries(DIETS.map((diet) => [diet, own?.[diet] ?? ofClass?.perDiet[diet] ?? 'check'])) as Record<Diet, Verdict>;
}
