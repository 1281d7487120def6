/** @file A visit on one page of A4: drawn at print resolution, with its words where they stand. Thread: page. */
import { AppError } from '../contracts/errors.ts';
import type { BayReport, VisitReport } from '../contracts/visit-report.ts';
import { shareName, type TableWords } from '../core/shelf/visit-tables.ts';
import { fitted } from './annotated-picture.ts';
import type { DrawnPage, TextRun } from './picture-pdf.ts';

/** What the page says beside the words of the tables. */
export interface PageWords extends TableWords {
  readonly title: string;
  readonly foot: string;
  /** On an empty place of the photo. */
  readonly gap: string;
  /** From the first photo to the last report. */
  readonly stopwatch: string;
  /** e.g. `12 s` or `3 min 5 s`. */
  readonly duration: (ms: number) => string;
  readonly dateTime: (atMs: number) => string;
  readonly percent: (share01: number) => string;
  /** Of what did not fit, e.g. `and 7 more`. */
  readonly more: (count: number) => string;
}

/** A4 at 200 dots an inch. */
const WIDTH = 1654;
const HEIGHT = 2339;
const MARGIN = 110;
const FAMILY = "system-ui, 'Hiragino Sans', 'Yu Gothic UI', 'Noto Sans JP', 'Noto Sans CJK JP', sans-serif";
const INK = '#191b1f';
const SOFT = '#55585f';
const LINE = '#d7d9de';
const ACCENT = '#1d4ed8';
const MAX_BAYS = 10;
const SHARE_HEIGHT = 62;
const FIX_HEIGHT = 76;
/** Above the last line of the page. */
const BOTTOM = HEIGHT - 120;

/**
 * @param picture of a bay with its boxes; null: none.
 * @throws AppError('out-of-memory')
 */
export async function reportPage(report: VisitReport, words: PageWords, picture: Blob | null): Promise<DrawnPage> {
  const canvas = new OffscreenCanvas(WIDTH, HEIGHT);
  const context = canvas.getContext('2d');
  if (context === null) throw new AppError('out-of-memory', 'no canvas for the page');
  const pen = new Pen(context);
  context.fillStyle = '#ffffff';
  context.fillRect(0, 0, WIDTH, HEIGHT);
  let y = drawHead(pen, report, words);
  if (picture !== null) y = await drawPicture(context, picture, y);
  y = drawBays(pen, report, words, y);
  const left = drawShares(pen, report, words, y);
  drawFixes(pen, report, words, y, left);
  pen.write(words.foot, MARGIN, HEIGHT - 60, { sizePx: 24, colour: SOFT });
  const jpeg = await (await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.85 })).arrayBuffer();
  return { jpeg: new Uint8Array(jpeg), widthPx: WIDTH, heightPx: HEIGHT, runs: pen.runs };
}

interface Style {
  readonly sizePx: number;
  readonly weight?: number;
  readonly colour?: string;
  readonly widthPx?: number;
  readonly align?: 'left' | 'right';
}

/** Writes words and remembers where. */
class Pen {
  readonly context: OffscreenCanvasRenderingContext2D;
  readonly runs: TextRun[] = [];

  constructor(context: OffscreenCanvasRenderingContext2D) {
    this.context = context;
  }

  /** @param y base line. */
  write(
    text: string,
    x: number,
    y: number,
    { sizePx, weight = 400, colour = INK, widthPx = WIDTH - MARGIN - x, align = 'left' }: Style,
  ): void {
    this.context.font = `${weight} ${sizePx}px ${FAMILY}`;
    this.context.fillStyle = colour;
    const shown = fitted(this.context, text, widthPx);
    if (shown === '') return;
    const width = this.context.measureText(shown).width;
    const at = align === 'right' ? x - width : x;
    this.context.fillText(shown, at, y);
    this.runs.push({ text: shown, xPx: at, yPx: y, sizePx, widthPx: width });
  }

  rule(y: number): void {
    this.context.fillStyle = LINE;
    this.context.fillRect(MARGIN, y, WIDTH - 2 * MARGIN, 2);
  }

  bar(x: number, y: number, widthPx: number, heightPx: number, colour: string): void {
    this.context.fillStyle = colour;
    this.context.fillRect(x, y, widthPx, heightPx);
  }
}

function drawHead(pen: Pen, { shop, visit, stopwatch, bays }: VisitReport, words: PageWords): number {
  pen.write(words.title, MARGIN, 150, { sizePx: 34, colour: SOFT });
  pen.write(shop.name, MARGIN, 215, { sizePx: 58, weight: 700 });
  const facts = [shop.address, visit.startedAtMs === null ? '' : words.dateTime(visit.startedAtMs), visit.who].filter(
    (each) => each !== '',
  );
  pen.write(facts.join(' · '), MARGIN, 268, { sizePx: 30, colour: SOFT });
  const sum = (of: (bay: BayReport) => number): number => bays.reduce((total, bay) => total + of(bay), 0);
  const compared = bays.flatMap(({ compliance }) => compliance ?? []);
  const expected = compared.reduce((total, each) => total + each.expectedFacings, 0);
  const right = compared.reduce((total, each) => total + each.rightFacings, 0);
  const figures: readonly (readonly [string, string])[] = [
    [words.facings, String(sum(({ facings }) => facings))],
    [words.unknown, String(sum(({ unknown }) => unknown))],
    [words.gaps, String(sum(({ gaps }) => gaps))],
    [words.compliance, expected === 0 ? '–' : words.percent(right / expected)],
    [words.stopwatch, stopwatch?.reportAtMs == null ? '–' : words.duration(stopwatch.reportAtMs - stopwatch.captureAtMs)],
  ];
  const width = (WIDTH - 2 * MARGIN) / figures.length;
  figures.forEach(([name, value], index) => {
    pen.write(value, MARGIN + index * width, 360, { sizePx: 52, weight: 700, widthPx: width - 20 });
    pen.write(name, MARGIN + index * width, 400, { sizePx: 26, colour: SOFT, widthPx: width - 20 });
  });
  pen.rule(430);
  return 460;
}

