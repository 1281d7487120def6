/** @file A column of a shelf as a photo shows it. Pure; any thread. */
import type { Facing } from '../../../contracts/shelf.ts';

/** A candidate this likely stands for the product where the planogram expects it. */
const LIKELY_CANDIDATE = 0.15;

/** Facings on top of each other, or a gap. */
export interface FoundColumn {
  /** Number of the photo. */
  readonly photo: number;
  readonly row: number;
  readonly position: number;
  readonly facingIds: readonly string[];
  readonly gapId: string | null;
  /** A gap that may as well be a facing that was overlooked. */
  readonly isHole: boolean;
  /** Known product; null for unknown ones and gaps. */
  readonly productId: string | null;
  readonly facing: Facing | null;
  readonly expectedProductId: string | null;
  /** Probability that it is what it is said to be; of a gap, that it is one. */
  readonly confidence01: number;
}

/** Not sure, but the product that is expected here is among what it may be. */
export function isLikely({ facing, productId }: FoundColumn, expected: string): boolean {
  if (facing === null || productId !== null) return false;
  return (facing.identity?.candidates ?? []).some(
    (candidate) => candidate.productId === expected && candidate.probability01 >= LIKELY_CANDIDATE,
  );
}

/** Named with certainty, or by the user. */
export function isSure({ facing }: FoundColumn): boolean {
  return facing?.identity?.certainty === 'sure' || facing?.identity?.saidBy === 'user';
}

/** @returns 0..1; 0 of none. */
export function meanConfidence(columns: readonly FoundColumn[]): number {
  return columns.length === 0 ? 0 : columns.reduce((sum, { confidence01 }) => sum + confidence01, 0) / columns.length;
}
