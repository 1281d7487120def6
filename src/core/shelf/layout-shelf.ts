/** @file Facings and gaps of one photo → rows, positions, levels, blocks ([Note: Row plane], [Note: Boards]). Pure; any thread. */
import type { Box, Point } from '../../contracts/geometry.ts';
import type { Facing, Placement, ShelfGap, ShelfLayout, ShelfRail, ShelfRow } from '../../contracts/shelf.ts';
import { intersectionArea, intersectionOverSmaller } from '../nms.ts';
import { MIN_EMPTY01 } from './doubtful-gap.ts';
import { eyeLevelOf, USUAL_BAY, type BayHeights } from './eye-level.ts';
import { findBlocks, knownProductOf, sameThingKey, type PlacedFacing } from './find-blocks.ts';
import { findBays, type Bay } from './find-bays.ts';
import { fitRowPlane, planeOfBoards, type MeasuredBoard } from './fit-row-plane.ts';
import { robustLine, type Line } from '../robust.ts';
import { emptyEnd01, rowHoles, type SeenGap, type SpacedColumn } from './row-holes.ts';
import { fromRowPlane, planeSpan, sharedWidth01, slopeAt, type PlaneSpan, type RowPlane } from './row-plane.ts';
import { stackColumns, type RowMember, type ShelfColumn } from './stack-columns.ts';

/** A gap before it has its place. */
export type UnplacedGap = Omit<ShelfGap, 'row' | 'position'>;

/** What may be said beside the boxes. */
export interface LayoutOptions {
  /** Gaps that the user took away: spacing does not bring them back. */
  readonly dismissedGaps?: readonly Box[];
  readonly bay?: BayHeights;
}

/** Gaps count less than facings where boards are looked for, */
const GAP_WEIGHT = 0.5;
/** and those that the net is less sure of not at all: they only speak for holes of a row. */
const MIN_SEEN = 0.2;
/** From this on a hole has a column, be it empty or overlooked. */
const MIN_COLUMN = 0.8;
/** Nearer to the frame's edge than this, a box is cut by it. */
const EDGE = 0.004;
const REFINEMENTS = 2;
/** A gap of the net that shares more than this of its width with a column, or with a place of a hole, is no place of its own. */
const LOOSE_WIDTH = 0.5;
/** A gap of the net that one facing covers by more than this is none. */
const COVERED = 0.6;

/** One thing on the shelf, and where it is in the row plane. */
interface Thing {
  readonly box: Box;
  readonly weight: number;
  readonly isGap: boolean;
}

/**
 * @param facings in any order.
 * @param gaps seen by the net, however faintly, or drawn by the user; those inferred from spacing alone are left out and inferred anew, so
 * that a layout's own gaps may be handed in again after an edit.
 */
export function layoutShelf(facings: readonly Facing[], gaps: readonly UnplacedGap[] = [], options: LayoutOptions = {}): ShelfLayout {
  const all = gaps.filter((gap) => gap.saidBy === 'user' || (seenScore(gap) > 0 && !isCovered(gap.box, facings)));
  const seen = all.filter((gap) => gap.saidBy === 'user' || seenScore(gap) >= MIN_SEEN);
  const things: Thing[] = [
    ...facings.map(({ box, confidence01 }) => ({ box, weight: 0.3 + 0.7 * confidence01, isGap: false })),
    ...seen.map((gap) => ({ box: gap.box, weight: GAP_WEIGHT * (gap.saidBy === 'user' ? 1 : seenScore(gap)), isGap: true })),
  ];
  const { plane, spans, bays } = baysOf(things);
  const faint = all
    .filter(({ saidBy }) => saidBy !== 'user')
    .map((gap): SeenGap => ({ span: planeSpan(plane, gap.box), seen01: seenScore(gap) }));
  const placements: Omit<Placement, 'block'>[] = [];
  const placed: PlacedFacing[] = [];
  const placedGaps: ShelfGap[] = [];
  const rows: ShelfRow[] = [];
  const columnsSoFar: number[] = [];
  for (const { members: inBay, boards } of bays) {
    const edges = extentOf(inBay.map((index) => spans[index]!));
    boards.downs.forEach((down, row) => {
      const members = inBay
        .filter((_, i) => boards.rowOf[i] === row)
        .map((index): RowMember => ({ index, span: spans[index]!, isGap: things[index]!.isGap }));
      const isUsers = (index: number): boolean => index >= facings.length && seen[index - facings.length]!.saidBy === 'user';
      const standing = stackColumns(members.filter(({ index, isGap }) => !isGap || isUsers(index)));
      const ends = members.filter(({ index, isGap }) => isGap && !isUsers(index));
      const columns = withGaps(standing, ends, { facings, seen, faint, plane, ...options });
      const before = columnsSoFar[row] ?? 0;
      columnsSoFar[row] = before + columns.length;
      columns.forEach(({ members: stack, gap, inferred }, column) => {
        const position = before + column;
        for (const { index, span, level } of stack) {
          const facing = facings[index]!;
          placements.push({ facingId: facing.id, row, position, level, confidence01: standing01(span, down, level) });
          placed.push({ facing, row, position });
        }
        const unplaced = inferred ?? (gap === null ? null : seen[gap - facings.length]!);
        if (unplaced === null) return;
        const expectedProductId = unplaced.saidBy === 'user' ? unplaced.expectedProductId : productAround(columns, column, facings);
        placedGaps.push({ ...unplaced, row, position, expectedProductId });
      });
      const line = boardLine(
        members.map(({ index }) => things[index]!),
        plane,
        down,
      );
      const middle = (down + (boards.downs[row - 1] ?? edges.top)) / 2;
      const lowest = boards.downs.at(-1)!;
      const eyeLevel = eyeLevelOf((lowest - middle) / Math.max(1e-6, lowest - edges.top), options.bay ?? USUAL_BAY);
      rows.push({ row, rail: railOf(line ?? planeLine(plane, down), plane, down, edges), eyeLevel, columns: columns.length });
    });
  }
  const gapPlaces = new Set(placedGaps.map(({ row, position }) => `${row} ${position}`));
  const { blocks, blockOf } = findBlocks(placed, (row, position) => gapPlaces.has(`${row} ${position}`));
  return {
    rows,
    placements: placements.map((placement): Placement => ({ ...placement, block: blockOf.get(placement.facingId)! })),
    blocks,
    gaps: placedGaps,
  };
}

