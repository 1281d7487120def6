/**
 * @file The table of a 一括表示, found by its headings (名称, 原材料名 …) rather than by its rules, which many labels do not print.
 * Pure; any thread.
 */
import type { UprightBox } from './reading-order.ts';
import { ruleAt, type Rule } from './table-rules.ts';

/** One line as read, in pixels of the deskewed image. */
export interface ReadLine {
  readonly box: UprightBox;
  readonly text: string;
  /** Height of its middle at its left and right end: lines of a photo are not quite level. */
  readonly leftY: number;
  readonly rightY: number;
}

/** Headings that stand in a column of their own. Source: 食品表示基準 (Food Labelling Standards), 別記様式 and common practice. */
const HEADINGS = new Set(
  (
    '名称 品名 種類別 種類別名称 種類 原材料名 原材料 原料名 添加物 内容量 固形量 内容総量 賞味期限 消費期限 保存方法 使用方法 調理方法 召し上がり方 ' +
    'お召し上がり方 使用上の注意 使用上の注意事項 製造者 製造所 販売者 加工者 加工所 輸入者 輸入元 製造元 販売元 発売元 原産国名 原産国 原料原産地名 ' +
    '殺菌方法 凍結前加熱の有無 加熱調理の必要性 アレルギー物質 アレルゲン 内容個数 無脂乳固形分 乳脂肪分 植物性脂肪分 保存温度 製造年月日 加工年月日 産地名 ' +
    '商品名 製品名 でん粉含有率 果汁'
  ).split(' '),
);

/** Length in characters of the heading that a text begins with; 0 for none. Spaces within the heading (`名 称`) count. */
export function headingLength(characters: readonly string[]): number {
  let letters = '';
  let best = 0;
  for (let i = 0; i < Math.min(characters.length, 14); i++) {
    if (characters[i]!.trim() === '') continue;
    letters += characters[i]!;
    if (HEADINGS.has(letters)) best = i + 1;
  }
  return best;
}

/** Lines this long, relative to the longest, that begin below the headings are wrapped running text. */
const WRAPPED_SHARE = 0.9;

