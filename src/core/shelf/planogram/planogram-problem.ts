/** @file What may be wrong with a planogram file. Pure; any thread. */

/** Closed set; every code has its sentence in the messages. */
export type PlanogramProblemCode =
  | 'not-text'
  | 'not-a-table'
  | 'no-rows'
  | 'too-many-rows'
  | 'missing-column'
  | 'missing-value'
  | 'not-a-number'
  | 'out-of-range'
  | 'too-long'
  | 'duplicate-position'
  | 'unknown-sku'
  | 'position-from-order';

/** One fault, and where it is. */
export interface PlanogramProblem {
  readonly code: PlanogramProblemCode;
  /** Line of the file, or number of the entry in a JSON list, from 1; null when it concerns the whole file. */
  readonly line: number | null;
  /** Field of the planogram that it concerns. */
  readonly field: PlanogramField | null;
  /** What stands there, at most 80 characters. */
  readonly value: string;
  /** `file`: nothing can be used; `row`: the row is left out; `note`: the row is used all the same. */
  readonly severity: 'file' | 'row' | 'note';
}

/** Columns that a planogram can have. */
export const PLANOGRAM_FIELDS = [
  'store',
  'bay',
  'shelf',
  'position',
  'sku',
  'name',
  'facingsWide',
  'facingsHigh',
  'xCm',
  'yCm',
  'widthCm',
  'heightCm',
  'brand',
  'category',
  'price',
  'isOwnLabel',
] as const;
export type PlanogramField = (typeof PLANOGRAM_FIELDS)[number];
