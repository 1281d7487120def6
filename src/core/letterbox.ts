/** @file Fit a frame into a model's input without changing its shape, and map boxes back. Pure; any thread. */
import type { Box } from '../contracts/geometry.ts';
import type { Frame } from '../contracts/media.ts';
import { resizeFrame } from './resize.ts';

/** A letterboxed frame and where the picture lies in it, 0..1 of the letterboxed frame. */
export interface Letterboxed {
  readonly frame: Frame;
  readonly picture: Box;
}

/**
 * Scale to fit `widthPx × heightPx`, centred, the rest filled.
 * @param fill red, green, blue of the border, 0..255.
 * @param canEnlarge false keeps a small frame at its size.
 */
export function letterbox(
  frame: Frame,
  widthPx: number,
  heightPx: number,
  fill: readonly [number, number, number] = [0, 0, 0],
  canEnlarge = true,
): Letterboxed {
  const fit = Math.min(widthPx / frame.widthPx, heightPx / frame.heightPx);
  const scale = canEnlarge ? fit : Math.min(1, fit);
  const innerWidth = Math.max(1, Math.min(widthPx, Math.round(frame.widthPx * scale)));
  const innerHeight = Math.max(1, Math.min(heightPx, Math.round(frame.heightPx * scale)));
  const inner = resizeFrame(frame, innerWidth, innerHeight);
  const left = Math.floor((widthPx - innerWidth) / 2);
  const top = Math.floor((heightPx - innerHeight) / 2);
  const data = new Uint8ClampedArray(widthPx * heightPx * 4);
  for (let i = 0; i < data.length; i += 4) {
    data[i] = fill[0];
    data[i + 1] = fill[1];
    data[i + 2] = fill[2];
    data[i + 3] = 255;
  }
  for (let y = 0; y < innerHeight; y++)
    data.set(inner.data.subarray(y * innerWidth * 4, (y + 1) * innerWidth * 4), ((top + y) * widthPx + left) * 4);
  return {
    frame: { widthPx, heightPx, data },
    picture: { x: left / widthPx, y: top / heightPx, width: innerWidth / widthPx, height: innerHeight / heightPx },
  };
}

/** Grey below and to the right, up to multiples of `step`; the same object when there is nothing to fill. */
export function paddedTo(frame: Frame, step: number): Frame {
  const widthPx = Math.ceil(frame.widthPx / step) * step;
  const heightPx = Math.ceil(frame.heightPx / step) * step;
  if (widthPx === frame.widthPx && heightPx === frame.heightPx) return frame;
  const data = new Uint8ClampedArray(widthPx * heightPx * 4).fill(114);
  for (let y = 0; y < frame.heightPx; y++)
    data.set(frame.data.subarray(y * frame.widthPx * 4, (y + 1) * frame.widthPx * 4), y * widthPx * 4);
  return { widthPx, heightPx, data };
}

/** Box of the letterboxed frame → box of the original one (not cut to it). */
export function fromLetterbox(box: Box, picture: Box): Box {
  return {
    x: (box.x - picture.x) / picture.width,
    y: (box.y - picture.y) / picture.height,
    width: box.width / picture.width,
    height: box.height / picture.height,
  };
}

/** The part of a box that lies within `0..1`; width or height 0 when nothing does. */
export function cutToFrame(box: Box): Box {
  const left = Math.min(1, Math.max(0, box.x));
  const top = Math.min(1, Math.max(0, box.y));
  return {
    x: left,
    y: top,
    width: Math.max(0, Math.min(1, box.x + box.width) - left),
    height: Math.max(0, Math.min(1, box.y + box.height) - top),
  };
}

/** Box of a region (0..1 of the region) → box of the frame that the region was cut from. */
export function fromRegion(box: Box, region: Box): Box {
  return {
    x: region.x + box.x * region.width,
    y: region.y + box.y * region.height,
    width: box.width * region.width,
    height: box.height * region.height,
  };
}
