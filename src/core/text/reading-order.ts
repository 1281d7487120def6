/** @file The order in which a person reads the lines of a label: table cells first, then columns, rows, and left to right. Pure; any thread. */
import { ruleAt, type TableRules } from './table-rules.ts';

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
 * @param boxes of lines. @param rules of the same image. @param groups lines that stay together, each already in order.
 * @returns indices of `boxes` in reading order.
 * Source: Nagy and Seth 1984, recursive X-Y cut, with table cells taken as one unit.
 */
export function readingOrder(boxes: readonly UprightBox[], rules: TableRules, groups: readonly (readonly number[])[] = []): number[] {
  const cells = new Map<string, { cell: UprightBox; lines: number[] }>();
  const units: Unit[] = [];
  const isGrouped = new Set(groups.flat());
  for (const group of groups) if (group.length > 0) units.push({ ...boundsOf(group.map((index) => boxes[index]!)), lines: group });
  boxes.forEach((box, index) => {
    if (isGrouped.has(index)) return;
    const cell = cellOf(box, rules);
    if (cell === null) {
      units.push({ ...box, lines: [index] });
      return;
    }
    const key = `${cell.x0} ${cell.y0} ${cell.x1} ${cell.y1}`;
    const known = cells.get(key);
    if (known === undefined) cells.set(key, { cell, lines: [index] });
    else known.lines.push(index);
  });
  for (const { lines } of cells.values()) {
    const inside = lines.map((index) => ({ ...boxes[index]!, lines: [index] }));
    const bounds = boundsOf(inside);
    units.push({ ...bounds, lines: orderUnits(inside) });
  }
  // Cells of one table row become one unit each side by side: stretch them to their row so that heading and value share it.
  return orderUnits(units.map((unit) => stretchToRow(unit, boxes, rules, isGrouped)));
}

/** Smallest cell of the rules around a box's middle; null unless a rule lies above and one below. */
function cellOf(box: UprightBox, { horizontal, vertical }: TableRules): UprightBox | null {
  const x = (box.x0 + box.x1) / 2;
  const y = (box.y0 + box.y1) / 2;
  const slack = (box.y1 - box.y0) * 0.5;
  // Nearest rules at the box's own place; the cell is named by the rules' middles, so that its lines agree.
  let topAt = -Infinity;
  let bottomAt = Infinity;
  let top = -Infinity;
  let bottom = Infinity;
  for (const rule of horizontal) {
    if (rule.from > x + slack || rule.to < x - slack) continue;
    const at = ruleAt(rule, x);
    if (at <= y && at > topAt) [topAt, top] = [at, rule.at];
    if (at > y && at < bottomAt) [bottomAt, bottom] = [at, rule.at];
  }
  if (top === -Infinity || bottom === Infinity) return null;
  let leftAt = -Infinity;
  let rightAt = Infinity;
  let left = -Infinity;
  let right = Infinity;
  for (const rule of vertical) {
    if (rule.from > y || rule.to < y) continue;
    const at = ruleAt(rule, y);
    if (at <= x && at > leftAt) [leftAt, left] = [at, rule.at];
    if (at > x && at < rightAt) [rightAt, right] = [at, rule.at];
  }
  return { x0: left, y0: top, x1: right, y1: bottom };
}

function stretchToRow(unit: Unit, boxes: readonly UprightBox[], rules: TableRules, isGrouped: ReadonlySet<number>): Unit {
  const [first] = unit.lines;
  if (unit.lines.some((index) => isGrouped.has(index))) return unit;
  const cell = first === undefined ? null : cellOf(boxes[first]!, rules);
  return cell === null ? unit : { ...unit, y0: cell.y0, y1: cell.y1 };
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
  return shared < 0.2 * Math.min(a.x1 - a.x0, b.x1 - b.x0);
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
