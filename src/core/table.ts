/** @file A table as files hold it. Pure; any thread. */

/** Each row has as many cells as there are titles. */
export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

export type Cell = string | number | Date | null;
