/** @file Where a page of a list ends. */

/** Sort key of a row in a list that is ordered by number, then by text. */
export type PagePlace = readonly [number, string];
