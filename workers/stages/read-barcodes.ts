/**
 * @file Barcodes of a frame: the whole frame small, then stripes cut out of the full frame and straightened, then the full frame.
 * Runtime-neutral (zxing-wasm is injected). Thread: vision worker or Node.
 */
import type { Point, Quad } from '../../src/contracts/geometry.ts';
import type { Frame } from '../../src/contracts/media.ts';
import type { BarcodeReading } from '../../src/contracts/results.ts';
import type { BarcodeModel, RawBarcode, Runtime } from '../../src/contracts/runtime.ts';
import { findStripes } from '../../src/core/barcode/find-stripes.ts';
import { interpretBarcode } from '../../src/core/barcode/interpret-barcode.ts';
import { shrinkFrame, warpQuad } from '../../src/core/resize.ts';

/** Longest side of the first pass: codes that fill a tenth of the photo are read here. */
const FIRST_SIDE_PX = 1280;
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
  const isDone = (): boolean => readings.some(({ gtin }) => gtin !== null);

  const small = shrinkFrame(frame, FIRST_SIDE_PX);
  await readWhole(small, model, readings);
  if (isDone()) return byProminence(readings);
  for (const quad of findStripes(frame)) {
    await readCutOut(frame, quad, model, readings);
    if (isDone()) return byProminence(readings);
  }
  if (small !== frame) await readWhole(frame, model, readings);
  return byProminence(readings);
}

async function readWhole(frame: Frame, model: BarcodeModel, readings: BarcodeReading[]): Promise<void> {
  const found = await model.read(frame, { tryHarder: true, maxSymbols: MAX_SYMBOLS });
  const scale = ([x, y]: readonly [number, number]): Point => ({ x: clamp01(x / frame.widthPx), y: clamp01(y / frame.heightPx) });
  for (const raw of found) add(readings, raw, raw.corners.map(scale) as unknown as Quad);
}

/** The code lies along the cut-out; its place in the frame is the cut-out's. */
async function readCutOut(frame: Frame, quad: Quad, model: BarcodeModel, readings: BarcodeReading[]): Promise<void> {
  const side = (a: Point, b: Point): number => Math.hypot((a.x - b.x) * frame.widthPx, (a.y - b.y) * frame.heightPx);
  const along = side(quad[0], quad[1]);
  const across = side(quad[0], quad[3]);
  const widthPx = Math.round(Math.max(CUT_OUT.minWidthPx, Math.min(CUT_OUT.maxWidthPx, along)));
  const heightPx = Math.max(32, Math.round((across / along) * widthPx));
  const cutOut = warpQuad(frame, quad, widthPx, heightPx);
  for (const raw of await model.read(cutOut, { tryHarder: true, maxSymbols: MAX_SYMBOLS })) add(readings, raw, quad);
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
