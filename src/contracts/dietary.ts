/** @file Dietary vocabulary: parsed labels, rules, people and verdicts. Thread: any. */
import type { LocalisedText } from './product.ts';

/** Three answers, not two. `suits` is never shown without its reservations. */
export type Verdict = 'suits' | 'avoid' | 'check';

/** Half-open range of UTF-16 offsets into the label text that was parsed. */
export interface TextSpan {
  readonly start: number;
  readonly end: number;
}

/** One ingredient or additive of a label, possibly compound. */
export interface LabelIngredient {
  /** As written (trimmed), e.g. `しょうゆ（小麦・大豆を含む）` without the bracket part that became `children` or `notes`. */
  readonly raw: string;
  /** Width-folded, katakana/hiragana kept, spaces removed, lower-cased Latin. */
  readonly normalised: string;
  readonly span: TextSpan;
  readonly isAdditive: boolean;
  /** Parts in brackets that are ingredients themselves. */
  readonly children: readonly LabelIngredient[];
  /** Bracket parts that are not ingredients: origin (`国産`), use (`増粘剤`), percentage, allergen statement. */
  readonly notes: readonly string[];
  /** Allergens stated for this ingredient in its own bracket, e.g. `（小麦・大豆を含む）`. */
  readonly statedAllergens: readonly StatedAllergen[];
}

/** An allergen as named by the label. */
export interface StatedAllergen {
  /** Id in the knowledge file, e.g. `wheat`, `egg`, `milk`; null when the word is unknown. */
  readonly id: string | null;
  readonly raw: string;
  readonly span: TextSpan;
}

/** A label, taken apart. */
export interface ParsedLabel {
  readonly language: 'ja' | 'en' | 'unknown';
  /** The text that the spans refer to (as given, unmodified). */
  readonly text: string;
  /** Span of the ingredient list; null when none was found. */
  readonly ingredientSpan: TextSpan | null;
  readonly ingredients: readonly LabelIngredient[];
  readonly additives: readonly LabelIngredient[];
  /** How ingredients and additives were told apart. `none`: no separator was found. */
  readonly additiveSeparator: 'slash' | 'line' | 'heading' | 'none';
  /** `一部に…を含む` / `Contains: …` statements. */
  readonly containsStatement: readonly StatedAllergen[];
  /** `May contain …` / `…が混入する可能性` statements. */
  readonly mayContain: readonly StatedAllergen[];
  /** Shared-factory lines (`本品製造工場では…を含む製品を生産しています`): not ingredients. */
  readonly sharedFactory: readonly StatedAllergen[];
  /** True when the list seems cut off or unreadable (unbalanced brackets, no end, very low confidence); verdicts become `check`. */
  readonly isIncomplete: boolean;
  readonly incompleteBecause: readonly string[];
}

/** Diets that a person can follow, besides allergens (`allergen:<id>`) and own words (`word:<text>`). */
export const DIETS = ['halal', 'vegan', 'vegetarian', 'pescatarian', 'no-pork', 'no-alcohol', 'gluten-free'] as const;
export type Diet = (typeof DIETS)[number];

/** One rule that a person follows. */
export type RuleId = Diet | `allergen:${string}` | `word:${string}`;

/** Somebody whose diet is checked. Stored on the device only. */
export interface Person {
  readonly id: string;
  readonly name: string;
  readonly rules: readonly RuleId[];
}

/** Why a verdict is what it is. */
export interface Reason {
  readonly rule: RuleId;
  readonly verdict: Verdict;
  /** Words of the label, exactly as written. */
  readonly quote: string;
  /** Where they stand; null when the reason does not come from the text (e.g. declared by the content database). */
  readonly span: TextSpan | null;
  /** Where the words were found. */
  readonly place: 'ingredient' | 'additive' | 'contains-statement' | 'may-contain' | 'shared-factory' | 'database' | 'label';
  /** Id in the knowledge file; null for custom words and label-wide reasons. */
  readonly knowledgeId: string | null;
  /** What the quoted words mean, e.g. `lard (pork fat)`. */
  readonly meaning: LocalisedText;
  /** Why this leads to the verdict, in both languages. */
  readonly explanation: LocalisedText;
  /** Source of the knowledge (law, standard, certifier), for the reader. */
  readonly source: string | null;
}

/** Verdict for one person. */
export interface PersonVerdict {
  readonly personId: string;
  readonly verdict: Verdict;
  readonly reasons: readonly Reason[];
}

/** The whole judgement: one verdict per person, and what it rests on. */
export interface Judgement {
  readonly label: ParsedLabel;
  readonly people: readonly PersonVerdict[];
  /** Where the judged text came from. */
  readonly basis: 'label' | 'database' | 'edited';
  /** When the contents were last known true (ms since 1970); null when unknown. */
  readonly contentsUpdatedAtMs: number | null;
}
