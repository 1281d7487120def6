/** @file A picture in a view: how large it is drawn and where, as fingers, wheel and keys move it. Thread: page. */
import type { Box, Point } from '../contracts/geometry.ts';

interface Size {
  readonly width: number;
  readonly height: number;
}

const MAX_SCALE = 12;

/** All in CSS pixels of the view, origin at its top left. */
export class PanZoom {
  readonly #maxScale: number;
  view: { width: number; height: number } = $state({ width: 0, height: 0 });
  natural: { width: number; height: number } = $state({ width: 0, height: 0 });
  #scale = $state(1);
  #offset = $state.raw<Point>({ x: 0, y: 0 });
  readonly fit = $derived(
    this.natural.width === 0 || this.view.width === 0
      ? 1
      : Math.min(this.view.width / this.natural.width, this.view.height / this.natural.height),
  );
  /** The picture as drawn. */
  readonly size: Size = $derived({
    width: this.natural.width * this.fit * this.#scale,
    height: this.natural.height * this.fit * this.#scale,
  });
  /** Its top left corner. */
  readonly place: Point = $derived({
    x: (this.view.width - this.size.width) / 2 + this.#offset.x,
    y: (this.view.height - this.size.height) / 2 + this.#offset.y,
  });

  constructor(maxScale = MAX_SCALE) {
    this.#maxScale = maxScale;
  }

  /** 1: the whole picture fits. */
  get scale(): number {
    return this.#scale;
  }

  /** Both the picture's and the view's size are known. */
  get isReady(): boolean {
    return this.natural.width > 0 && this.view.width > 0;
  }

  panBy(x: number, y: number): void {
    this.#offset = this.#keptInside({ x: this.#offset.x + x, y: this.#offset.y + y });
  }

  /** Zoom so that the point under (x, y) of the view stays where it is. */
  zoomAt(x: number, y: number, factor: number): void {
    const before = this.#scale;
    this.#scale = Math.min(this.#maxScale, Math.max(1, before * factor));
    const ratio = this.#scale / before;
    const centre = { x: x - this.view.width / 2, y: y - this.view.height / 2 };
    this.#offset = this.#keptInside({
      x: centre.x - (centre.x - this.#offset.x) * ratio,
      y: centre.y - (centre.y - this.#offset.y) * ratio,
    });
  }

  zoomMiddle(factor: number): void {
    this.zoomAt(this.view.width / 2, this.view.height / 2, factor);
  }

  reset(): void {
    this.#scale = 1;
    this.#offset = { x: 0, y: 0 };
  }

  /** Bring boxes into the middle, large enough to read, small enough to see around them. */
  show(boxes: readonly Box[], greatestScale = 3.5): void {
    if (boxes.length === 0 || !this.isReady) return;
    const { left, top, right, bottom } = extentOf(boxes);
    const whole = { width: this.natural.width * this.fit, height: this.natural.height * this.fit };
    const across = this.view.width / (whole.width * Math.max(0.02, right - left));
    const down = this.view.height / (whole.height * Math.max(0.02, bottom - top));
    this.#scale = Math.min(greatestScale, this.#maxScale, Math.max(1, Math.min(across, down) * 0.6));
    this.#centre((left + right) / 2, (top + bottom) / 2);
  }

  /** Move no more than is needed for a box to be seen whole. */
  reveal(box: Box, marginPx = 24): void {
    if (!this.isReady) return;
    const from = this.toView({ x: box.x, y: box.y });
    const to = this.toView({ x: box.x + box.width, y: box.y + box.height });
    this.panBy(shift(from.x, to.x, this.view.width, marginPx), shift(from.y, to.y, this.view.height, marginPx));
  }

  /** @param point 0..1 of the picture. */
  toView({ x, y }: Point): Point {
    return { x: this.place.x + x * this.size.width, y: this.place.y + y * this.size.height };
  }

  /** @returns 0..1 of the picture; beyond that outside of it. */
  toPicture({ x, y }: Point): Point {
    return { x: (x - this.place.x) / Math.max(1, this.size.width), y: (y - this.place.y) / Math.max(1, this.size.height) };
  }

  #centre(x: number, y: number): void {
    this.#offset = this.#keptInside({ x: (0.5 - x) * this.size.width, y: (0.5 - y) * this.size.height });
  }

  /** No further out than its own edge. */
  #keptInside(wanted: Point): Point {
    const slackX = Math.max(0, (this.size.width - this.view.width) / 2);
    const slackY = Math.max(0, (this.size.height - this.view.height) / 2);
    return { x: Math.min(slackX, Math.max(-slackX, wanted.x)), y: Math.min(slackY, Math.max(-slackY, wanted.y)) };
  }
}

function extentOf(boxes: readonly Box[]): { left: number; top: number; right: number; bottom: number } {
  return {
    left: Math.min(...boxes.map(({ x }) => x)),
    top: Math.min(...boxes.map(({ y }) => y)),
    right: Math.max(...boxes.map(({ x, width }) => x + width)),
    bottom: Math.max(...boxes.map(({ y, height }) => y + height)),
  };
}

function shift(from: number, to: number, length: number, margin: number): number {
  if (from < margin) return margin - from;
  return to > length - margin ? Math.max(length - margin - to, margin - from) : 0;
}