function isHeading(text: string): boolean {
  // Rules beside a heading are read as signs; a bullet or bracket before it belongs to running text.
  return !/^[【〔［[●■◆・]/u.test(text) && HEADINGS.has(text.replaceAll(/[^\p{L}]/gu, ''));
}

/**
 * @param lines all lines of the label. @param barriers vertical rules.
 * @param valueSlack how far values of one column may begin from each other, in line heights.
 * @returns indices of the lines of the table in reading order (each heading, then its value lines); empty when there is no table.
 */
export function readHeadingTable(lines: readonly ReadLine[], barriers: readonly Rule[] = [], valueSlack = 0.6): number[] {
  // Perspective leans the left edge of a table: try how much, and keep the lean that lines up most headings.
  let best: { lean: number; headings: number[] } = { lean: 0, headings: [] };
  for (const lean of LEANS) {
    const headings = alignedHeadings(lines.map((line) => uprighted(line, lean)));
    if (headings.length > best.headings.length) best = { lean, headings };
  }
  if (best.headings.length < 2) return [];
  return orderTable(
    lines.map((line) => uprighted(line, best.lean)),
    best.headings,
    (before, after) => barriers.some((rule) => isBetween(rule, before, after, lines)),
    valueSlack,
  );
}

/** Horizontal shift per pixel of height; upright first, so that it wins a tie. */
const LEANS = [0, 0.03, -0.03, 0.06, -0.06, 0.1, -0.1, 0.15, -0.15];

function uprighted(line: ReadLine, lean: number): ReadLine {
  const shift = -lean * middleOf(line.box);
  return { ...line, box: { ...line.box, x0: line.box.x0 + shift, x1: line.box.x1 + shift } };
}

/** True when a vertical rule stands between the end of one line and the start of another on the same row. */
function isBetween(rule: Rule, before: number, after: number, lines: readonly ReadLine[]): boolean {
  const y = lines[after]!.leftY;
  const x = ruleAt(rule, y);
  const height = heightOf(lines[after]!.box);
  return rule.from < y && rule.to > y && x > lines[before]!.box.x1 - height * 0.6 && x < lines[after]!.box.x0 + height * 0.6;
}

function orderTable(
  lines: readonly ReadLine[],
  headings: readonly number[],
  isBarred: (before: number, after: number) => boolean,
  valueSlack: number,
): number[] {
  const lineHeight = median(headings.map((i) => heightOf(lines[i]!.box)));
  const values = valueLines(lines, headings, lineHeight, isBarred, valueSlack);
  if (values.length === 0) return [];
  const rows = toRows(values, lines);
  const centres = headings.map((i) => lines[i]!.rightY);
  const top = partition(centres, rows, lines, lineHeight, 'top');
  const middle = partition(centres, rows, lines, lineHeight, 'middle');
  const { bounds } = middle.cost < top.cost ? middle : top;
  return headings.flatMap((heading, k) => [heading, ...rows.slice(bounds[k], bounds[k + 1]).flat()]);
}

/** The largest set of heading lines that share a left edge, top to bottom. */
function alignedHeadings(lines: readonly ReadLine[]): number[] {
  const all = lines.flatMap(({ text }, i) => (isHeading(text) ? [i] : []));
  let best: number[] = [];
  for (const anchor of all) {
    const { box } = lines[anchor]!;
    const slack = heightOf(box) * 1.1;
    // Headings are set flush left, or spread and centred over their column.
    const aligned = all.filter((i) => {
      const other = lines[i]!.box;
      return Math.abs(other.x0 - box.x0) < slack || Math.abs((other.x0 + other.x1) / 2 - (box.x0 + box.x1) / 2) < slack;
    });
    if (aligned.length > best.length) best = aligned;
  }
  return best.sort((a, b) => lines[a]!.box.y0 - lines[b]!.box.y0);
}

/** Lines flush with the column to the right of the headings, and what continues them on the same row. */
function valueLines(
  lines: readonly ReadLine[],
  headings: readonly number[],
  lineHeight: number,
  isBarred: (before: number, after: number) => boolean,
  valueSlack: number,
): number[] {
  const isTaken = new Set(headings);
  const neighbours = headings.flatMap((heading) => {
    const { box } = lines[heading]!;
    const right = lines
      .map((line, i) => ({ line, i }))
      .filter(
        ({ line, i }) =>
          !isTaken.has(i) && line.box.x0 > box.x1 - lineHeight * 0.7 && Math.abs(middleOf(line.box) - middleOf(box)) < lineHeight * 0.8,
      )
      .sort((a, b) => a.line.box.x0 - b.line.box.x0)[0];
    return right === undefined ? [] : [right.line.box.x0];
  });
  if (neighbours.length === 0) return [];
  const left = median(neighbours);
  // Running text wraps below its headings, and its values begin wherever their heading ends.
  const top = lines[headings[0]!]!.box.y0;
  const bottom = lines[headings[headings.length - 1]!]!.box.y1;
  const widest = Math.max(...lines.map(({ box }) => box.x1 - box.x0));
  const isWrapped = lines.some(
    ({ box }, i) =>
      !isTaken.has(i) && box.y0 > top && box.y1 < bottom && box.x0 < left - lineHeight * 2 && box.x1 - box.x0 > widest * WRAPPED_SHARE,
  );
  if (isWrapped) return [];
  if (neighbours.filter((x0) => Math.abs(x0 - left) < lineHeight * valueSlack).length < neighbours.length * 0.6) return [];
  const headingRight = Math.max(...headings.map((i) => lines[i]!.box.x1));
  if (left < headingRight - lineHeight) return [];
  const flush = lines
    .flatMap(({ box }, i) => (!isTaken.has(i) && Math.abs(box.x0 - left) < lineHeight * 1.3 ? [i] : []))
    .sort((a, b) => lines[a]!.box.y0 - lines[b]!.box.y0);
  const first = lines[headings[0]!]!.rightY;
  const last = lines[headings[headings.length - 1]!]!.rightY;
  const values = new Set(flush.filter((i) => lines[i]!.leftY > first - lineHeight * 0.7 && lines[i]!.leftY < last + lineHeight * 0.7));
  // What stands beside something else than a heading is no value.
  const hasLeftNeighbour = (i: number): boolean =>
    lines.some(
      (line, j) =>
        j !== i &&
        !isTaken.has(j) &&
        line.box.x0 < left - lineHeight &&
        line.box.x1 < lines[i]!.box.x0 + lineHeight &&
        Math.abs(line.rightY - lines[i]!.leftY) < lineHeight * 0.4,
    );
  // Values of the first and last heading may reach beyond it: follow the lines without a gap.
  for (const step of [1, -1] as const) {
    const ordered = step === 1 ? flush : flush.toReversed();
    let edge =
      step === 1
        ? Math.max(...[...values].map((i) => lines[i]!.box.y1), last)
        : Math.min(...[...values].map((i) => lines[i]!.box.y0), first);
    for (const i of ordered) {
      if (values.has(i)) continue;
      const { box } = lines[i]!;
      const gap = step === 1 ? box.y0 - edge : edge - box.y1;
      if (gap < -lineHeight || gap > lineHeight * 0.75 || hasLeftNeighbour(i)) continue;
      values.add(i);
      edge = step === 1 ? box.y1 : box.y0;
    }
  }
  // Pieces to the right that continue a value line.
  let isGrowing = true;
  while (isGrowing) {
    isGrowing = false;
    for (const [i, { box, leftY }] of lines.entries()) {
      if (values.has(i) || isTaken.has(i) || box.x0 < left) continue;
      const continues = [...values].some((other) => {
        const before = lines[other]!.box;
        return (
          Math.abs(lines[other]!.rightY - leftY) < lineHeight * 0.45 &&
          box.x0 - before.x1 < lineHeight * 1.3 &&
          !isBarred(other, i) &&
          box.x0 > before.x1 - lineHeight
        );
      });
      if (!continues) continue;
      values.add(i);
      isGrowing = true;
    }
  }
  return [...values];
}

/** Lines of one height side by side, left to right; rows top to bottom. */
function toRows(values: readonly number[], lines: readonly ReadLine[]): number[][] {
  const rows: number[][] = [];
  // Left ends first: a row grows to the right, from line end to line start.
  const pending = [...values].sort((a, b) => lines[a]!.box.x0 - lines[b]!.box.x0);
  for (const i of pending) {
    const { box, leftY } = lines[i]!;
    const row = rows.find((there) => {
      const last = lines[there[there.length - 1]!]!;
      return last.box.x1 < box.x0 + heightOf(box) && Math.abs(last.rightY - leftY) < heightOf(box) * 0.5;
    });
    if (row === undefined) rows.push([i]);
    else row.push(i);
  }
  rows.sort((a, b) => lines[a[0]!]!.leftY - lines[b[0]!]!.leftY);
  return rows;
}

/**
 * Which rows belong to which heading: a split of the rows, in order, in which each heading stands beside the first row of its
 * share (`top`) or beside the middle of it (`middle`). Dynamic programming over the bounds.
 */
function partition(
  centres: readonly number[],
  rows: readonly (readonly number[])[],
  lines: readonly ReadLine[],
  lineHeight: number,
  mode: 'top' | 'middle',
): { cost: number; bounds: number[] } {
  const at = rows.map((row) => lines[row[0]!]!.leftY);
  const n = rows.length;
  const headings = centres.length;
  // Lines of one value stand closer than rows of the table do, where rows are set apart at all.
  const pitches = at.map((y, j) => (j === 0 ? Infinity : y - at[j - 1]!));
  const closest = [...pitches].sort((p, q) => p - q)[Math.floor((n - 1) * 0.2)] ?? 0;
  const boundCost = (j: number): number => (j > 0 && j < n && pitches[j]! < closest * 1.1 ? 0.35 : 0);
  const best: number[][] = Array.from({ length: headings + 1 }, () => new Array<number>(n + 1).fill(Infinity));
  const from: number[][] = Array.from({ length: headings + 1 }, () => new Array<number>(n + 1).fill(0));
  best[0]![0] = 0;
  for (let k = 1; k <= headings; k++)
    for (let end = 0; end <= n; end++)
      for (let start = 0; start <= end; start++) {
        const before = best[k - 1]![start]!;
        if (before === Infinity) continue;
        const place = start === end ? null : mode === 'top' ? at[start]! : (at[start]! + at[end - 1]!) / 2;
        const total = before + (place === null ? 1.5 : Math.abs(place - centres[k - 1]!) / lineHeight) + boundCost(start);
        if (total >= best[k]![end]!) continue;
        best[k]![end] = total;
        from[k]![end] = start;
      }
  const bounds = new Array<number>(headings + 1).fill(n);
  for (let k = headings; k > 0; k--) bounds[k - 1] = from[k]![bounds[k]!]!;
  return { cost: best[headings]![n]!, bounds };
}

function middleOf({ y0, y1 }: UprightBox): number {
  return (y0 + y1) / 2;
}

function heightOf({ y0, y1 }: UprightBox): number {
  return y1 - y0;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
