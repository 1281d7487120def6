/** @file The pipeline of this page, opened when the first photo wants it. Thread: page. */
import type { PagePipeline } from '../flow/create-pipeline.ts';
import { device } from './device.ts';

let opening: Promise<PagePipeline> | null = null;

/** @returns the same pipeline each time; its code is loaded at the first call, its workers start at their first use. */
export function engine(): Promise<PagePipeline> {
  opening ??= open().catch((error: unknown) => {
    opening = null;
    throw error;
  });
  return opening;
}

/** True once somebody asked for it: then asking costs nothing more. */
export function isEngineOpen(): boolean {
  return opening !== null;
}

async function open(): Promise<PagePipeline> {
  const [{ createPipeline }, { createVisionClient }, { createIndexClient }] = await Promise.all([
    import('../flow/create-pipeline.ts'),
    import('../clients/vision-client.ts'),
    import('../clients/index-client.ts'),
  ]);
  const { settings, people, products, gallery, corrections, ledger } = device();
  return createPipeline({
    settings,
    people,
    products,
    gallery,
    corrections,
    ledger,
    vision: createVisionClient(),
    index: createIndexClient(),
    ownOrigin: location.origin,
  });
}
