/** @file Lines of text of a view: detected, cut where table rules cross them, kept off their neighbours. Thread: vision worker or Node. */
import type { Point } from '../../src/contracts/geometry.ts';
import type { Frame } from '../../src/contracts/media.ts';
import type { Runtime } from '../../src/contracts/runtime.ts';
import type { UprightBox } from '../../src/core/text/reading-order.ts';
import { findTableRules, ruleAt, type TableRules } from '../../src/core/text/table-rules.ts';
import type { Corners } from '../../src/core/text/text-regions.ts';
import { detectText, DETECTION_SIDE_PX } from './text-detection.ts';
import { levelLayout, type TextLayout } from './text-layout.ts';
import { isTall, openPage, type TextPage } from './text-page.ts';
import { lengthen, sidesOf } from './text-strips.ts';

/** Rows are read this much further at both ends, in line heights: detectors cut thin brackets off. */
const ROW_MARGIN = 0.12;
/** Columns begin with ● or 「 and end with 。, which detectors miss more often. */
const COLUMN_MARGIN = 0.9;
/** Pieces of a column are closer than this, in its widths. */
const JOIN_GAP = 0.3;
/** A box around one sign is no wider than this, in line heights. */
const SIGN_ASPECT = 1.4;

/** Unordered lines; corners in pixels of the page. */
export interface FoundLines {
  readonly page: TextPage;
  readonly lines: readonly Corners[];
  readonly rules: TableRules;
  readonly layout: TextLayout;
  /** Most of the lines. */
  readonly isLightOnDark: boolean;
}

/** @returns null where there is no text. @throws AppError('model-unavailable' | 'gpu-lost' | 'out-of-memory') */
export async function findLines(view: Frame, runtime: Runtime): Promise<FoundLines | null> {
  const regions = await detectText(view, runtime, DETECTION_SIDE_PX);
  if (regions.length === 0) return null;
  const { page, found } = openPage(view, regions);
  const rows = found.filter((corners) => !isTall(corners));
  const angleRad = median(rows.map(([a, b]) => Math.atan2(b.y - a.y, b.x - a.x)));
  const lineHeightPx = median(rows.map((corners) => sidesOf(corners).height)) || 20;
  const layout = levelLayout(page.frame, angleRad);
  const isLightOnDark = layout.isLightOnDark(found);
  const { widthPx, heightPx, data } = layout.image;
  const darkOnLight = isLightOnDark ? data.map((value) => 255 - value) : data;
  const rules = findTableRules({ widthPx, heightPx, data: darkOnLight }, lineHeightPx * layout.scale);
  const parts = found.flatMap((corners) => splitAtRules(corners, rules, layout));
  const split = separateNeighbours(joinPieces(parts, rules, layout, page.isVertical), layout);
  const lines = page.isVertical
    ? lengthenColumns(split, layout)
    : split.map((corners) => (isTall(corners) ? corners : lengthen(corners, ROW_MARGIN)));
  return { page, lines, rules, layout, isLightOnDark };
}

/**
 * Pieces in one line, without room or a rule between them, are joined: detectors break columns within characters, and rows only
 * after a ■ at their start.
 */
function joinPieces(lines: readonly Corners[], rules: TableRules, layout: TextLayout, isVertical: boolean): Corners[] {
  const joined: Corners[] = [];
  const pending = lines.map((corners) => ({ corners, box: layout.boxOf(corners) })).sort((p, q) => p.box.x0 - q.box.x0);
  for (const { corners, box } of pending) {
    const height = box.y1 - box.y0;
    const at = joined.findIndex((other) => {
      const before = layout.boxOf(other);
      const gap = box.x0 - before.x1;
      const isLevel = Math.abs(layout.endsOf(other).rightY - layout.endsOf(corners).leftY) < height * 0.25;
      const isAlike = isAlikeHigh(before, box);
      const isNear = gap < height * JOIN_GAP && box.x1 > before.x1 && gap > -height;
      if (!isVertical && before.x1 - before.x0 > height * SIGN_ASPECT) return false;
      return !isTall(other) && !isTall(corners) && isLevel && isAlike && isNear && !isRuled(before.x1, box.x0, box, rules);
    });
    if (at < 0) joined.push(corners);
    else joined[at] = joinedCorners(joined[at]!, corners);
  }
  return joined;
}

/** Boxes around one or two characters are lower than those around many. */
function isAlikeHigh(p: UprightBox, q: UprightBox): boolean {
  const [low, high] = [p, q].sort((a, b) => a.y1 - a.y0 - (b.y1 - b.y0)) as [UprightBox, UprightBox];
  const share = (low.y1 - low.y0) / (high.y1 - high.y0);
  return share > (low.x1 - low.x0 < (high.y1 - high.y0) * 2 ? 0.4 : 0.7);
}

