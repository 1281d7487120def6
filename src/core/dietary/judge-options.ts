/** @file What came with a label's text when it is judged. Pure. */
import type { Judgement } from '../../contracts/dietary.ts';

/** Where the judged text comes from, and what came with it. */
export interface JudgeOptions {
  readonly basis: Judgement['basis'];
  /** When the contents were last known true (ms since 1970). */
  readonly contentsUpdatedAtMs: number | null;
  /** Allergen ids that the content database declares beside the text. */
  readonly declaredAllergens?: readonly string[];
  /** Trace ids that the content database declares beside the text. */
  readonly declaredTraces?: readonly string[];
  /** Confidence of the text reader, 0..1; absent for typed or stored text. */
  readonly textConfidence01?: number;
}