async function drawPicture(context: OffscreenCanvasRenderingContext2D, picture: Blob, y: number): Promise<number> {
  const bitmap = await createImageBitmap(picture).catch(() => null);
  if (bitmap === null) return y;
  const scale = Math.min((WIDTH - 2 * MARGIN) / bitmap.width, 640 / bitmap.height);
  const width = bitmap.width * scale;
  // A closed bitmap has no size any more.
  const height = bitmap.height * scale;
  context.drawImage(bitmap, (WIDTH - width) / 2, y, width, height);
  bitmap.close();
  return y + height + 40;
}

function drawBays(pen: Pen, { bays }: VisitReport, words: PageWords, from: number): number {
  const columns = [words.facings, words.products, words.unknown, words.gaps, words.compliance] as const;
  const right = (index: number): number => WIDTH - MARGIN - (columns.length - 1 - index) * 190;
  let y = from + 30;
  pen.write(words.bay, MARGIN, y, { sizePx: 26, weight: 700 });
  columns.forEach((name, index) => pen.write(name, right(index), y, { sizePx: 26, weight: 700, align: 'right', widthPx: 180 }));
  pen.rule(y + 14);
  for (const bay of bays.slice(0, MAX_BAYS)) {
    y += 48;
    const score = bay.compliance === null ? '–' : words.percent(bay.compliance.score01);
    pen.write(bay.bayName, MARGIN, y, { sizePx: 28, widthPx: 460 });
    [String(bay.facings), String(bay.products), String(bay.unknown), String(bay.gaps), score].forEach((value, index) =>
      pen.write(value, right(index), y, { sizePx: 28, align: 'right', widthPx: 180 }),
    );
  }
  if (bays.length > MAX_BAYS) pen.write(words.more(bays.length - MAX_BAYS), MARGIN, (y += 44), { sizePx: 26, colour: SOFT });
  return y + 70;
}

/** @returns where the next column begins. */
function drawShares(pen: Pen, report: VisitReport, words: PageWords, from: number): number {
  const width = (WIDTH - 2 * MARGIN) * 0.42;
  const { by, shares } = largestShares(report, words);
  let y = from;
  pen.write(`${words.tables.shares}: ${words.shareKinds[by]}`, MARGIN, y, { sizePx: 30, weight: 700, widthPx: width });
  const most = shares[0]?.share01 ?? 1;
  for (const { name, share01 } of shares.slice(0, Math.floor((BOTTOM - from) / SHARE_HEIGHT))) {
    y += SHARE_HEIGHT;
    pen.write(name, MARGIN, y - 18, { sizePx: 26, widthPx: width - 120 });
    pen.write(words.percent(share01), MARGIN + width, y - 18, { sizePx: 26, align: 'right', widthPx: 110 });
    pen.bar(MARGIN, y - 8, width, 10, LINE);
    pen.bar(MARGIN, y - 8, (width * share01) / Math.max(most, 1e-6), 10, ACCENT);
  }
  return MARGIN + width + 80;
}

/** By brand where brands are known, else by product. */
function largestShares({ bays }: VisitReport, words: PageWords) {
  const by = bays.some(({ shares }) => shares.some((share) => share.by === 'brand' && share.key !== '')) ? 'brand' : 'product';
  const sums = new Map<string, number>();
  const all = bays.reduce((total, { facings }) => total + facings, 0);
  for (const { shares } of bays)
    for (const share of shares) {
      if (share.by !== by) continue;
      const name = shareName(by, share.key, share.name, words);
      sums.set(name, (sums.get(name) ?? 0) + share.facings);
    }
  const shares = [...sums]
    .map(([name, facings]) => ({ name, share01: all === 0 ? 0 : facings / all }))
    .sort((a, b) => b.share01 - a.share01);
  return { by, shares } as const;
}

function drawFixes(pen: Pen, { bays }: VisitReport, words: PageWords, from: number, x: number): void {
  const fixes = bays.flatMap(({ bayName, fixes: each }) => each.map((fix) => ({ bayName, fix })));
  pen.write(words.tables.fixes, x, from, { sizePx: 30, weight: 700 });
  // One line is left for what does not fit.
  const room = Math.floor((BOTTOM - 40 - from) / FIX_HEIGHT);
  let y = from;
  for (const { bayName, fix } of fixes.slice(0, room)) {
    y += 46;
    const sign = fix.state === 'open' ? '□' : '☑';
    const at = fix.expected ?? fix.found;
    const place = at === null ? bayName : `${bayName}, ${words.place(at.row + 1, at.position + 1, at.facings)}`;
    pen.write(`${sign} ${words.actions[fix.action]}: ${fix.name}`, x, y, { sizePx: 25 });
    pen.write(place, x + 34, (y += 30), { sizePx: 21, colour: SOFT });
  }
  if (fixes.length > room) pen.write(words.more(fixes.length - room), x, y + 40, { sizePx: 24, colour: SOFT });
}
