/** @file What became of one block that a planogram expects. Pure; any thread. */
import type { ExpectedBlock } from './expected-shelves.ts';
import type { FoundColumn } from './found-column.ts';

/** The columns that were found for it, by what they say of it. */
export interface BlockOutcome {
  readonly block: ExpectedBlock;
  readonly right: FoundColumn[];
  readonly gaps: FoundColumn[];
  /** Facings that nobody could name, or that are only likely to be something else. */
  readonly unsure: FoundColumn[];
  /** Holes that may be gaps, or facings that were overlooked. */
  readonly holes: FoundColumn[];
  /** More of the same beside it. */
  readonly extra: FoundColumn[];
  /** Columns outside the photo. */
  unseen: number;
}

/** One block, as all photos know it. See [Note: Photos apart]. */
export function joinedOutcome(parts: readonly BlockOutcome[]): BlockOutcome {
  const { block } = parts[0]!;
  const wide = block.planned.facingsWide;
  const seen = parts.reduce((sum, { unseen }) => sum + wide - unseen, 0);
  if (parts.length === 1 || seen > wide) return parts.reduce((best, part) => (isBetterSeen(part, best) ? part : best));
  const all = (of: (part: BlockOutcome) => readonly FoundColumn[]): FoundColumn[] => parts.flatMap(of);
  return {
    block,
    right: all(({ right }) => right),
    gaps: all(({ gaps }) => gaps),
    unsure: all(({ unsure }) => unsure),
    holes: all(({ holes }) => holes),
    extra: all(({ extra }) => extra),
    unseen: wide - seen,
  };
}

function isBetterSeen(a: BlockOutcome, b: BlockOutcome): boolean {
  return a.unseen === b.unseen ? a.right.length > b.right.length : a.unseen < b.unseen;
}
