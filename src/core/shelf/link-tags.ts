/** @file Lines of text below a board → price tags, each with the facings above it. Pure; any thread. */
import type { Box } from '../../contracts/geometry.ts';
import type { TextLine } from '../../contracts/results.ts';
import type { PriceTag, ShelfLayout, ShelfReading } from '../../contracts/shelf.ts';
import { boundsOf } from '../box-bounds.ts';
import { parsePrice } from './parse-price.ts';
import { planeOfLayout } from './plane-of-layout.ts';
import { planeSpan, toRowPlane, type PlaneSpan, type RowPlane } from './row-plane.ts';

/** A line as the reader gives it. */
export type TagLine = Pick<TextLine, 'text' | 'box' | 'confidence01'>;

/** How far below a board its tags hang, and how far above they reach, in heights of the row's facings. */
const BELOW_BOARD = 0.45;
const ABOVE_BOARD = 0.2;
/** How far beyond a board's ends its tags may hang, in widths of the frame. */
const SIDE = 0.02;
/** Lines of one tag are nearer than this many heights of a line. */
const SAME_TAG = 1.2;
/** A price read or parsed with less certainty than this is kept as text only. */
const MIN_CONFIDENCE = 0.4;

/** Where text may be read for tags: the strip around each board, box of the frame per row. */
export function tagStrips({ layout, facings }: Pick<ShelfReading, 'facings' | 'layout'>): Box[] {
  const heights = rowHeights({ layout, facings }, planeOfLayout({ layout, facings }));
  return layout.rows.map(({ rail, row }) => {
    const height = heights.get(row) ?? 0;
    const top = Math.max(0, Math.min(rail.from.y, rail.to.y) - ABOVE_BOARD * height * 0.5);
    const bottom = Math.min(1, Math.max(rail.from.y, rail.to.y) + BELOW_BOARD * height);
    return { x: rail.from.x, y: top, width: rail.to.x - rail.from.x, height: Math.max(0, bottom - top) };
  });
}

/**
 * @param lines read on the photo, wherever; those that hang at no board (print on packs) are left out.
 * @returns tags with a price or at least with text, by row, then from the left.
 */
export function linkTags(lines: readonly TagLine[], reading: Pick<ShelfReading, 'facings' | 'layout'>): PriceTag[] {
  const { layout, facings } = reading;
  const plane = planeOfLayout({ layout, facings });
  const heights = rowHeights(reading, plane);
  const boards = layout.rows.map(({ row, rail }) => ({
    row,
    down: toRowPlane(plane, { x: (rail.from.x + rail.to.x) / 2, y: (rail.from.y + rail.to.y) / 2 }).down,
    height: heights.get(row) ?? 0,
    rail,
  }));
  const spans = new Map(facings.map(({ id, box }) => [id, planeSpan(plane, box)]));
  const hanging = lines.flatMap((line) => {
    const middle = toRowPlane(plane, { x: line.box.x + line.box.width / 2, y: line.box.y + line.box.height / 2 }).down;
    const across = line.box.x + line.box.width / 2;
    const board = boards.find(
      ({ down, height, rail }) =>
        middle > down - ABOVE_BOARD * height &&
        middle < down + BELOW_BOARD * height &&
        across > rail.from.x - SIDE &&
        across < rail.to.x + SIDE,
    );
    if (board === undefined || isOnPack(line.box, middle - board.down, spans, plane)) return [];
    return [{ line, row: board.row }];
  });
  return groupTags(hanging)
    .map(({ row, members }, i): PriceTag => {
      const box = boundsOf(members.map((line) => line.box));
      const text = members.map((line) => line.text).join('\n');
      const parsed = parsePrice(text);
      const read01 =
        parsed === null ? 0 : Math.min(...members.filter((line) => parsePrice(line.text) !== null).map((line) => line.confidence01), 1);
      const confidence01 = parsed === null ? 0 : parsed.confidence01 * read01;
      return {
        id: `tag-${row}-${i}`,
        box,
        text,
        price: parsed !== null && confidence01 >= MIN_CONFIDENCE ? parsed.amount : null,
        ...(parsed?.tax == null ? {} : { tax: parsed.tax }),
        ...(parsed?.currency == null ? {} : { currency: parsed.currency }),
        confidence01,
        row,
        facingIds: facingsAbove(box, row, layout, spans, plane),
      };
    })
    .sort((a, b) => a.row! - b.row! || a.box.x - b.box.x);
}

