/** @file Make the upright stripes of a straightened cut-out readable. Pure; any thread. */
import type { Frame } from '../../contracts/media.ts';
import { toGrey } from '../tensor-layout.ts';

/** Rows averaged into one: noise falls to a third; a tilt of 2° left over moves the bars by under half a pixel. */
const BAND_PX = 9;
/** Half-width of the surroundings that a pixel is compared with, and how much of the difference is added. */
const SURROUNDINGS_PX = 4;
const GAIN = 3;

/**
 * Average along the stripes, then enlarge the differences across them.
 * @param frame stripes run upright; not consumed.
 * @returns grey, of the same size.
 */
export function sharpenStripes(frame: Frame): Frame {
  const { widthPx, heightPx } = frame;
  const averaged = averageDown(toGrey(frame), widthPx, heightPx);
  const data = new Uint8ClampedArray(widthPx * heightPx * 4);
  for (let y = 0; y < heightPx; y++)
    for (let x = 0; x < widthPx; x++) {
      const from = Math.max(0, x - SURROUNDINGS_PX);
      const to = Math.min(widthPx - 1, x + SURROUNDINGS_PX);
      let sum = 0;
      for (let i = from; i <= to; i++) sum += averaged[y * widthPx + i]!;
      const own = averaged[y * widthPx + x]!;
      putGrey(data, (y * widthPx + x) * 4, own + GAIN * (own - sum / (to - from + 1)));
    }
  return { widthPx, heightPx, data };
}

/** Bars light, gaps dark. @returns a new frame of the same size. */
export function invert(frame: Frame): Frame {
  const data = new Uint8ClampedArray(frame.data);
  for (let i = 0; i < data.length; i++) if (i % 4 !== 3) data[i] = 255 - data[i]!;
  return { ...frame, data };
}

/** Mean over `BAND_PX` rows. */
function averageDown(grey: Uint8Array, widthPx: number, heightPx: number): Float32Array {
  const out = new Float32Array(grey.length);
  const half = (BAND_PX - 1) / 2;
  for (let x = 0; x < widthPx; x++)
    for (let y = 0; y < heightPx; y++) {
      const from = Math.max(0, y - half);
      const to = Math.min(heightPx - 1, y + half);
      let sum = 0;
      for (let i = from; i <= to; i++) sum += grey[i * widthPx + x]!;
      out[y * widthPx + x] = sum / (to - from + 1);
    }
  return out;
}

function putGrey(data: Uint8ClampedArray, at: number, level: number): void {
  data[at] = level;
  data[at + 1] = level;
  data[at + 2] = level;
  data[at + 3] = 255;
}
