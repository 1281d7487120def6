/** @file A view turned so that its lines of text run to the right, whichever way they are written. Thread: vision worker or Node. */
import type { Point } from '../../src/contracts/geometry.ts';
import type { Frame } from '../../src/contracts/media.ts';
import type { Corners, TextRegion } from '../../src/core/text/text-regions.ts';
import { sidesOf } from './text-strips.ts';

/** Boxes this much taller than wide hold a column of upright characters. */
const COLUMN_ASPECT = 2;

/**
 * [Note: Turned page] A page of vertical writing is turned a quarter to the left: its columns become rows from top to bottom, and
 * order, tables, rules and headings are found as on any other page. Only the reading of a line differs.
 */
export interface TextPage {
  readonly frame: Frame;
  readonly isVertical: boolean;
  /** Pixels of the page → pixels of the view. */
  toView(point: Point): Point;
  /** Corners of a line of the page → the same, clockwise from the top left of its upright characters. */
  upright(corners: Corners): Corners;
}

/** @returns the page, and the regions in its pixels, corners clockwise from its top left. */
export function openPage(view: Frame, regions: readonly TextRegion[]): { page: TextPage; found: Corners[] } {
  const found = regions.map(({ corners }) => corners);
  const areaOf = (some: readonly Corners[]): number =>
    some.reduce((sum, corners) => sum + sidesOf(corners).width * sidesOf(corners).height, 0);
  if (areaOf(found.filter(isTall)) <= areaOf(found) / 2)
    return { page: { frame: view, isVertical: false, toView: (point) => point, upright: (corners) => corners }, found };
  const page: TextPage = {
    frame: turnLeft(view),
    isVertical: true,
    toView: ({ x, y }) => ({ x: view.widthPx - y, y: x }),
    upright: ([a, b, c, d]) => [d, a, b, c],
  };
  const toPage = ({ x, y }: Point): Point => ({ x: y, y: view.widthPx - x });
  return { page, found: found.map(([a, b, c, d]) => [toPage(b), toPage(c), toPage(d), toPage(a)] as const) };
}

/** True for a box that is far taller than wide. */
export function isTall(corners: Corners): boolean {
  const { width, height } = sidesOf(corners);
  return height > width * COLUMN_ASPECT;
}

/** True when a line of the page is a column of vertical writing: along a turned page, across another. */
export function isColumn(corners: Corners, page: TextPage): boolean {
  return isTall(corners) !== page.isVertical;
}

function turnLeft({ widthPx, heightPx, data }: Frame): Frame {
  const from = new Uint32Array(data.buffer, data.byteOffset, widthPx * heightPx);
  const to = new Uint32Array(widthPx * heightPx);
  for (let y = 0; y < heightPx; y++) for (let x = 0; x < widthPx; x++) to[(widthPx - 1 - x) * heightPx + y] = from[y * widthPx + x]!;
  return { widthPx: heightPx, heightPx: widthPx, data: new Uint8ClampedArray(to.buffer) };
}