/** Usual height of the facings of each row, in the row plane. */
function rowHeights({ facings, layout }: Pick<ShelfReading, 'facings' | 'layout'>, plane: RowPlane): Map<number, number> {
  const rowOf = new Map(layout.placements.map(({ facingId, row }) => [facingId, row]));
  const heights = new Map<number, number[]>();
  for (const { id, box } of facings) {
    const row = rowOf.get(id);
    if (row === undefined) continue;
    const { top, bottom } = planeSpan(plane, box);
    heights.set(row, [...(heights.get(row) ?? []), bottom - top]);
  }
  return new Map([...heights].map(([row, values]) => [row, values.sort((a, b) => a - b)[values.length >> 1]!]));
}

/** Print low on a pack: above the board, and wholly within one facing. */
function isOnPack(box: Box, below: number, spans: ReadonlyMap<string, PlaneSpan>, plane: RowPlane): boolean {
  if (below > 0) return false;
  const line = planeSpan(plane, box);
  return [...spans.values()].some(
    ({ left, right, top, bottom }) => line.left > left && line.right < right && line.top > top && line.bottom < bottom,
  );
}

interface HangingLine {
  readonly line: TagLine;
  readonly row: number;
}

/** Lines near each other at one board are one tag; reading order within it. */
function groupTags(hanging: readonly HangingLine[]): { row: number; members: TagLine[] }[] {
  const groups: { row: number; members: TagLine[] }[] = [];
  for (const { line, row } of [...hanging].sort((a, b) => a.line.box.x - b.line.box.x)) {
    const near = groups.filter((group) => group.row === row && group.members.some((member) => isNear(member.box, line.box)));
    const merged = { row, members: [...near.flatMap((group) => group.members), line] };
    for (const group of near) groups.splice(groups.indexOf(group), 1);
    groups.push(merged);
  }
  for (const { members } of groups) members.sort((a, b) => a.box.y - b.box.y || a.box.x - b.box.x);
  return groups;
}

/** Side by side on one line, or one above the other and overlapping in width. */
function isNear(a: Box, b: Box): boolean {
  const line = Math.min(a.height, b.height);
  const across = Math.max(a.x, b.x) - Math.min(a.x + a.width, b.x + b.width);
  const down = Math.max(a.y, b.y) - Math.min(a.y + a.height, b.y + b.height);
  if (down < 0) return across < 0.8 * line;
  return across < 0 && down < SAME_TAG * line;
}

/** The block that the tag's middle hangs below, else the nearest one of the row. */
function facingsAbove(
  box: Box,
  row: number,
  layout: ShelfLayout,
  spans: ReadonlyMap<string, PlaneSpan>,
  plane: RowPlane,
): readonly string[] {
  const tag = planeSpan(plane, box);
  const middle = (tag.left + tag.right) / 2;
  let best: { facingIds: readonly string[]; away: number } | null = null;
  for (const block of layout.blocks) {
    if (block.row !== row) continue;
    for (const id of block.facingIds) {
      const span = spans.get(id);
      if (span === undefined) continue;
      const away = Math.max(0, span.left - middle, middle - span.right) / Math.max(1e-9, span.right - span.left);
      if (best === null || away < best.away) best = { facingIds: block.facingIds, away };
    }
  }
  return best !== null && best.away < 1.5 ? best.facingIds : [];
}
