/** @file From a photo's text or a product's contents to verdicts. Thread: page or Node. */
import type { Judgement, Person } from '../contracts/dietary.ts';
import type { Identification, Product } from '../contracts/product.ts';
import type { TextReading } from '../contracts/results.ts';
import { judge } from '../core/dietary/judge.ts';
import { parseLabel } from '../core/dietary/parse-label.ts';

/** Fewer words without a heading are a pack's front, not a label. */
const MIN_HEADLESS_INGREDIENTS = 5;
/** Columns of vertical text are read badly (docs/models.md); a verdict on them asks to check. */
const VERTICAL_CONFIDENCE_01 = 0.5;

/** What a photo's text says, judged. */
export interface ReadingJudgement {
  readonly judgement: Judgement;
  /** False when only the missing heading speaks against it: contents from elsewhere are then to be preferred. */
  readonly isLabel: boolean;
}

/** Text read off a photo, judged. Null when it holds no ingredient list and no allergen statement. */
export function judgeReading(reading: TextReading, people: readonly Person[], atMs: number): ReadingJudgement | null {
  const label = parseLabel(reading.text);
  const hasStatement = label.containsStatement.length > 0 || label.mayContain.length > 0;
  if (label.ingredientSpan === null && !hasStatement) return null;
  const isLabel = hasStatement || !label.incompleteBecause.includes('no-heading');
  if (!isLabel && label.ingredients.length + label.additives.length < MIN_HEADLESS_INGREDIENTS) return null;
  const textConfidence01 = isMostlyVertical(reading) ? Math.min(reading.confidence01, VERTICAL_CONFIDENCE_01) : reading.confidence01;
  return { judgement: judge(label, people, { basis: 'label', contentsUpdatedAtMs: atMs, textConfidence01 }), isLabel };
}

/**
 * The product whose contents may be judged unasked: a sure one, or one that a code names. A likely one must be confirmed first, since the
 * verdict of a sibling (another flavour) would be a wrong one.
 */
export function trustedProduct(identification: Identification | null): Product | null {
  const best = identification?.candidates[0];
  if (identification === null || best === undefined) return null;
  const isTrusted = identification.certainty === 'sure' || (identification.certainty === 'likely' && best.evidence.barcode === 1);
  return isTrusted ? best.product : null;
}

/** What the pack in hand says comes first; the content database stands in where the photo shows no label. */
export function judgeBest(reading: TextReading | null, product: Product | null, people: readonly Person[], atMs: number): Judgement | null {
  const read = reading === null ? null : judgeReading(reading, people, atMs);
  if (read?.isLabel === true) return read.judgement;
  return (product === null ? null : judgeProduct(product, people)) ?? read?.judgement ?? null;
}

function isMostlyVertical({ lines }: TextReading): boolean {
  const vertical = lines.filter(({ direction }) => direction === 'vertical');
  const count = (of: typeof lines): number => of.reduce((sum, { text }) => sum + text.length, 0);
  return count(vertical) * 2 > count(lines);
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
