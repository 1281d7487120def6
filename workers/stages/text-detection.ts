/** @file Stage `read`, first half: where lines of text stand. Thread: vision worker or Node. */
import type { Point } from '../../src/contracts/geometry.ts';
import type { Frame } from '../../src/contracts/media.ts';
import type { Runtime } from '../../src/contracts/runtime.ts';
import { resizeFrame } from '../../src/core/resize.ts';
import { findTextRegions, type TextRegion } from '../../src/core/text/text-regions.ts';
import { toTensorData } from '../../src/core/tensor-layout.ts';

const DETECTION_MODEL = 'ppocr-detection';
/** The network halves five times. */
const SIDE_STEP = 32;
/** [Note: Detection size] Label photos fill the frame, so 960 px keep 8 px of height for print that is 1/120 of the photo. */
export const DETECTION_SIDE_PX = 960;

const LAYOUT = { layout: 'NCHW', range: [0, 1], mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225], colour: 'BGR' } as const;

/**
 * Find lines of text.
 * @param frame upright RGBA; not consumed.
 * @returns regions with corners in pixels of `frame`; unordered.
 * @throws AppError('model-unavailable' | 'gpu-lost' | 'out-of-memory')
 * Source: PP-OCRv4 detection (DB), registry id `ppocr-detection`.
 */
export async function detectText(frame: Frame, runtime: Runtime, maxSidePx = DETECTION_SIDE_PX): Promise<TextRegion[]> {
  const model = await runtime.ort(DETECTION_MODEL);
  const scale = Math.min(2, maxSidePx / Math.max(frame.widthPx, frame.heightPx));
  const fit = (side: number): number => Math.max(SIDE_STEP, Math.round((side * scale) / SIDE_STEP) * SIDE_STEP);
  const widthPx = fit(frame.widthPx);
  const heightPx = fit(frame.heightPx);
  const small = resizeFrame(frame, widthPx, heightPx);
  const outputs = await model.run({
    [model.inputNames[0]!]: { type: 'float32', data: toTensorData(small, LAYOUT), dims: [1, 3, heightPx, widthPx] },
  });
  const map = outputs[model.outputNames[0]!]!.data as Float32Array;
  const toFrame = ({ x, y }: Point): Point => ({ x: (x * frame.widthPx) / widthPx, y: (y * frame.heightPx) / heightPx });
  return findTextRegions(map, widthPx, heightPx).map(({ corners: [a, b, c, d], score01 }) => ({
    corners: [toFrame(a), toFrame(b), toFrame(c), toFrame(d)],
    score01,
  }));
}
