/** @file A runner drawn from the front, number on the chest. Thread: page. */
import type { DrawnRunner } from './demo-scenes.ts';

type Pen = OffscreenCanvasRenderingContext2D;

/** Heights of a grown-up in the drawing's own unit. */
const TALL = 180;
const BIB = { width: 27, height: 21, top: 55 } as const;
const BIB_PX = 12;

/** @param heightPx of the photo; sizes of the runner are shares of it. */
export function drawRunner(pen: Pen, runner: DrawnRunner, widthPx: number, heightPx: number): void {
  const scale = (runner.height * heightPx) / TALL;
  const copies = Math.round((runner.motion ?? 0) * 14) + 1;
  pen.save();
  pen.translate(runner.x * widthPx, runner.footY * heightPx);
  pen.rotate(((runner.lean ?? 0) * Math.PI) / 180);
  pen.scale(scale, scale);
  pen.translate(0, -TALL);
  for (let copy = 0; copy < copies; copy++) {
    pen.save();
    pen.globalAlpha = 1 / (copies - copy);
    pen.translate((copy - (copies - 1) / 2) * 0.22, 0);
    drawBody(pen, runner);
    pen.restore();
  }
  pen.restore();
}

function drawBody(pen: Pen, runner: DrawnRunner): void {
  const { skin, shorts, step } = runner;
  const front = step === 0 ? 1 : -1;
  shadow(pen);
  // The leg behind is bent and darker.
  limb(pen, [-8 * front, 100, -10 * front, 128, -9 * front, 146], 10.5, 7.5, darker(skin, 0.72));
  shoe(pen, -9 * front, 150, '#3b4049');
  limb(pen, [9 * front, 100, 10.5 * front, 134, 9 * front, 168], 12.5, 8, skin);
  shoe(pen, 9 * front, 172, '#e6534a');
  trousers(pen, shorts);
  if (runner.cheers === true) for (const side of [-1, 1]) limb(pen, [21 * side, 44, 30 * side, 18, 24 * side, -8], 8.5, 6.5, skin);
  else limb(pen, [-21 * front, 44, -29 * front, 70, -23 * front, 84], 8.5, 6.5, darker(skin, 0.85));
  neckAndHead(pen, runner);
  shirt(pen, runner.shirt);
  pen.drawImage(bibPicture(runner), -BIB.width / 2, BIB.top, BIB.width, BIB.height);
  if (runner.cheers === true) return;
  if (runner.cover === 'all') towel(pen);
  const reach: Reach =
    runner.cover === undefined
      ? [21, 44, 31, 70, 23, 58]
      : [21, 44, 29, 72, runner.cover === 'part' ? -1 : 14, runner.cover === 'part' ? 67 : 62];
  limb(pen, reach.map((value, index) => (index % 2 === 0 ? value * front : value)) as Reach, 8.5, 7, skin);
}

/** Held before the chest: nothing of the number is left. */
function towel(pen: Pen): void {
  pen.fillStyle = shaded(pen, '#e9dfc0', 20);
  pen.beginPath();
  pen.moveTo(-18, 50);
  pen.quadraticCurveTo(0, 55, 18, 49);
  pen.quadraticCurveTo(20, 68, 17, 84);
  pen.quadraticCurveTo(2, 79, -16, 85);
  pen.quadraticCurveTo(-20, 66, -18, 50);
  pen.fill();
}

/** x and y of where a limb begins, bends and ends. */
type Reach = [number, number, number, number, number, number];

function limb(pen: Pen, [fromX, fromY, bendX, bendY, toX, toY]: Reach, thick: number, thin: number, colour: string): void {
  pen.lineCap = pen.lineJoin = 'round';
  for (const [x1, y1, x2, y2, width] of [
    [fromX, fromY, bendX, bendY, thick],
    [bendX, bendY, toX, toY, thin],
  ] as const) {
    const across = pen.createLinearGradient(Math.min(x1, x2) - width / 2, 0, Math.max(x1, x2) + width / 2, 0);
    across.addColorStop(0, lighter(colour, 0.18));
    across.addColorStop(0.45, colour);
    across.addColorStop(1, darker(colour, 0.68));
    pen.strokeStyle = across;
    pen.lineWidth = width;
    pen.beginPath();
    pen.moveTo(x1, y1);
    pen.lineTo(x2, y2);
    pen.stroke();
  }
  pen.fillStyle = colour;
  ellipse(pen, toX, toY, thin * 0.62, thin * 0.62);
}