/** From the start of one piece to the end of another, as high as the higher one all along. */
function joinedCorners(first: Corners, second: Corners): Corners {
  const from = between(first[0], first[3], 0.5);
  const to = between(second[1], second[2], 0.5);
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  const half = Math.max(sidesOf(first).height, sidesOf(second).height) / 2 / Math.max(1, length);
  const across = { x: -(to.y - from.y) * half, y: (to.x - from.x) * half };
  return [
    { x: from.x - across.x, y: from.y - across.y },
    { x: to.x - across.x, y: to.y - across.y },
    { x: to.x + across.x, y: to.y + across.y },
    { x: from.x + across.x, y: from.y + across.y },
  ];
}

/** True when a vertical rule crosses a line between two places, give or take half its height. */
function isRuled(from: number, to: number, { y0, y1 }: UprightBox, rules: TableRules): boolean {
  const middle = (y0 + y1) / 2;
  const play = (y1 - y0) / 2;
  return rules.vertical.some((rule) => {
    const at = ruleAt(rule, middle);
    return rule.from < middle && rule.to > middle && at > Math.min(from, to) - play && at < Math.max(from, to) + play;
  });
}

/** Columns reach into the room at their ends, and no further than half-way to their neighbours. */
function lengthenColumns(lines: readonly Corners[], layout: TextLayout): Corners[] {
  const boxes = lines.map((corners) => layout.boxOf(corners));
  return lines.map((corners, i) => {
    if (isTall(corners)) return corners;
    const box = boxes[i]!;
    const height = box.y1 - box.y0;
    let before = COLUMN_MARGIN * height;
    let after = before;
    for (const [j, other] of boxes.entries()) {
      const shared = Math.min(box.y1, other.y1) - Math.max(box.y0, other.y0);
      if (j === i || shared < 0.4 * Math.min(height, other.y1 - other.y0)) continue;
      if (other.x1 < (box.x0 + box.x1) / 2) before = Math.min(before, Math.max(0, (box.x0 - other.x1) / 2));
      if (other.x0 > (box.x0 + box.x1) / 2) after = Math.min(after, Math.max(0, (other.x0 - box.x1) / 2));
    }
    return lengthen(corners, before / height, after / height);
  });
}

/** Detections of one row may overlap by part of a character, which would be read twice: the right one begins where the left one ends. */
function separateNeighbours(lines: readonly Corners[], layout: TextLayout): Corners[] {
  const boxes = lines.map((corners) => layout.boxOf(corners));
  const ends = lines.map((corners) => layout.endsOf(corners));
  return lines.map((corners, i) => {
    const box = boxes[i]!;
    const height = box.y1 - box.y0;
    let from = box.x0;
    for (const [j, other] of boxes.entries()) {
      const isLeft = j !== i && other.x0 < box.x0 && other.x1 < box.x1 && other.x1 > box.x0;
      if (isLeft && other.x1 - box.x0 < height * 1.5 && Math.abs(ends[j]!.rightY - ends[i]!.leftY) < height * 0.4)
        from = Math.max(from, other.x1);
    }
    if (from === box.x0 || isTall(corners)) return corners;
    const [a, b, c, d] = corners;
    const share = (from - box.x0) / (box.x1 - box.x0);
    return [between(a, b, share), b, c, between(d, c, share)];
  });
}

/** Parts of a line on either side of the vertical rules that cross it. */
function splitAtRules(corners: Corners, rules: TableRules, layout: TextLayout): Corners[] {
  if (isTall(corners)) return [corners];
  const box = layout.boxOf(corners);
  const height = box.y1 - box.y0;
  const width = box.x1 - box.x0;
  const cuts = rules.vertical
    .filter((rule) => {
      const { from, to } = rule;
      const at = ruleAt(rule, (box.y0 + box.y1) / 2);
      const covered = Math.min(to, box.y1 - height * 0.2) - Math.max(from, box.y0 + height * 0.2);
      return covered > height * 0.5 && at > box.x0 + height * 0.5 && at < box.x1 - height * 0.5;
    })
    .map((rule) => (ruleAt(rule, (box.y0 + box.y1) / 2) - box.x0) / width)
    .sort((p, q) => p - q);
  if (cuts.length === 0) return [corners];
  const [a, b, c, d] = corners;
  const edges = [0, ...cuts, 1];
  const inset = (height / width) * 0.06;
  return edges.slice(1).map((end, i) => {
    const from = edges[i]! + (i > 0 ? inset : 0);
    const to = end - (i < cuts.length ? inset : 0);
    return [between(a, b, from), between(a, b, to), between(d, c, to), between(d, c, from)] as const;
  });
}

/** A point on the way from one to another. @param share of the way, 0..1. */
export function between(p: Point, q: Point, share: number): Point {
  return { x: p.x + (q.x - p.x) * share, y: p.y + (q.y - p.y) * share };
}

function median(values: readonly number[]): number {
  if (values.length === 0) return 0;
  const sorted = [...values].sort((p, q) => p - q);
  return sorted[Math.floor(sorted.length / 2)]!;
}
