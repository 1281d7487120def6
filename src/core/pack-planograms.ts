/** @file A part of a pack: planograms as JSON, sorted by id, one spelling only. Pure; any thread. */
import { z } from 'zod';
import { PackRefusal } from '../contracts/pack.ts';
import { planogramSchema, type Planogram } from '../contracts/shelf.ts';

const partSchema = z.strictObject({ planograms: z.array(planogramSchema).max(1024) });

/** The same planograms give the same bytes, in whatever order they and their fields come. */
export function encodePlanograms(planograms: readonly Planogram[]): Uint8Array<ArrayBuffer> {
  const sorted = [...planograms].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  // Parsing orders the fields as the schema has them.
  return new TextEncoder().encode(JSON.stringify({ planograms: sorted.map((planogram) => planogramSchema.parse(planogram)) }));
}

/** @throws PackRefusal('tampered') */
export function decodePlanograms(bytes: Uint8Array<ArrayBuffer>): Planogram[] {
  try {
    return partSchema.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))).planograms;
  } catch (error) {
    throw new PackRefusal('tampered', 'a planograms part cannot be read', { cause: error });
  }
}
