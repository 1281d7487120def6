/** @file Metrics of kind `ocr_text`: character errors, the slash before additives, declared allergens. Pure. */
import type { ParsedLabel } from '../../src/contracts/dietary.ts';

/** A labelled photo of a label. */
export interface OcrTextItem {
  readonly file: string;
  readonly text: string;
  readonly ingredients_part?: string | undefined;
  readonly additives_part?: string | undefined;
  /** Ids of the dietary knowledge, or the words printed on the label. */
  readonly allergens_declared?: readonly string[] | undefined;
}

/** What one item gave. */
export interface OcrTextResult {
  readonly file: string;
  readonly expected: string;
  readonly got: string;
  readonly edits: number;
  readonly characters: number;
  readonly editsUnfolded: number;
  readonly charactersUnfolded: number;
  /** Null when the label has no slash to find. */
  readonly isSlashRight: boolean | null;
  readonly allergensExpected: readonly string[];
  readonly allergensMissed: readonly string[];
  readonly ms: number;
}

/** Figures over all items. */
export interface OcrTextMetrics {
  readonly cer: number;
  readonly cerUnfolded: number;
  /** Median over items: a label read in another order than expected does not hide the rest. */
  readonly cerMedian: number;
  readonly slash_accuracy: number;
  readonly allergen_recall: number;
  readonly counts: {
    readonly items: number;
    readonly characters: number;
    readonly slashes: number;
    readonly allergens: number;
    readonly allergensMissed: number;
  };
}

/**
 * @param reader text of one item, as the pipeline gives it.
 * @param parse the dietary parser. @param toAllergenId maps a word of `allergens_declared` to an id; null when unknown.
 * @returns per-item results and the metrics over them.
 */
export async function evaluateOcrText(
  items: readonly OcrTextItem[],
  reader: (item: OcrTextItem) => Promise<string>,
  parse: (text: string) => ParsedLabel,
  toAllergenId: (word: string) => string | null = (word) => word,
): Promise<{ results: OcrTextResult[]; metrics: OcrTextMetrics }> {
  const results: OcrTextResult[] = [];
  for (const item of items) {
    const started = performance.now();
    const got = await reader(item);
    results.push({ ...compareText(item, got, parse, toAllergenId), ms: performance.now() - started });
  }
  return { results, metrics: summarise(results) };
}

/** Compare one reading to its truth. */
export function compareText(
  item: OcrTextItem,
  got: string,
  parse: (text: string) => ParsedLabel,
  toAllergenId: (word: string) => string | null,
): Omit<OcrTextResult, 'ms'> {
  const folded = [foldText(item.text), foldText(got)] as const;
  const unfolded = [withoutSpaces(item.text), withoutSpaces(got)] as const;
  const expected = [...new Set((item.allergens_declared ?? []).map((word) => toAllergenId(word) ?? word))];
  const found = declaredAllergens(parse(got));
  return {
    file: item.file,
    expected: item.text,
    got,
    edits: editDistance(folded[0], folded[1]),
    characters: lengthOf(folded[0]),
    editsUnfolded: editDistance(unfolded[0], unfolded[1]),
    charactersUnfolded: lengthOf(unfolded[0]),
    isSlashRight: isSlashRight(item, got),
    allergensExpected: expected,
    allergensMissed: expected.filter((id) => !found.has(id)),
  };
}

/** Ids of `一部に…を含む` and of single declarations, at any depth. */
export function declaredAllergens(label: ParsedLabel): Set<string> {
  const found = new Set<string>();
  const add = (stated: ParsedLabel['containsStatement']): void => {
    for (const { id } of stated) if (id !== null) found.add(id);
  };
  add(label.containsStatement);
  const walk = (ingredients: ParsedLabel['ingredients']): void => {
    for (const ingredient of ingredients) {
      add(ingredient.statedAllergens);
      walk(ingredient.children);
    }
  };
  walk(label.ingredients);
  walk(label.additives);
  return found;
}

/**
 * Is the slash where it belongs? The last three characters before it and the first three after it must surround a slash in
 * the text read, allowing one character of them to be misread; there must be no other slash in the ingredient list.
 */
function isSlashRight({ text, ingredients_part: ingredients, additives_part: additives }: OcrTextItem, got: string): boolean | null {
  if (ingredients === undefined || additives === undefined || additives === '') return null;
  const whole = foldText(text);
  const before = foldText(ingredients);
  const after = foldText(additives);
  if (!whole.includes(`${before}/${after}`)) return null;
  const left = before.slice(-3);
  const right = after.slice(0, 3);
  const read = foldText(got);
  for (let at = read.indexOf('/'); at >= 0; at = read.indexOf('/', at + 1)) {
    const distance =
      editDistance(left, read.slice(Math.max(0, at - left.length), at)) + editDistance(right, read.slice(at + 1, at + 1 + right.length));
    if (distance <= 1) return true;
  }
  return false;
}

/** NFKC, no white space, dashes and dots of one kind: what a reader of the text would call the same. */
export function foldText(text: string): string {
  return withoutSpaces(text.normalize('NFKC'))
    .replaceAll(/[‐‑‒–—―−]/gu, '-')
    .replaceAll(/[〜∼]/gu, '~');
}

function withoutSpaces(text: string): string {
  return text.replaceAll(/\s+/gu, '');
}

function lengthOf(text: string): number {
  return Array.from(text).length;
}

function summarise(results: readonly OcrTextResult[]): OcrTextMetrics {
  const sum = (of: (result: OcrTextResult) => number): number => results.reduce((total, result) => total + of(result), 0);
  const slashes = results.filter(({ isSlashRight: right }) => right !== null);
  const rates = results.map(({ edits, characters }) => edits / Math.max(1, characters)).sort((a, b) => a - b);
  const allergens = sum(({ allergensExpected }) => allergensExpected.length);
  const missed = sum(({ allergensMissed }) => allergensMissed.length);
  const characters = sum((result) => result.characters);
  return {
    cer: sum(({ edits }) => edits) / Math.max(1, characters),
    cerUnfolded:
      sum(({ editsUnfolded }) => editsUnfolded) /
      Math.max(
        1,
        sum(({ charactersUnfolded }) => charactersUnfolded),
      ),
    cerMedian: rates[Math.floor(rates.length / 2)] ?? 0,
    slash_accuracy: slashes.filter(({ isSlashRight: right }) => right === true).length / Math.max(1, slashes.length),
    allergen_recall: (allergens - missed) / Math.max(1, allergens),
    counts: { items: results.length, characters, slashes: slashes.length, allergens, allergensMissed: missed },
  };
}

/** Levenshtein distance over code points. */
export function editDistance(a: string, b: string): number {
  const left = Array.from(a);
  const right = Array.from(b);
  let row = right.map((_, i) => i + 1);
  row.unshift(0);
  for (let i = 1; i <= left.length; i++) {
    const next = [i];
    for (let j = 1; j <= right.length; j++)
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (left[i - 1] === right[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[right.length]!;
}
