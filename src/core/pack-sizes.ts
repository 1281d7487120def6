/** @file What the bytes of a pack are spent on. Pure; any thread. */
import { PACK_PART_KINDS, type PackPart, type PackPartKind } from '../contracts/pack.ts';

/** @returns bytes by what the parts hold; 0 for kinds that the pack has none of. */
export function sizesOf(parts: readonly Pick<PackPart, 'kind' | 'sizeBytes'>[]): Record<PackPartKind, number> {
  const sizes = Object.fromEntries(PACK_PART_KINDS.map((kind) => [kind, 0])) as Record<PackPartKind, number>;
  for (const { kind, sizeBytes } of parts) sizes[kind] += sizeBytes;
  return sizes;
}