interface BaysInPlane {
  readonly plane: RowPlane;
  readonly spans: readonly PlaneSpan[];
  readonly bays: readonly Bay[];
  readonly cost: number;
}

/** The row plane from neighbours, then from the rows found in it, as long as that makes the boards fit better. */
function baysOf(things: readonly Thing[]): BaysInPlane {
  let best = baysIn(fitRowPlane(things.map(({ box }) => box)), things);
  for (let round = 0; round < REFINEMENTS; round++) {
    const measured = best.bays.flatMap(({ members, boards }) =>
      boards.downs.flatMap((down, row): MeasuredBoard[] => {
        const inRow = members.filter((_, i) => boards.rowOf[i] === row).map((index) => things[index]!);
        const line = boardLine(inRow, best.plane, down);
        return line === null ? [] : [{ line, weight: line.weight }];
      }),
    );
    if (measured.length < 2) break; // One line does not tell how lines converge.
    const next = baysIn(planeOfBoards(measured), things);
    if (next.cost > best.cost) break;
    best = next;
  }
  return best;
}

function baysIn(plane: RowPlane, things: readonly Thing[]): BaysInPlane {
  const spans = things.map(({ box }) => planeSpan(plane, box));
  const bays = findBays(
    things.map(({ box, weight }, i) => ({
      span: spans[i]!,
      weight,
      isFootCut: box.y + box.height > 1 - EDGE,
      isHeadCut: box.y < EDGE,
    })),
  );
  return { plane, spans, bays, cost: bays.reduce((sum, { boards }) => sum + boards.cost, 0) };
}

/** Feet that are this far from the board, in heights, do not stand on it. */
const ON_BOARD = 0.25;

/** Line of a board through the feet on it, y - 0.5 over x - 0.5; null for fewer than three. */
function boardLine(members: readonly Thing[], plane: RowPlane, down: number): (Line & { readonly weight: number }) | null {
  const slope = slopeAt(plane, down);
  const feet = members.flatMap(({ box, weight }) => {
    const span = planeSpan(plane, box);
    const height = span.bottom - span.top;
    if (Math.abs(down - span.bottom) > ON_BOARD * height || box.y + box.height > 1 - EDGE) return [];
    const oblique = Math.min((Math.abs(slope) * box.width) / 2, box.height / 4);
    return [{ x: box.x + box.width / 2 - 0.5, y: box.y + box.height - oblique - 0.5, weight, height: box.height }];
  });
  if (feet.length < 3) return null;
  const mean = feet.reduce((sum, { x }) => sum + x, 0) / feet.length;
  const spread = feet.reduce((sum, { x, weight }) => sum + weight * (x - mean) ** 2, 0);
  const expected = planeLine(plane, down);
  const typical = feet.reduce((sum, { height }) => sum + height, 0) / feet.length;
  const line = robustLine(feet, 0.03 * typical, { ...expected, interceptWeight: 0.05, slopeWeight: 0.02 });
  return { ...line, weight: spread };
}

function planeLine(plane: RowPlane, down: number): Line {
  return { intercept: down, slope: slopeAt(plane, down) };
}

/** Ends of a bay along its rows, and its top. */
function extentOf(spans: readonly PlaneSpan[]): { left: number; right: number; top: number } {
  return {
    left: Math.min(...spans.map(({ left }) => left)),
    right: Math.max(...spans.map(({ right }) => right)),
    top: Math.min(...spans.map(({ top }) => top)),
  };
}

/** The board's front edge as far as the shelf reaches, within the frame. */
function railOf({ intercept, slope }: Line, plane: RowPlane, down: number, { left, right }: { left: number; right: number }): ShelfRail {
  const at = (along: number): Point => {
    const x = Math.max(0, Math.min(1, fromRowPlane(plane, { along, down }).x));
    return { x, y: Math.max(0, Math.min(1, 0.5 + intercept + slope * (x - 0.5))) };
  };
  return { from: at(left), to: at(right) };
}

