/**
 * @file What a user may change in a reading, as values: an edit says which facings and gaps go and which come, whole, so that its inverse is
 * the same with both swapped. Layout is not its business: lay out again what {@link applyEdit} returns. Pure; any thread.
 */
import { AppError } from '../../contracts/errors.ts';
import type { Box } from '../../contracts/geometry.ts';
import type { Facing, FacingIdentity, ShelfGap, ShelfReading } from '../../contracts/shelf.ts';
import type { ShelfEdit, ShelfPart } from '../../contracts/visit.ts';
import { intersectionOverUnion } from '../nms.ts';

/** What an edit starts from. */
type Editable = Pick<ShelfReading, 'facings'> & { readonly layout: { readonly gaps: readonly ShelfGap[] } };

/** Id and time of an edit: given from outside, so that the same edit is the same value. */
export interface EditStamp {
  readonly id: string;
  readonly atMs: number;
}

/** Smaller boxes cannot be touched again, 0..1 of the frame. */
const MIN_SIDE01 = 0.004;
/** Two boxes that overlap more than this show the same thing. */
const SAME_IOU = 0.5;

const NOTHING: ShelfPart = { facings: [], gaps: [] };

/** The same edit the other way round. */
export function inverseOf(edit: ShelfEdit): ShelfEdit {
  return { ...edit, removed: edit.added, added: edit.removed };
}

/**
 * Facings and gaps after an edit. What is to be removed and is not there is passed over: a later analysis may have dropped it. What comes in
 * the place of something stands where that stood.
 */
export function applyEdit(reading: Editable, { removed, added }: ShelfEdit): ShelfPart {
  return {
    facings: replaced(reading.facings, removed.facings, added.facings),
    gaps: replaced(reading.layout.gaps, removed.gaps, added.gaps),
  };
}

/** Move or resize a facing. */
export function moveFacing(reading: Editable, facingId: string, box: Box, stamp: EditStamp): ShelfEdit {
  const facing = facingOf(reading, facingId);
  return edit('move', stamp, [facing], [{ ...facing, box: insideFrame(box), isEdited: true }]);
}

/** A facing that was not found. Nobody has looked at it yet. */
export function addFacing(box: Box, facingId: string, stamp: EditStamp): ShelfEdit {
  return edit('add', stamp, [], [{ id: facingId, box: insideFrame(box), confidence01: 1, identity: null, isEdited: true }]);
}

/** Facings and gaps that are none. */
export function removeParts(reading: Editable, facingIds: readonly string[], gapIds: readonly string[], stamp: EditStamp): ShelfEdit {
  const facings = facingIds.map((id) => facingOf(reading, id));
  const gaps = gapIds.map((id) => gapOf(reading, id));
  return { ...stamp, kind: 'remove', removed: { facings, gaps }, added: NOTHING };
}

/** Parts of one facing, e.g. a bottle that was cut at its label. The surest name stays. @throws AppError('invalid-input') for fewer than two */
export function mergeFacings(reading: Editable, facingIds: readonly string[], mergedId: string, stamp: EditStamp): ShelfEdit {
  const parts = [...new Set(facingIds)].map((id) => facingOf(reading, id));
  if (parts.length < 2) throw new AppError('invalid-input', 'merging takes two facings', { stage: 'edit' });
  const left = Math.min(...parts.map(({ box }) => box.x));
  const top = Math.min(...parts.map(({ box }) => box.y));
  const right = Math.max(...parts.map(({ box }) => box.x + box.width));
  const bottom = Math.max(...parts.map(({ box }) => box.y + box.height));
  const identity = parts.map((part) => part.identity).reduce(surer, null);
  const merged: Facing = {
    id: mergedId,
    box: insideFrame({ x: left, y: top, width: right - left, height: bottom - top }),
    confidence01: Math.max(...parts.map(({ confidence01 }) => confidence01)),
    identity,
    isEdited: true,
  };
  return edit('merge', stamp, parts, [merged]);
}

