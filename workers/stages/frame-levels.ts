/**
 * @file An open photo with its halved copies, so that a stage which wants 192 pixels of a 12-megapixel photo does not walk through all
 * twelve million. Runtime-neutral. Thread: vision worker or Node.
 */
import type { Box } from '../../src/contracts/geometry.ts';
import { WHOLE_FRAME } from '../../src/contracts/geometry.ts';
import type { Frame } from '../../src/contracts/media.ts';
import { resizeFrame } from '../../src/core/resize.ts';

/**
 * [Note: Room for resampling] A stage resamples a level again; from three times its size on, the result differs from that of the full photo
 * by less than rounding, and photos below 1,200 px are always used in full.
 */
const ROOM = 3;

/** One open photo. Halves are made when first wanted, and go with it; together they take a third of its memory. */
export class FrameLevels {
  readonly full: Frame;
  readonly #halves: Frame[] = [];

  constructor(full: Frame) {
    this.full = full;
  }

  /**
   * The smallest level in which `box` still has `room` times the pixels wanted on either side.
   * @param widthPx what the stage makes of the box. @param room at least 1; default 3.
   */
  atLeast(widthPx: number, heightPx: number, box: Box = WHOLE_FRAME, room: number = ROOM): Frame {
    let level = this.full;
    for (let halvings = 0; ; halvings++) {
      const isEnough =
        (Math.min(1, box.width) * level.widthPx) / 2 >= Math.max(1, widthPx) * room &&
        (Math.min(1, box.height) * level.heightPx) / 2 >= Math.max(1, heightPx) * room;
      if (!isEnough) return level;
      level = this.#halves[halvings] ??= halved(level);
    }
  }

  /** The photo at another size, made from the smallest level that serves. */
  scaled(scale: number): Frame {
    const widthPx = Math.max(1, Math.round(this.full.widthPx * scale));
    const heightPx = Math.max(1, Math.round(this.full.heightPx * scale));
    return resizeFrame(this.atLeast(widthPx, heightPx, undefined, 1), widthPx, heightPx);
  }
}

/** Half the size, each pixel the mean of four; sizes that are odd are rounded and resampled. */
export function halved(frame: Frame): Frame {
  const { widthPx, heightPx, data: source } = frame;
  if (widthPx % 2 === 1 || heightPx % 2 === 1) return resizeFrame(frame, Math.max(1, widthPx >> 1), Math.max(1, heightPx >> 1));
  const halfWidthPx = widthPx / 2;
  const halfHeightPx = heightPx / 2;
  const data = new Uint8ClampedArray(halfWidthPx * halfHeightPx * 4);
  const rowLength = widthPx * 4;
  for (let y = 0, to = 0; y < halfHeightPx; y++)
    for (let x = 0, from = y * 2 * rowLength; x < halfWidthPx; x++, from += 8, to += 4)
      for (let channel = 0; channel < 4; channel++) {
        const at = from + channel;
        data[to + channel] = (source[at]! + source[at + 4]! + source[at + rowLength]! + source[at + rowLength + 4]! + 2) >> 2;
      }
  return { widthPx: halfWidthPx, heightPx: halfHeightPx, data };
}
