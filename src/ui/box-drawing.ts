/** @file Boxes on a photo, drawn by the thousand: only what is in view, one path for each style. Thread: page. */
import type { Box } from '../contracts/geometry.ts';
import type { Placed } from './box-grid.ts';

/** How boxes of one kind look. Told apart by shape (dashes, hatching, a sign), never by colour alone. */
export interface BoxStyle {
  readonly stroke: string;
  /** Empty: none. */
  readonly fill: string;
  /** Lengths of dashes and spaces in CSS pixels; empty: a whole line. */
  readonly dash: readonly number[];
  readonly isHatched: boolean;
  /** Shown in the corner of boxes that are large enough; empty: none. */
  readonly sign: string;
}

/** A box with its style and words. */
export interface DrawnBox extends Placed {
  readonly style: string;
  /** Written into boxes that are large enough; empty: nothing. */
  readonly label: string;
}

/** Where the picture lies in the view, CSS pixels. */
export interface DrawnPlace {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Drawing {
  /** Boxes in view. */
  readonly boxes: readonly DrawnBox[];
  readonly styles: Readonly<Record<string, BoxStyle>>;
  readonly selected: ReadonlySet<string>;
  readonly place: DrawnPlace;
  /** With grips, when exactly one is selected. */
  readonly hasGrips: boolean;
  /** A box that is being drawn, moved or resized. */
  readonly draft: Box | null;
}

const HALO = 'rgb(10 12 15 / 0.65)';
const LABEL_GROUND = 'rgb(10 12 15 / 0.78)';
const FONT = '12px system-ui, sans-serif';
const LEAST_LABEL_PX = 52;
const MOST_LABELS = 500;
/** Side of a grip as drawn; fingers get more, see {@link gripAt}. */
const GRIP_PX = 12;

/** Where a box is taken hold of. */
export type Grip = 'nw' | 'n' | 'ne' | 'e' | 'se' | 's' | 'sw' | 'w';

/** Draw over a cleared canvas whose unit is the CSS pixel. */
export function drawBoxes(context: CanvasRenderingContext2D, { boxes, styles, selected, place, hasGrips, draft }: Drawing): void {
  const byStyle = new Map<string, Path2D>();
  const labelled: DrawnBox[] = [];
  for (const each of boxes) {
    if (draft !== null && hasGrips && selected.has(each.id)) continue;
    const [x, y, width, height] = onView(each.box, place);
    let path = byStyle.get(each.style);
    if (path === undefined) byStyle.set(each.style, (path = new Path2D()));
    path.rect(x, y, width, height);
    if (width >= LEAST_LABEL_PX && height >= 24 && labelled.length < MOST_LABELS) labelled.push(each);
  }
  const isSmall = boxes.length > 1500;
  context.lineJoin = 'round';
  for (const [name, path] of byStyle) {
    const style = styles[name];
    if (style === undefined) continue;
    if (style.fill !== '') {
      context.fillStyle = style.isHatched ? hatching(context, style.fill) : style.fill;
      context.fill(path);
    }
    context.setLineDash([]);
    if (!isSmall) {
      context.strokeStyle = HALO;
      context.lineWidth = 4;
      context.stroke(path);
    }
    context.setLineDash([...style.dash]);
    context.strokeStyle = style.stroke;
    context.lineWidth = isSmall ? 1 : 2;
    context.stroke(path);
  }
  context.setLineDash([]);
  drawWords(context, labelled, styles, place);
  drawSelected(context, boxes, selected, place, hasGrips, draft);
}

function drawWords(
  context: CanvasRenderingContext2D,
  labelled: readonly DrawnBox[],
  styles: Readonly<Record<string, BoxStyle>>,
  place: DrawnPlace,
): void {
  context.font = FONT;
  context.textBaseline = 'middle';
  for (const { box, style, label } of labelled) {
    const [x, y, width, height] = onView(box, place);
    const sign = styles[style]?.sign ?? '';
    if (sign !== '') {
      context.fillStyle = LABEL_GROUND;
      context.fillRect(x + 2, y + 2, 18, 18);
      context.fillStyle = styles[style]!.stroke;
      context.textAlign = 'center';
      context.fillText(sign, x + 11, y + 11.5);
    }
    if (label === '' || height < 44) continue;
    const text = shorten(context, label, width - 12);
    context.fillStyle = LABEL_GROUND;
    context.fillRect(x + 1, y + height - 19, width - 2, 18);
    context.fillStyle = '#fff';
    context.textAlign = 'start';
    context.fillText(text, x + 6, y + height - 9.5);
  }
}

function drawSelected(
  context: CanvasRenderingContext2D,
  boxes: readonly DrawnBox[],
  selected: ReadonlySet<string>,
  place: DrawnPlace,
  hasGrips: boolean,
  draft: Box | null,
): void {
  const chosen = draft === null ? boxes.filter(({ id }) => selected.has(id)).map(({ box }) => box) : [draft];
  for (const box of chosen) {
    const [x, y, width, height] = onView(box, place);
    context.lineWidth = 6;
    context.strokeStyle = '#0b1d33';
    context.strokeRect(x, y, width, height);
    context.lineWidth = 3;
    context.strokeStyle = '#fff';
    context.strokeRect(x, y, width, height);
    if (!hasGrips) continue;
    context.fillStyle = '#fff';
    context.strokeStyle = '#0b1d33';
    context.lineWidth = 2;
    for (const { x: gripX, y: gripY } of gripsOf(box, place)) {
      context.beginPath();
      context.rect(gripX - GRIP_PX / 2, gripY - GRIP_PX / 2, GRIP_PX, GRIP_PX);
      context.fill();
      context.stroke();
    }
  }
}

/** @returns the grips of a box in the view; a small box has corners only. */
function gripsOf(box: Box, place: DrawnPlace): { readonly grip: Grip; readonly x: number; readonly y: number }[] {
  const [x, y, width, height] = onView(box, place);
  const corners: { grip: Grip; x: number; y: number }[] = [
    { grip: 'nw', x, y },
    { grip: 'ne', x: x + width, y },
    { grip: 'se', x: x + width, y: y + height },
    { grip: 'sw', x, y: y + height },
  ];
  if (width > 72) corners.push({ grip: 'n', x: x + width / 2, y }, { grip: 's', x: x + width / 2, y: y + height });
  if (height > 72) corners.push({ grip: 'w', x, y: y + height / 2 }, { grip: 'e', x: x + width, y: y + height / 2 });
  return corners;
}

/** @returns the grip under a point of the view; `reachPx` is larger for fingers. Null when there is none. */
export function gripAt(box: Box, place: DrawnPlace, x: number, y: number, reachPx: number): Grip | null {
  let best: Grip | null = null;
  let least = reachPx;
  for (const each of gripsOf(box, place)) {
    const away = Math.hypot(each.x - x, each.y - y);
    if (away < least) [best, least] = [each.grip, away];
  }
  return best;
}

const LEAST_SIDE = 0.004;

/** @returns the box after a grip was dragged by (x, y), 0..1 of the picture; never turned inside out, never out of the picture. */
export function dragged(box: Box, grip: Grip | 'whole', x: number, y: number): Box {
  if (grip === 'whole')
    return { ...box, x: clamp(box.x + x, 0, Math.max(0, 1 - box.width)), y: clamp(box.y + y, 0, Math.max(0, 1 - box.height)) };
  let [left, top, right, bottom] = [box.x, box.y, box.x + box.width, box.y + box.height];
  if (grip.includes('w')) left = clamp(left + x, 0, right - LEAST_SIDE);
  if (grip.includes('e')) right = clamp(right + x, left + LEAST_SIDE, 1);
  if (grip.includes('n')) top = clamp(top + y, 0, bottom - LEAST_SIDE);
  if (grip.includes('s')) bottom = clamp(bottom + y, top + LEAST_SIDE, 1);
  return { x: left, y: top, width: right - left, height: bottom - top };
}

function onView(box: Box, place: DrawnPlace): [x: number, y: number, width: number, height: number] {
  return [place.x + box.x * place.width, place.y + box.y * place.height, box.width * place.width, box.height * place.height];
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

const hatchings = new Map<string, CanvasPattern>();

function hatching(context: CanvasRenderingContext2D, colour: string): CanvasPattern | string {
  const known = hatchings.get(colour);
  if (known !== undefined) return known;
  const tile = new OffscreenCanvas(8, 8);
  const pen = tile.getContext('2d');
  if (pen === null) return colour;
  pen.strokeStyle = colour;
  pen.lineWidth = 2;
  pen.beginPath();
  for (const from of [-8, 0, 8]) {
    pen.moveTo(from, 8);
    pen.lineTo(from + 8, 0);
  }
  pen.stroke();
  const pattern = context.createPattern(tile, 'repeat');
  if (pattern === null) return colour;
  hatchings.set(colour, pattern);
  return pattern;
}

const MOST_WORDS = 4000;
const shortened = new Map<string, string>();

/** Cut to a width with an ellipsis; measured once for each text and width. */
function shorten(context: CanvasRenderingContext2D, text: string, widthPx: number): string {
  const step = Math.floor(widthPx / 8) * 8;
  const key = `${step} ${text}`;
  const known = shortened.get(key);
  if (known !== undefined) return known;
  const letters = Array.from(text);
  let kept = text;
  while (letters.length > 1 && context.measureText(kept).width > step) {
    letters.pop();
    kept = `${letters.join('').trimEnd()}…`;
  }
  if (shortened.size > MOST_WORDS) shortened.clear();
  shortened.set(key, kept);
  return kept;
}