/** Where a facing is cut. */
export interface Cut {
  /** `beside`: left and right of each other; `stacked`: one on the other. */
  readonly direction: 'beside' | 'stacked';
  /** Share of the first part. */
  readonly at01: number;
  /** Ids of the two parts: left or upper first. */
  readonly ids: readonly [string, string];
}

/** Two facings that were taken for one. Both keep its name. */
export function splitFacing(reading: Editable, facingId: string, { direction, at01, ids }: Cut, stamp: EditStamp): ShelfEdit {
  const facing = facingOf(reading, facingId);
  const { x, y, width, height } = facing.box;
  const share = Math.min(0.95, Math.max(0.05, at01));
  const boxes: readonly [Box, Box] =
    direction === 'beside'
      ? [
          { x, y, width: width * share, height },
          { x: x + width * share, y, width: width * (1 - share), height },
        ]
      : [
          { x, y, width, height: height * share },
          { x, y: y + height * share, width, height: height * (1 - share) },
        ];
  const parts = boxes.map((box, index): Facing => ({ ...facing, id: ids[index as 0 | 1], box, isEdited: true }));
  return edit('split', stamp, [facing], parts);
}

/** The user says what they are. @param productId null: "not this": nothing is known of them any more. */
export function nameFacings(reading: Editable, facingIds: readonly string[], productId: string | null, stamp: EditStamp): ShelfEdit {
  const before = facingIds.map((id) => facingOf(reading, id));
  const identity: FacingIdentity = {
    productId,
    probability01: productId === null ? 0 : 1,
    certainty: productId === null ? 'not-sure' : 'sure',
    candidates: productId === null ? [] : [{ productId, probability01: 1 }],
    groupId: null,
    saidBy: 'user',
  };
  return edit(
    'name',
    stamp,
    before,
    before.map((facing) => ({ ...facing, identity })),
  );
}

/** Facings that got other names by a correction: what differs between two states of one photo. @returns null when nothing does. */
export function namingBetween(before: readonly Facing[], after: readonly Facing[], stamp: EditStamp): ShelfEdit | null {
  const known = new Map(before.map((facing) => [facing.id, facing]));
  const changed = after.filter((facing) => {
    const was = known.get(facing.id);
    return was !== undefined && was !== facing && !isSameIdentity(was.identity, facing.identity);
  });
  if (changed.length === 0) return null;
  return edit(
    'name',
    stamp,
    changed.map(({ id }) => known.get(id)!),
    changed,
  );
}

/** An empty place that was not found. */
export function addGap(box: Box, gapId: string, stamp: EditStamp): ShelfEdit {
  const gap: ShelfGap = {
    id: gapId,
    box: insideFrame(box),
    row: 0,
    position: 0,
    confidence01: 1,
    expectedProductId: null,
    saidBy: 'user',
  };
  return { ...stamp, kind: 'gap-add', removed: NOTHING, added: { facings: [], gaps: [gap] } };
}

export function moveGap(reading: Editable, gapId: string, box: Box, stamp: EditStamp): ShelfEdit {
  const gap = gapOf(reading, gapId);
  const moved: ShelfGap = { ...gap, box: insideFrame(box), confidence01: 1, saidBy: 'user' };
  return { ...stamp, kind: 'gap-move', removed: { facings: [], gaps: [gap] }, added: { facings: [], gaps: [moved] } };
}

/** Places of gaps that the user said are none: what spacing infers there again is to be left out. */
export function dismissedGaps(edits: readonly ShelfEdit[]): readonly Box[] {
  let dismissed: readonly Box[] = [];
  for (const { removed, added } of edits)
    dismissed = [...dismissed, ...removed.gaps.map(({ box }) => box)].filter(
      (each) => !added.gaps.some(({ box }) => intersectionOverUnion(each, box) > SAME_IOU),
    );
  return dismissed;
}

