/**
 * @file Barcodes of a frame: the whole frame made smaller, then stripes cut out of the full frame, straightened and sharpened.
 * Runtime-neutral (zxing-wasm is injected). Thread: vision worker or Node.
 */
import type { Point, Quad } from '../../src/contracts/geometry.ts';
import type { Frame } from '../../src/contracts/media.ts';
import type { BarcodeReading } from '../../src/contracts/results.ts';
import type { BarcodeModel, RawBarcode, Runtime } from '../../src/contracts/runtime.ts';
import { findStripes, STRIPES_SIDE_PX } from '../../src/core/barcode/find-stripes.ts';
import { interpretBarcode } from '../../src/core/barcode/interpret-barcode.ts';
import { invert, sharpenStripes } from '../../src/core/barcode/sharpen-stripes.ts';
import { shrinkFrame, warpQuad } from '../../src/core/resize.ts';

const MAX_SYMBOLS = 12;
/** Sides of a straightened cut-out. Narrower codes are enlarged, so that each bar spans a few pixels. */
const CUT_OUT = { minWidthPx: 480, maxWidthPx: 1600 } as const;

/**
 * Read all codes.
 * @param frame upright; not consumed.
 * @returns GTINs first, then by size and nearness to the centre; each code once. Empty when there are none.
 * @throws AppError('model-unavailable' | 'bug')
 */
export async function readBarcodes(frame: Frame, runtime: Runtime): Promise<BarcodeReading[]> {
  const model = await runtime.barcodes();
  const readings: BarcodeReading[] = [];
  const small = shrinkFrame(frame, STRIPES_SIDE_PX);
  await readWhole(small, model, readings);
  if (!hasGtin(readings)) for (const quad of findStripes(small)) if (await readCutOut(frame, quad, model, readings)) break;
  return byProminence(readings);
}

function hasGtin(readings: readonly BarcodeReading[]): boolean {
  return readings.some(({ gtin }) => gtin !== null);
}

async function readWhole(frame: Frame, model: BarcodeModel, readings: BarcodeReading[]): Promise<void> {
  const found = await model.read(frame, { tryHarder: true, maxSymbols: MAX_SYMBOLS });
  const scale = ([x, y]: readonly [number, number]): Point => ({ x: clamp01(x / frame.widthPx), y: clamp01(y / frame.heightPx) });
  for (const raw of found) add(readings, raw, raw.corners.map(scale) as unknown as Quad);
}

/**
 * Straighten a region and read it: as it is, then sharpened, then with bars and gaps exchanged.
 * The code lies along the cut-out, so its place in the frame is the cut-out's.
 * @returns whether the readings hold a GTIN now.
 */
async function readCutOut(frame: Frame, quad: Quad, model: BarcodeModel, readings: BarcodeReading[]): Promise<boolean> {
  const side = (a: Point, b: Point): number => Math.hypot((a.x - b.x) * frame.widthPx, (a.y - b.y) * frame.heightPx);
  const along = side(quad[0], quad[1]);
  const across = side(quad[0], quad[3]);
  const widthPx = Math.round(Math.max(CUT_OUT.minWidthPx, Math.min(CUT_OUT.maxWidthPx, along)));
  const heightPx = Math.max(32, Math.round((across / along) * widthPx));
  const cutOut = warpQuad(frame, quad, widthPx, heightPx);
  for (const prepare of [asItIs, sharpenStripes, invert]) {
    for (const raw of await model.read(prepare(cutOut), { tryHarder: true, maxSymbols: MAX_SYMBOLS })) add(readings, raw, quad);
    if (hasGtin(readings)) return true;
  }
  return false;
}

function asItIs(frame: Frame): Frame {
  return frame;
}

function add(readings: BarcodeReading[], raw: RawBarcode, quad: Quad): void {
  const meaning = interpretBarcode(raw.format, raw.text, raw.contentType);
  if (readings.some(({ format, text }) => format === meaning.format && text === raw.text)) return;
  readings.push({ ...meaning, text: raw.text, quad });
}

function byProminence(readings: BarcodeReading[]): BarcodeReading[] {
  const prominence = ({ gtin, quad }: BarcodeReading): number => {
    const centreX = quad.reduce((sum, { x }) => sum + x, 0) / 4;
    const centreY = quad.reduce((sum, { y }) => sum + y, 0) / 4;
    const diagonal = Math.hypot(quad[0].x - quad[2].x, quad[0].y - quad[2].y);
    return (gtin === null ? 0 : 10) + diagonal - Math.hypot(centreX - 0.5, centreY - 0.5);
  };
  return readings.sort((a, b) => prominence(b) - prominence(a));
}

function clamp01(value: number): number {
  return Math.min(1, Math.max(0, value));
}