interface PlacedColumn extends ShelfColumn {
  readonly inferred: UnplacedGap | null;
}

interface RowGaps extends LayoutOptions {
  readonly facings: readonly Facing[];
  /** Gaps that are things of the shelf, after the facings. */
  readonly seen: readonly UnplacedGap[];
  /** All that the net sees, however faintly. */
  readonly faint: readonly SeenGap[];
  readonly plane: RowPlane;
}

/** Score of the net before the row had its say, 0..1; 0 for what it did not see. */
function seenScore({ saidBy, seen01, confidence01 }: UnplacedGap): number {
  return seen01 ?? (saidBy === 'net' ? confidence01 : 0);
}

/**
 * Columns of a row with its gaps among them: places of holes, and what the net sees beside the first and the last facing.
 * @param columns of facings and of gaps that the user drew. @param loose gaps of the net in this row.
 */
function withGaps(columns: readonly ShelfColumn[], loose: readonly RowMember[], row: RowGaps): PlacedColumn[] {
  const { facings, seen, faint, plane, dismissedGaps = [] } = row;
  const spaced = columns.map((column): SpacedColumn => {
    const foot = column.members[0];
    const box = foot === undefined ? null : facings[foot.index]!.box;
    return {
      ...column,
      key: foot === undefined ? null : sameThingKey(facings[foot.index]!),
      isWidthCut: box !== null && (box.x < EDGE || box.x + box.width > 1 - EDGE),
    };
  });
  const all = columns.map((column): PlacedColumn => ({ ...column, inferred: null }));
  let number = 0;
  let lastAfter = -1;
  const places = rowHoles(spaced, faint);
  for (const { after, span, seen: at, empty01, column01 } of places) {
    number = after === lastAfter ? number + 1 : 0;
    lastAfter = after;
    if (empty01 < MIN_EMPTY01 && column01 < MIN_COLUMN) continue;
    const box = boxOf(span, plane);
    if (dismissedGaps.some((dismissed) => intersectionOverSmaller(dismissed, box) > 0.5)) continue;
    const beside = columns[after]!.members[0]?.index ?? columns[after + 1]!.members[0]!.index;
    const seen01 = at === null ? 0 : faint[at]!.seen01;
    const inferred: UnplacedGap = {
      ...{ id: `gap-${facings[beside]!.id}-${number}`, box, confidence01: empty01, expectedProductId: null },
      ...(seen01 >= MIN_SEEN ? { saidBy: 'net', seen01 } : seen01 > 0 ? { saidBy: 'spacing', seen01 } : { saidBy: 'spacing' }),
    };
    all.push({ members: [], gap: null, span, inferred });
  }
  for (const { index, span } of loose) {
    const gap = seen[index - facings.length]!;
    const empty01 = emptyEnd01(span, columns, seenScore(gap));
    const isFree =
      all.every((column) => sharedWidth01(span, column.span) < LOOSE_WIDTH) &&
      places.every((place) => sharedWidth01(span, place.span) < LOOSE_WIDTH);
    if (isFree && empty01 >= MIN_EMPTY01)
      all.push({ members: [], gap: null, span, inferred: { ...gap, confidence01: empty01, seen01: seenScore(gap) } });
  }
  return all.sort((a, b) => a.span.left + a.span.right - b.span.left - b.span.right);
}

/** Box of the frame around a span of the row plane. */
function boxOf({ left, right, top, bottom }: PlaneSpan, plane: RowPlane): Box {
  const middle = (left + right) / 2;
  const head = fromRowPlane(plane, { along: middle, down: top }).y;
  const foot = fromRowPlane(plane, { along: middle, down: bottom }).y;
  const x = fromRowPlane(plane, { along: left, down: bottom }).x;
  return { x, y: head, width: fromRowPlane(plane, { along: right, down: bottom }).x - x, height: foot - head };
}

/** The product on both sides of a gap; null where they differ or are not known. */
function productAround(columns: readonly PlacedColumn[], position: number, facings: readonly Facing[]): string | null {
  const productOf = (column: PlacedColumn | undefined): string | null => {
    const foot = column?.members[0];
    return foot === undefined ? null : knownProductOf(facings[foot.index]!);
  };
  const left = productOf(columns.slice(0, position).findLast(({ members }) => members.length > 0));
  const right = productOf(columns.slice(position + 1).find(({ members }) => members.length > 0));
  return left === right ? left : null;
}

function isCovered(box: Box, facings: readonly Facing[]): boolean {
  const area = Math.max(1e-12, box.width * box.height);
  return facings.some((facing) => intersectionArea(facing.box, box) > COVERED * area);
}

/** 1 on the board, falling as the foot leaves it; what stands on another facing is sure of its row by that. */
function standing01({ top, bottom }: PlaneSpan, down: number, level: number): number {
  if (level > 0) return 0.9;
  const off = Math.abs(down - bottom) / Math.max(1e-6, bottom - top);
  return Math.max(0.2, 1 - Math.max(0, off - 0.1));
}
