/** @file Neighbouring columns of one product. Pure; any thread. */
import type { Facing, ShelfBlock } from '../../contracts/shelf.ts';
import { boundsOf } from '../box-bounds.ts';

/** What tells that two facings are the same thing: a product that is known, else a group of unknowns; null for neither. */
export function sameThingKey({ identity }: Pick<Facing, 'identity'>): string | null {
  if (identity === null) return null;
  const known = knownProductOf({ identity });
  if (known !== null) return `product ${known}`;
  return identity.groupId === null ? null : `group ${identity.groupId}`;
}

/** Product that may be shown as the answer; null for those that are not sure. */
export function knownProductOf({ identity }: Pick<Facing, 'identity'>): string | null {
  return identity === null || identity.certainty === 'not-sure' ? null : identity.productId;
}

/** A facing with its place. */
export interface PlacedFacing {
  readonly facing: Facing;
  readonly row: number;
  readonly position: number;
}

/** Blocks, and the one that each facing is in. */
export interface BlocksFound {
  readonly blocks: readonly ShelfBlock[];
  readonly blockOf: ReadonlyMap<string, number>;
}

/**
 * @param placed all facings.
 * @param isGap whether a place is a gap: one within a block does not part it.
 * @returns blocks by row, then by position; a facing that nothing is known of forms one with its own column only.
 */
export function findBlocks(placed: readonly PlacedFacing[], isGap: (row: number, position: number) => boolean): BlocksFound {
  const open = new Map<string, { members: PlacedFacing[]; last: number }>();
  const found: PlacedFacing[][] = [];
  for (const place of [...placed].sort((a, b) => a.row - b.row || a.position - b.position)) {
    const { row, position, facing } = place;
    const key = sameThingKey(facing);
    const name = `${row} ${key ?? `unknown ${position}`}`;
    const block = open.get(name);
    if (block !== undefined && joins(row, block.last, position, isGap)) {
      block.members.push(place);
      block.last = position;
    } else {
      const members = [place];
      found.push(members);
      open.set(name, { members, last: position });
    }
  }
  const blocks = found.map((members): ShelfBlock => {
    const { facing, row, position: firstPosition } = members[0]!;
    return {
      row,
      firstPosition,
      columns: members.at(-1)!.position - firstPosition + 1,
      facingIds: members.map((member) => member.facing.id),
      productId: knownProductOf(facing),
      groupId: knownProductOf(facing) === null ? (facing.identity?.groupId ?? null) : null,
      box: boundsOf(members.map((member) => member.facing.box)),
    };
  });
  return { blocks, blockOf: new Map(blocks.flatMap(({ facingIds }, block) => facingIds.map((id) => [id, block] as const))) };
}

function joins(row: number, last: number, position: number, isGap: (row: number, position: number) => boolean): boolean {
  for (let between = last + 1; between < position; between++) if (!isGap(row, between)) return false;
  return true;
}
