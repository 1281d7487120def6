/** @file The order in which a person reads lines: columns, rows, and left to right, with tables kept whole. Pure; any thread. */

/** An upright box in pixels of the deskewed image. */
export interface UprightBox {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
}

interface Unit extends UprightBox {
  /** Indices of the lines in it, already ordered. */
  readonly lines: readonly number[];
}

/** Share of the smaller height that two boxes share when they stand in one row. */
const SAME_ROW = 0.45;

/**
 * @param boxes of lines. @param groups lines that stay together, each already in order.
 * @returns indices of `boxes` in reading order.
 * Source: Nagy and Seth 1984, recursive X-Y cut.
 */
export function readingOrder(boxes: readonly UprightBox[], groups: readonly (readonly number[])[] = []): number[] {
  const isGrouped = new Set(groups.flat());
  const units: Unit[] = boxes.flatMap((box, index) => (isGrouped.has(index) ? [] : [{ ...box, lines: [index] }]));
  for (const group of groups) if (group.length > 0) units.push({ ...boundsOf(group.map((index) => boxes[index]!)), lines: group });
  return orderUnits(units);
}

function orderUnits(units: readonly Unit[]): number[] {
  if (units.length <= 1) return units.flatMap(({ lines }) => lines);
  const columns = groupBy(units, overlapsAcross);
  if (columns.length > 1 && areTextColumns(columns)) return byLeft(columns).flatMap(orderUnits);
  const rows = groupBy(units, isSameRow);
  if (rows.length > 1) return byTop(rows).flatMap(orderUnits);
  if (columns.length > 1) return byLeft(columns).flatMap(orderUnits);
  return [...units].sort((a, b) => (isSameRow(a, b) && isBeside(a, b) ? a.x0 - b.x0 : a.y0 - b.y0)).flatMap(({ lines }) => lines);
}

/** Columns of running text (not headings beside values, nor nutrients beside amounts): every one has several long lines. */
function areTextColumns(columns: readonly (readonly Unit[])[]): boolean {
  return columns.every((column) => {
    const long = column.filter(({ x0, y0, x1, y1, lines }) => x1 - x0 > 9 * ((y1 - y0) / Math.max(1, lines.length)) || lines.length > 2);
    return column.length >= 3 && long.length >= 2;
  });
}

function isSameRow(a: UprightBox, b: UprightBox): boolean {
  const shared = Math.min(a.y1, b.y1) - Math.max(a.y0, b.y0);
  return shared > SAME_ROW * Math.min(a.y1 - a.y0, b.y1 - b.y0);
}

function isBeside(a: UprightBox, b: UprightBox): boolean {
  const shared = Math.min(a.x1, b.x1) - Math.max(a.x0, b.x0);
  return shared < 0.4 * Math.min(a.x1 - a.x0, b.x1 - b.x0);
}

function overlapsAcross(a: UprightBox, b: UprightBox): boolean {
  const shared = Math.min(a.x1, b.x1) - Math.max(a.x0, b.x0);
  return shared > 0.05 * Math.min(a.x1 - a.x0, b.x1 - b.x0);
}

/** Connected groups of the relation. */
function groupBy(units: readonly Unit[], isRelated: (a: Unit, b: Unit) => boolean): Unit[][] {
  const groups: Unit[][] = [];
  for (const unit of units) {
    const joined = groups.filter((group) => group.some((other) => isRelated(unit, other)));
    const merged = [...joined.flat(), unit];
    for (const group of joined) groups.splice(groups.indexOf(group), 1);
    groups.push(merged);
  }
  return groups;
}

function boundsOf(boxes: readonly UprightBox[]): UprightBox {
  return {
    x0: Math.min(...boxes.map(({ x0 }) => x0)),
    y0: Math.min(...boxes.map(({ y0 }) => y0)),
    x1: Math.max(...boxes.map(({ x1 }) => x1)),
    y1: Math.max(...boxes.map(({ y1 }) => y1)),
  };
}

function byTop(groups: readonly Unit[][]): Unit[][] {
  return [...groups].sort((a, b) => boundsOf(a).y0 - boundsOf(b).y0);
}

function byLeft(groups: readonly Unit[][]): Unit[][] {
  return [...groups].sort((a, b) => boundsOf(a).x0 - boundsOf(b).x0);
}
