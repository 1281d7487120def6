/** @file Coordinates. `Box` is normalised, `PixelBox` is not; the brands keep them apart. Thread: any. */

declare const normalised: unique symbol;
declare const pixels: unique symbol;

/** Axis-aligned box, 0..1 of the upright frame's width and height; origin top left. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly [normalised]?: true;
}

/** Axis-aligned box in pixels of the upright frame; origin top left. */
export interface PixelBox {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly [pixels]: true;
}

/** A point, 0..1 of the upright frame. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Four corners, clockwise from the text's or code's own top left, 0..1 of the upright frame. */
export type Quad = readonly [Point, Point, Point, Point];

/** The whole frame. */
export const WHOLE_FRAME: Box = { x: 0, y: 0, width: 1, height: 1 };
