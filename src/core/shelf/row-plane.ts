/**
 * @file The plane of a shelf's front as one photo shows it, turned so that boards lie level. Pure; any thread.
 *
 * [Note: Row plane] The front edges of all boards are parallel in the shop, so in a photo they meet in one point. Lines through one
 * point are, up to that point's place, two numbers: the slope of the board in the middle of the frame, and how fast slopes change with
 * height. The map that sends the point to infinity keeps positions along a board in true proportion (rotation about the
 * upright axis); tilting the camera up or down scales whole rows, which neither order nor shares within a row feel ([Note: Tilt]).
 */
import type { Box, Point } from '../../contracts/geometry.ts';

/** See [Note: Row plane]. Both numbers in units of the frame: 0, 0 is a camera that faces the shelf squarely. */
export interface RowPlane {
  /** Slope dy/dx of the board through the middle of the frame. */
  readonly slope: number;
  /** Change of slope per height of the frame. */
  readonly convergence: number;
}

/** A place in the row plane; 0, 0 is the middle of the frame. */
export interface PlanePoint {
  /** Along the boards, to the right. */
  readonly along: number;
  /** Downwards; equal all along one board. */
  readonly down: number;
}

/** A camera that faces the shelf. */
export const FRONTAL: RowPlane = { slope: 0, convergence: 0 };

/** Nearer to the vanishing point nothing can be measured. */
const MIN_DEPTH = 0.15;

/** @param point 0..1 of the frame; may lie outside. */
export function toRowPlane({ slope, convergence }: RowPlane, { x, y }: Point): PlanePoint {
  const right = x - 0.5;
  const depth = Math.max(MIN_DEPTH, 1 + convergence * right);
  return { along: right / depth, down: (y - 0.5 - slope * right) / depth };
}

/** Inverse of {@link toRowPlane}. */
export function fromRowPlane({ slope, convergence }: RowPlane, { along, down }: PlanePoint): Point {
  const right = along / Math.max(MIN_DEPTH, 1 - convergence * along);
  return { x: right + 0.5, y: 0.5 + down * (1 + convergence * right) + slope * right };
}

/** Slope of the board that passes `down` below the middle of the frame. */
export function slopeAt({ slope, convergence }: RowPlane, down: number): number {
  return slope + convergence * down;
}

/** An upright thing's place in the row plane. */
export interface PlaneSpan {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/**
 * A box in the row plane. The box of a thing whose foot runs obliquely reaches half its width × slope below the middle of its foot,
 * and as much above the middle of its head; that is taken off.
 */
export function planeSpan(plane: RowPlane, box: Box): PlaneSpan {
  const middle = box.x + box.width / 2;
  const oblique = (slope: number): number => Math.min((Math.abs(slope) * box.width) / 2, box.height / 4);
  const head = toRowPlane(plane, { x: middle, y: box.y });
  const foot = toRowPlane(plane, { x: middle, y: box.y + box.height });
  const top = toRowPlane(plane, { x: middle, y: box.y + oblique(slopeAt(plane, head.down)) }).down;
  const bottom = toRowPlane(plane, { x: middle, y: box.y + box.height - oblique(slopeAt(plane, foot.down)) }).down;
  return {
    left: toRowPlane(plane, { x: box.x, y: box.y }).along,
    right: toRowPlane(plane, { x: box.x + box.width, y: box.y }).along,
    top,
    bottom,
  };
}

/**
 * [Note: Tilt] On a plane, one over the distance to the camera is linear in the photo, so a camera tilted up or down sees lengths along a board
 * times `1 + tilt × down`, and uprights lean towards the middle of the frame.
 * @returns width of an upright thing, comparable between rows. Its box reaches as far as the wider one of head and foot; that is taken off.
 */
export function widthInShop(tilt: number, { left, right, top, bottom }: PlaneSpan): number {
  const [head, foot] = [Math.max(MIN_DEPTH, 1 + tilt * top), Math.max(MIN_DEPTH, 1 + tilt * bottom)];
  const [near, far] = [Math.max(head, foot), Math.min(head, foot)];
  return right / (right > 0 ? near : far) - left / (left > 0 ? far : near);
}

/** Length that two spans share along the board, as a share of the narrower one; 0 when they stand side by side. */
export function sharedWidth01(a: PlaneSpan, b: PlaneSpan): number {
  const shared = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const narrower = Math.min(a.right - a.left, b.right - b.left);
  return narrower > 0 ? Math.max(0, shared / narrower) : 0;
}

/** Height that two spans share, as a share of the lower one. */
export function sharedHeight01(a: PlaneSpan, b: PlaneSpan): number {
  const shared = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  const lower = Math.min(a.bottom - a.top, b.bottom - b.top);
  return lower > 0 ? Math.max(0, shared / lower) : 0;
}