function shoe(pen: Pen, x: number, y: number, colour: string): void {
  pen.fillStyle = colour;
  ellipse(pen, x, y + 2, 6.5, 6);
  pen.fillStyle = '#f1f1ee';
  pen.fillRect(x - 6, y + 5, 12, 2.6);
}

function shadow(pen: Pen): void {
  const dark = pen.createRadialGradient(0, 178, 2, 0, 178, 38);
  dark.addColorStop(0, 'rgb(0 0 0 / 0.5)');
  dark.addColorStop(1, 'rgb(0 0 0 / 0)');
  pen.save();
  pen.translate(0, 178);
  pen.scale(1, 0.18);
  pen.translate(0, -178);
  pen.fillStyle = dark;
  pen.fillRect(-40, 138, 80, 80);
  pen.restore();
}

function trousers(pen: Pen, colour: string): void {
  pen.fillStyle = shaded(pen, colour, 20);
  pen.beginPath();
  pen.moveTo(-16, 86);
  pen.lineTo(16, 86);
  pen.quadraticCurveTo(20, 102, 19, 119);
  pen.lineTo(3, 116);
  pen.lineTo(0, 106);
  pen.lineTo(-3, 116);
  pen.lineTo(-19, 119);
  pen.quadraticCurveTo(-20, 102, -16, 86);
  pen.fill();
}

function shirt(pen: Pen, colour: string): void {
  pen.fillStyle = shaded(pen, colour, 22);
  pen.beginPath();
  pen.moveTo(-11, 34);
  pen.quadraticCurveTo(0, 46, 11, 34);
  pen.lineTo(20, 38);
  pen.quadraticCurveTo(17, 50, 21, 58);
  pen.quadraticCurveTo(17, 76, 17, 92);
  pen.quadraticCurveTo(0, 96, -17, 92);
  pen.quadraticCurveTo(-17, 76, -21, 58);
  pen.quadraticCurveTo(-17, 50, -20, 38);
  pen.closePath();
  pen.fill();
  // Folds of the cloth.
  pen.strokeStyle = 'rgb(0 0 0 / 0.14)';
  pen.lineWidth = 1.2;
  for (const x of [-12, 9, 14]) {
    pen.beginPath();
    pen.moveTo(x, 78);
    pen.quadraticCurveTo(x + 3, 84, x - 1, 91);
    pen.stroke();
  }
}

function neckAndHead(pen: Pen, { skin, hair, cap }: DrawnRunner): void {
  limb(pen, [0, 26, 0, 32, 0, 38], 11, 12, darker(skin, 0.84));
  pen.fillStyle = hair;
  ellipse(pen, 0, 12, 12, 13);
  pen.fillStyle = shaded(pen, skin, 11);
  ellipse(pen, 0, 16, 10.2, 13);
  pen.fillStyle = darker(skin, 0.9);
  for (const side of [-1, 1]) ellipse(pen, 10.2 * side, 17, 1.8, 3.2);
  pen.fillStyle = hair;
  pen.beginPath();
  pen.ellipse(0, 9, 11, 7.6, 0, Math.PI, 0);
  pen.fill();
  if (cap !== undefined) {
    pen.fillStyle = cap;
    pen.beginPath();
    pen.ellipse(0, 9, 11.6, 9, 0, Math.PI, 0);
    pen.fill();
    pen.fillStyle = darker(cap, 0.8);
    ellipse(pen, 0, 9.6, 12.4, 2.2);
  }
  for (const side of [-1, 1]) {
    pen.fillStyle = '#f7f5f1';
    ellipse(pen, 4 * side, 15, 2.1, 1.2);
    pen.fillStyle = '#2a211b';
    ellipse(pen, 4 * side, 15, 1.1, 1.2);
    pen.fillRect(4 * side - 2.4, 12.2, 4.8, 0.9);
  }
  pen.fillStyle = darker(skin, 0.78);
  ellipse(pen, 0.3, 19.4, 1.5, 1);
  pen.fillStyle = '#8d3f39';
  ellipse(pen, 0, 24, 3.2, 1.3);
}