/**
 * The user's edits on what a new analysis found: what they took out or changed is looked for by its place, since a new analysis gives new ids.
 * @returns facings and gaps as the user would have them.
 */
export function reapplyEdits(found: Editable, edits: readonly ShelfEdit[]): ShelfPart {
  let state: ShelfPart = { facings: found.facings, gaps: found.layout.gaps };
  for (const { removed, added } of edits) {
    const facings = without(state.facings, removed.facings);
    const gaps = without(state.gaps, removed.gaps);
    // What came with an edit replaces whatever the new analysis has there.
    state = {
      facings: [...without(facings, added.facings), ...added.facings],
      gaps: [...without(gaps, added.gaps), ...added.gaps],
    };
  }
  return state;
}

function without<Thing extends { readonly id: string; readonly box: Box }>(things: readonly Thing[], gone: readonly Thing[]): Thing[] {
  if (gone.length === 0) return [...things];
  const ids = new Set(gone.map(({ id }) => id));
  return things.filter(({ id, box }) => !ids.has(id) && !gone.some((each) => intersectionOverUnion(each.box, box) > SAME_IOU));
}

function replaced<Thing extends { readonly id: string }>(
  things: readonly Thing[],
  removed: readonly Thing[],
  added: readonly Thing[],
): readonly Thing[] {
  if (removed.length === 0 && added.length === 0) return things;
  const gone = new Set(removed.map(({ id }) => id));
  const arriving = new Map(added.map((thing) => [thing.id, thing]));
  const kept: Thing[] = [];
  for (const thing of things) {
    const next = arriving.get(thing.id);
    // A new state of the same thing.
    if (next !== undefined) kept.push(next);
    else if (!gone.has(thing.id)) kept.push(thing);
    arriving.delete(thing.id);
  }
  return [...kept, ...arriving.values()];
}

function edit(kind: ShelfEdit['kind'], stamp: EditStamp, removed: readonly Facing[], added: readonly Facing[]): ShelfEdit {
  return { ...stamp, kind, removed: { facings: removed, gaps: [] }, added: { facings: added, gaps: [] } };
}

/** @throws AppError('invalid-input') */
function facingOf({ facings }: Editable, id: string): Facing {
  const facing = facings.find((each) => each.id === id);
  if (facing === undefined) throw new AppError('invalid-input', 'no such facing', { stage: 'edit' });
  return facing;
}

/** @throws AppError('invalid-input') */
function gapOf({ layout }: Editable, id: string): ShelfGap {
  const gap = layout.gaps.find((each) => each.id === id);
  if (gap === undefined) throw new AppError('invalid-input', 'no such gap', { stage: 'edit' });
  return gap;
}

function surer(a: FacingIdentity | null, b: FacingIdentity | null): FacingIdentity | null {
  if (a === null || b === null) return a ?? b;
  const rank = ({ saidBy, productId, probability01 }: FacingIdentity): number =>
    (saidBy === 'user' ? 2 : 0) + (productId === null ? 0 : probability01);
  return rank(b) > rank(a) ? b : a;
}

function isSameIdentity(a: FacingIdentity | null, b: FacingIdentity | null): boolean {
  if (a === null || b === null) return a === b;
  return (
    a.productId === b.productId &&
    a.certainty === b.certainty &&
    a.groupId === b.groupId &&
    a.saidBy === b.saidBy &&
    a.probability01 === b.probability01
  );
}

function insideFrame({ x, y, width, height }: Box): Box {
  const left = Math.min(1 - MIN_SIDE01, Math.max(0, Math.min(x, x + width)));
  const top = Math.min(1 - MIN_SIDE01, Math.max(0, Math.min(y, y + height)));
  const right = Math.min(1, Math.max(left + MIN_SIDE01, Math.max(x, x + width)));
  const bottom = Math.min(1, Math.max(top + MIN_SIDE01, Math.max(y, y + height)));
  return { x: left, y: top, width: right - left, height: bottom - top };
}
