/** @file All cues of one photo → the identification that is shown. Thread: page or Node. */
import { WHOLE_FRAME } from '../contracts/geometry.ts';
import type { Identification, Product } from '../contracts/product.ts';
import type { BarcodeReading, TextReading, WordMatch } from '../contracts/results.ts';
import { fuseEvidence } from '../core/fuse/fuse-evidence.ts';
import type { LookCue } from './match-look.ts';

/** What the stages found so far. */
export interface Cues {
  readonly barcodes: readonly BarcodeReading[];
  /** Products that the codes name. */
  readonly barcodeProducts: readonly Product[];
  /** Null when the lens does not look, or looking failed. */
  readonly look: LookCue | null;
  readonly text: TextReading | null;
  /** Products whose gallery photos show the same words. */
  readonly words: readonly WordMatch[];
}

/** @param catalogue products known on this device. */
export function fuseCues({ barcodes, barcodeProducts, look, text, words }: Cues, catalogue: readonly Product[]): Identification {
  const elsewhere = [...(look?.serverProducts ?? []), ...barcodeProducts];
  const { candidates, certainty } = fuseEvidence({
    barcodeProducts,
    matches: look?.matches ?? [],
    space: look?.look.embedding.space ?? null,
    verifications: look?.verifications ?? [],
    text,
    words,
    // The very same array when nothing is to be added: the index of its words is kept by identity.
    products: elsewhere.length === 0 ? catalogue : withOthers(catalogue, elsewhere),
  });
  return { candidates, certainty, box: look?.box ?? WHOLE_FRAME, barcodes, text };
}

function withOthers(catalogue: readonly Product[], others: readonly Product[]): readonly Product[] {
  const known = new Set(catalogue.map(({ id }) => id));
  const added = others.filter(({ id }) => !known.has(id));
  return added.length === 0 ? catalogue : [...catalogue, ...added];
}
