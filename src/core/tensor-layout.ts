/** @file Pixels → the numbers that a model wants. Pure; any thread. */
import type { Frame } from '../contracts/media.ts';
import type { ModelInput } from '../contracts/model-spec.ts';

/** The part of {@link ModelInput} that says how a pixel becomes numbers. */
export type PixelLayout = Pick<ModelInput, 'layout' | 'range' | 'mean' | 'std' | 'colour'>;

/**
 * One frame as float32, `(low + v / 255 × (high − low) − mean) / std` per channel; alpha is dropped.
 * @param frame H×W×4 u8; not consumed. `mean` and `std` are in the order of `colour`.
 * @param target written at `offset` when given (a batch), else a new array.
 * @returns `3×H×W` (NCHW) or `H×W×3` (NHWC).
 */
export function toTensorData(frame: Frame, layout: PixelLayout, target?: Float32Array<ArrayBuffer>, offset = 0): Float32Array<ArrayBuffer> {
  const pixels = frame.widthPx * frame.heightPx;
  const out = target ?? new Float32Array(pixels * 3);
  const [low, high] = layout.range;
  const isPlanar = layout.layout === 'NCHW';
  for (let channel = 0; channel < 3; channel++) {
    const from = layout.colour === 'RGB' ? channel : 2 - channel;
    const gain = (high - low) / 255 / layout.std[channel]!;
    const bias = (low - layout.mean[channel]!) / layout.std[channel]!;
    let to = offset + (isPlanar ? channel * pixels : channel);
    const step = isPlanar ? 1 : 3;
    for (let at = from, end = pixels * 4; at < end; at += 4, to += step) out[to] = frame.data[at]! * gain + bias;
  }
  return out;
}

/** Brightness of each pixel, 0..255. Weights: ITU-R BT.601. */
export function toGrey(frame: Frame): Uint8Array<ArrayBuffer> {
  const grey = new Uint8Array(frame.widthPx * frame.heightPx);
  for (let i = 0, at = 0; i < grey.length; i++, at += 4)
    grey[i] = (frame.data[at]! * 77 + frame.data[at + 1]! * 150 + frame.data[at + 2]! * 29 + 128) >> 8;
  return grey;
}