/** The paper with its print: sponsor, number, race, four pins; creased where it is folded. */
function bibPicture({ bib, fold = 0 }: DrawnRunner): OffscreenCanvas {
  const [width, height] = [BIB.width * BIB_PX, BIB.height * BIB_PX];
  const flat = new OffscreenCanvas(width, height);
  const pen = context(flat);
  pen.fillStyle = '#fbfaf5';
  pen.fillRect(0, 0, width, height);
  pen.fillStyle = '#1b5fa8';
  pen.fillRect(0, 0, width, height * 0.2);
  pen.textAlign = 'center';
  pen.textBaseline = 'middle';
  pen.fillStyle = '#fff';
  pen.font = `700 ${height * 0.12}px sans-serif`;
  pen.fillText('MEKIKI CITY RUN', width / 2, height * 0.11);
  pen.fillStyle = '#14161a';
  pen.font = `800 ${height * 0.52}px "Arial Narrow", Arial, "Liberation Sans", sans-serif`;
  pen.fillText(bib, width / 2, height * 0.55, width * 0.9);
  pen.fillStyle = '#5a5f68';
  pen.font = `600 ${height * 0.09}px sans-serif`;
  pen.fillText('10 km', width / 2, height * 0.91);
  pen.fillStyle = '#8d9197';
  for (const x of [0.05, 0.95]) for (const y of [0.07, 0.93]) ellipse(pen, x * width, y * height, 3, 3);
  const bent = new OffscreenCanvas(width, height);
  const paper = context(bent);
  for (let x = 0; x < width; x += 2) {
    const across = x / width;
    // Cloth waves under the paper; a crease swallows a part of it.
    const wave = Math.sin(across * 6.3) * height * 0.012;
    const crease = fold * Math.exp(-(((across - 0.5) / 0.05) ** 2));
    paper.drawImage(flat, x + crease * width * 0.25, 0, 2, height, x, wave + crease * height * 0.4, 2, height);
    paper.fillStyle = `rgb(0 0 0 / ${0.05 + 0.05 * Math.sin(across * 6.3 + 1) + crease * 2.2})`;
    paper.fillRect(x, wave + crease * height * 0.4, 2, height);
  }
  return bent;
}

function shaded(pen: Pen, colour: string, half: number): CanvasGradient {
  const across = pen.createLinearGradient(-half, 0, half, 0);
  across.addColorStop(0, lighter(colour, 0.12));
  across.addColorStop(0.4, colour);
  across.addColorStop(1, darker(colour, 0.62));
  return across;
}

function ellipse(pen: Pen, x: number, y: number, radiusX: number, radiusY: number): void {
  pen.beginPath();
  pen.ellipse(x, y, radiusX, radiusY, 0, 0, Math.PI * 2);
  pen.fill();
}

function darker(colour: string, by01: number): string {
  return `rgb(${channels(colour)
    .map((value) => Math.round(value * by01))
    .join(' ')})`;
}

function lighter(colour: string, by01: number): string {
  return `rgb(${channels(colour)
    .map((value) => Math.round(value + (255 - value) * by01))
    .join(' ')})`;
}

/** Of `#rrggbb` or `rgb(r g b)`. */
function channels(colour: string): number[] {
  if (colour.startsWith('#')) return [1, 3, 5].map((from) => Number.parseInt(colour.slice(from, from + 2), 16));
  return (colour.match(/\d+/gu) ?? []).map(Number);
}

/** @returns the canvas' pen; browsers that have the canvas have it. */
export function context(canvas: OffscreenCanvas): Pen {
  const pen = canvas.getContext('2d');
  if (pen === null) throw new TypeError('no 2D canvas');
  return pen;
}
