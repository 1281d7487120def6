/**
 * @file How far a camera was tilted up or down, told from what must be equally wide on every row ([Note: Tilt]). Pure; any thread.
 */
import type { Facing, ShelfReading } from '../../contracts/shelf.ts';
import { knownProductOf } from './find-blocks.ts';
import { median } from '../robust.ts';
import { planeSpan, widthInShop, type PlaneSpan, type RowPlane } from './row-plane.ts';

/** A phone that sees 70° along its upright side and is tilted by 40°. */
const MAX_TILT = 1.2;
const STEPS = 48;
/** Facings of one product differ by so much, in natural log of their width: turned, behind each other, boxed not quite. */
const WIDTH_NOISE = 0.1;
/** Rows of one shelf do, where goods do not reach its ends. */
const EXTENT_NOISE = 0.15;
/** Fewer rows than this do not tell the shelf's ends. */
const MIN_ROWS_OF_ENDS = 3;
/** Tilts that are usual; more than this needs measurements that say so. */
const USUAL_TILT = 0.2;
/** Facings of one product on one row repeat each other: more than this many count for no more. */
const MAX_VOICES = 4;
/** Nearer to the frame's edge than this, a box may be cut by it. */
const EDGE = 0.01;

/** Things that are equally wide in the shop. */
interface EqualWidths {
  readonly noise: number;
  /** Row by row. */
  readonly rows: readonly (readonly PlaneSpan[])[];
}

/**
 * @returns see [Note: Tilt]; 0 where no known product stands on two rows and the shelf's ends are not in the photo.
 */
export function fitTilt({ facings, layout }: Pick<ShelfReading, 'facings' | 'layout'>, plane: RowPlane): number {
  const rowOf = new Map(layout.placements.map(({ facingId, row }) => [facingId, row]));
  const equal = [...productWidths(facings, rowOf, plane), ...shelfEnds(facings, { layout }, rowOf, plane)];
  if (equal.length === 0) return 0;
  const costOf = (tilt: number): number =>
    (tilt / USUAL_TILT) ** 2 / 2 + equal.reduce((sum, { rows, noise }) => sum + disagreement(rows, tilt, noise), 0);
  const step = (2 * MAX_TILT) / STEPS;
  const tilts = Array.from({ length: STEPS + 1 }, (_, i) => -MAX_TILT + i * step);
  const costs = tilts.map(costOf);
  const at = costs.indexOf(Math.min(...costs));
  const [before, best, after] = [costs[at - 1], costs[at]!, costs[at + 1]];
  if (before === undefined || after === undefined) return tilts[at]!;
  // The bottom of the parabola through the best step and its neighbours.
  const bend = before - 2 * best + after;
  return tilts[at]! + (bend > 0 ? (step * (before - after)) / (2 * bend) : 0);
}

/** Known products that stand on two rows or more, by their facings that the frame does not cut. */
function productWidths(facings: readonly Facing[], rowOf: ReadonlyMap<string, number>, plane: RowPlane): EqualWidths[] {
  const products = new Map<string, Map<number, PlaneSpan[]>>();
  for (const facing of facings) {
    const productId = knownProductOf(facing);
    const row = rowOf.get(facing.id);
    if (productId === null || row === undefined || isCut(facing)) continue;
    const rows = products.get(productId) ?? new Map<number, PlaneSpan[]>();
    products.set(productId, rows);
    rows.set(row, [...(rows.get(row) ?? []), planeSpan(plane, facing.box)]);
  }
  return [...products.values()].filter(({ size }) => size > 1).map((rows) => ({ noise: WIDTH_NOISE, rows: [...rows.values()] }));
}

/** From the first to the last thing of each row whose ends are in the photo. */
function shelfEnds(
  facings: readonly Facing[],
  { layout }: Pick<ShelfReading, 'layout'>,
  rowOf: ReadonlyMap<string, number>,
  plane: RowPlane,
): EqualWidths[] {
  const things = [
    ...facings.flatMap(({ id, box }) => (rowOf.has(id) ? [{ row: rowOf.get(id)!, box }] : [])),
    ...layout.gaps.map(({ row, box }) => ({ row, box })),
  ];
  const rows = [...new Set(things.map(({ row }) => row))].flatMap((row): PlaneSpan[][] => {
    const inRow = things.filter((thing) => thing.row === row);
    if (inRow.length < 2 || inRow.some(isCut)) return [];
    const spans = inRow.map(({ box }) => planeSpan(plane, box));
    const ends = [
      spans.reduce((best, span) => (span.left < best.left ? span : best)),
      spans.reduce((best, span) => (span.right > best.right ? span : best)),
    ] as const;
    return [
      [
        {
          left: ends[0].left,
          right: ends[1].right,
          top: Math.min(ends[0].top, ends[1].top),
          bottom: Math.max(ends[0].bottom, ends[1].bottom),
        },
      ],
    ];
  });
  return rows.length < MIN_ROWS_OF_ENDS ? [] : [{ noise: EXTENT_NOISE, rows }];
}

/** How unlike the widths of the rows are; one row that is off costs no more than a little (Geman & McClure 1987). */
function disagreement(rows: EqualWidths['rows'], tilt: number, noise: number): number {
  const measured = rows.map((spans) => ({
    width: median(spans.map((span) => Math.log(Math.max(1e-6, widthInShop(tilt, span))))),
    weight: Math.min(MAX_VOICES, spans.length),
  }));
  const middle = median(measured.map(({ width }) => width));
  return measured.reduce((sum, { width, weight }) => {
    const off = ((width - middle) / noise) ** 2;
    return sum + (weight * off) / (1 + off / 8);
  }, 0);
}

function isCut({ box: { x, width } }: { readonly box: Facing['box'] }): boolean {
  return x < EDGE || x + width > 1 - EDGE;
}
