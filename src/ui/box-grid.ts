/** @file Which of thousands of boxes lies under a finger. Thread: page. */
import type { Box, Point } from '../contracts/geometry.ts';

/** Something with a place on the picture. */
export interface Placed {
  readonly id: string;
  readonly box: Box;
}

/** Cells hold few boxes each, whatever their number. */
const BOXES_A_CELL = 4;

/** A grid of cells, each with the boxes that touch it. Made anew when the boxes change; a look-up touches one cell. */
export class BoxGrid<Item extends Placed> {
  readonly #items: readonly Item[];
  readonly #side: number;
  readonly #cells: number[][];

  constructor(items: readonly Item[]) {
    this.#items = items;
    this.#side = Math.max(1, Math.ceil(Math.sqrt(items.length / BOXES_A_CELL)));
    this.#cells = Array.from({ length: this.#side * this.#side }, () => []);
    for (const [index, { box }] of items.entries())
      for (const cell of this.#cellsOf(box.x, box.y, box.x + box.width, box.y + box.height)) this.#cells[cell]!.push(index);
  }

  /** @returns the smallest box that holds the point: what lies on top is what somebody means. Null when none does. */
  at({ x, y }: Point): Item | null {
    let found: Item | null = null;
    for (const index of this.#cells[this.#cellAt(x, y)]!) {
      const item = this.#items[index]!;
      if (holds(item.box, x, y) && (found === null || areaOf(item.box) < areaOf(found.box))) found = item;
    }
    return found;
  }

  /** @returns the box under the point, else the nearest one whose edge is no further than the reach; null when there is none. */
  near(point: Point, reach: { readonly x: number; readonly y: number }): Item | null {
    const under = this.at(point);
    if (under !== null) return under;
    let found: Item | null = null;
    let least = 1;
    for (const cell of this.#cellsOf(point.x - reach.x, point.y - reach.y, point.x + reach.x, point.y + reach.y))
      for (const index of this.#cells[cell]!) {
        const item = this.#items[index]!;
        const { box } = item;
        const away = Math.hypot(
          Math.max(box.x - point.x, 0, point.x - box.x - box.width) / reach.x,
          Math.max(box.y - point.y, 0, point.y - box.y - box.height) / reach.y,
        );
        if (away <= least) [found, least] = [item, away];
      }
    return found;
  }

  /** @returns the boxes that touch a region, each once, in their order. */
  within({ x, y, width, height }: Box): Item[] {
    const seen = new Set<number>();
    for (const cell of this.#cellsOf(x, y, x + width, y + height))
      for (const index of this.#cells[cell]!) {
        const { box } = this.#items[index]!;
        if (box.x < x + width && x < box.x + box.width && box.y < y + height && y < box.y + box.height) seen.add(index);
      }
    return [...seen].sort((a, b) => a - b).map((index) => this.#items[index]!);
  }

  #cellAt(x: number, y: number): number {
    return this.#index(y) * this.#side + this.#index(x);
  }

  #index(value: number): number {
    return Math.min(this.#side - 1, Math.max(0, Math.floor(value * this.#side)));
  }

  *#cellsOf(left: number, top: number, right: number, bottom: number): Generator<number> {
    for (let row = this.#index(top); row <= this.#index(bottom); row++)
      for (let column = this.#index(left); column <= this.#index(right); column++) yield row * this.#side + column;
  }
}

function holds(box: Box, x: number, y: number): boolean {
  return x >= box.x && x <= box.x + box.width && y >= box.y && y <= box.y + box.height;
}

function areaOf({ width, height }: Box): number {
  return width * height;
}
