/** @file From a photo's text or a product's contents to verdicts. Thread: page or Node. */
import type { Judgement, Person } from '../contracts/dietary.ts';
import type { Product } from '../contracts/product.ts';
import type { TextReading } from '../contracts/results.ts';
import { judge } from '../core/dietary/judge.ts';
import { parseLabel } from '../core/dietary/parse-label.ts';

/** Text read off a photo, judged. Null when the text holds no ingredient list and no allergen statement. */
export function judgeReading(reading: TextReading, people: readonly Person[], atMs: number): Judgement | null {
  const label = parseLabel(reading.text);
  const saysSomething = label.ingredientSpan !== null || label.containsStatement.length > 0 || label.mayContain.length > 0;
  if (!saysSomething) return null;
  return judge(label, people, { basis: 'label', contentsUpdatedAtMs: atMs, textConfidence01: reading.confidence01 });
}

/** Text typed or mended by the user, judged; never null, since the user asked for it. */
export function judgeEditedText(text: string, people: readonly Person[], atMs: number): Judgement {
  return judge(parseLabel(text), people, { basis: 'edited', contentsUpdatedAtMs: atMs });
}

/** What the content database says of a product, judged. Null when it says nothing. */
export function judgeProduct(product: Product, people: readonly Person[]): Judgement | null {
  const contents = product.contents;
  if (contents === undefined) return null;
  return judge(parseLabel(contents.ingredientsText), people, {
    basis: 'database',
    contentsUpdatedAtMs: contents.updatedAtMs,
    ...(contents.declaredAllergens === undefined ? {} : { declaredAllergens: contents.declaredAllergens }),
    ...(contents.declaredTraces === undefined ? {} : { declaredTraces: contents.declaredTraces }),
  });
}
