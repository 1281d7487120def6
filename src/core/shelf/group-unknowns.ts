/** @file Facings that nobody knows, grouped by likeness so that one tap names a whole group. Pure; any thread. */
import { dot } from '../vector.ts';

/** An unknown facing. */
export interface UnknownFacing {
  readonly facingId: string;
  /** See `look-vector.ts`. */
  readonly vector: Float32Array;
}

/** Mean likeness of two groups from which on they are one. */
const ALIKE = 0.9;

interface Group {
  /** Sorted. */
  readonly ids: readonly string[];
  readonly sum: Float32Array;
}

/**
 * Average linkage: the two groups that are most alike are joined until none are alike enough.
 * @param unknowns in any order: it does not matter, nor does how often this is done.
 * @returns facing id → group id. A group is called after its first facing, so it keeps its name as long as that stays unknown.
 */
export function groupUnknowns(unknowns: readonly UnknownFacing[], alike = ALIKE): ReadonlyMap<string, string> {
  const groups: (Group | null)[] = [...unknowns]
    .sort((a, b) => (a.facingId < b.facingId ? -1 : 1))
    .map(({ facingId, vector }) => ({ ids: [facingId], sum: Float32Array.from(vector) }));
  const nearest = groups.map((_, i) => nearestAfter(groups, i));
  while (true) {
    let best = -1;
    for (const [i, found] of nearest.entries())
      if (groups[i] !== null && found.likeness >= alike && (best < 0 || found.likeness > nearest[best]!.likeness)) best = i;
    if (best < 0) break;
    const other = nearest[best]!.at;
    groups[best] = joined(groups[best]!, groups[other]!);
    groups[other] = null;
    for (let i = 0; i < groups.length; i++) {
      const { at } = nearest[i]!;
      // Only groups that pointed at one of the two, or may now point at the joined one, look again.
      if (groups[i] !== null && (i === best || at === best || at === other || i < best)) {
        const likeness = i < best ? likenessOf(groups[i]!, groups[best]!) : 0;
        if (i === best || at === best || at === other) nearest[i] = nearestAfter(groups, i);
        else if (likeness > nearest[i]!.likeness) nearest[i] = { at: best, likeness };
      }
    }
  }
  return new Map(groups.flatMap((group) => (group === null ? [] : group.ids.map((id) => [id, `group:${group.ids[0]!}`] as const))));
}

/** The group after `from` that is most like it; of two, the first. */
function nearestAfter(groups: readonly (Group | null)[], from: number): { at: number; likeness: number } {
  const own = groups[from];
  let best = { at: -1, likeness: -Infinity };
  if (own === null || own === undefined) return best;
  for (let at = from + 1; at < groups.length; at++) {
    const other = groups[at];
    if (other === null || other === undefined) continue;
    const likeness = likenessOf(own, other);
    if (likeness > best.likeness) best = { at, likeness };
  }
  return best;
}

/** Mean over all pairs. */
function likenessOf(a: Group, b: Group): number {
  return dot(a.sum, b.sum) / (a.ids.length * b.ids.length);
}

function joined(a: Group, b: Group): Group {
  return { ids: [...a.ids, ...b.ids].sort(), sum: a.sum.map((value, i) => value + b.sum[i]!) };
}
