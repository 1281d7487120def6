/** @file The pipeline over a live camera, latest frame wins: barcodes and the products that they name. Thread: page. */
import { AppError, toAppError } from '../contracts/errors.ts';
import type { Product } from '../contracts/product.ts';
import type { BarcodeReading } from '../contracts/results.ts';
import type { Pipeline } from './pipeline.ts';

/** What the live view shows for one frame. */
export interface LiveSighting {
  /** Codes of this frame, boxes 0..1 of it; empty when none is in view. */
  readonly barcodes: readonly BarcodeReading[];
  /** Products on this device that the codes name. */
  readonly products: readonly Product[];
}

/**
 * Read codes until `signal` aborts or the frames end. A frame that arrives while one is being read replaces the waiting one
 * (the capture side keeps only the latest), so the view never lags behind the hand.
 * @param frames bitmaps; each is transferred to the worker and consumed.
 * @throws AppError('worker-died' | 'model-unavailable' | …) when reading became impossible; never 'cancelled'.
 */
export async function watchBarcodes(
  frames: AsyncIterable<ImageBitmap>,
  pipeline: Pick<Pipeline, 'vision' | 'catalogue'>,
  onSighting: (sighting: LiveSighting) => void,
  signal: AbortSignal,
): Promise<void> {
  try {
    for await (const bitmap of frames) {
      if (signal.aborted) {
        bitmap.close();
        return;
      }
      onSighting(await sight(bitmap, pipeline, signal));
    }
  } catch (caught) {
    const error = toAppError(caught, 'bug', 'barcode');
    if (error.code !== 'cancelled') throw error;
  }
}

async function sight(bitmap: ImageBitmap, pipeline: Pick<Pipeline, 'vision' | 'catalogue'>, signal: AbortSignal): Promise<LiveSighting> {
  const { frameId } = await pipeline.vision.open(bitmap, { signal });
  try {
    const barcodes = await pipeline.vision.readBarcodes(frameId, { signal });
    const products: Product[] = [];
    for (const { gtin } of barcodes) {
      const product = gtin === null ? null : await pipeline.catalogue.byGtin(gtin);
      if (product !== null) products.push(product);
    }
    return { barcodes, products };
  } finally {
    await pipeline.vision.close(frameId).catch((error: unknown) => {
      if (!(error instanceof AppError)) throw error; // The worker died: so did its frames.
    });
  }
}
