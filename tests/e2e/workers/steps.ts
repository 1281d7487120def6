/** @file Steps on the bare worker page that its tests share. */
import type { Page } from '@playwright/test';
import sharp, { type Sharp } from 'sharp';
import { createNodeRuntime } from '../../../server/runtime/node-runtime.ts';
import type { VisionClient } from '../../../src/clients/vision-client.ts';
import { WHOLE_FRAME } from '../../../src/contracts/geometry.ts';
import { createVision } from '../../../workers/stages/vision.ts';
import type { WorkerPage } from './serve.ts';

/** Open the page; `vision` and `index` then stand on its `globalThis`, their workers not started yet. */
export async function openWorkerPage(page: Page, server: WorkerPage, backend: 'wasm' | 'webgpu'): Promise<void> {
  await page.goto(`${server.url}?ep=${backend}`);
  await page.waitForSelector('body[data-ready]', { state: 'attached' });
}

/** A drawn photo: four coloured quarters and a few bars, 64 × 48. */
export function drawnPhoto(): Sharp {
  const quarters = `<svg width="64" height="48"><rect width="32" height="24" fill="#c02020"/><rect x="32" width="32" height="24" fill="#20c020"/>
    <rect y="24" width="32" height="24" fill="#2020c0"/><rect x="32" y="24" width="32" height="24" fill="#e0e020"/><rect x="10" y="8" width="4" height="34" fill="#fff"/></svg>`;
  return sharp(Buffer.from(quarters)).flatten();
}

/** What the browser made of a photo. */
export interface BrowserEmbedding {
  readonly vector: number[];
  readonly backend: string;
  readonly selfTest: string;
}

/** Embedding of the whole photo in the browser, and where it was computed. */
export function embedInBrowser(page: Page, bytes: Uint8Array): Promise<BrowserEmbedding> {
  return page.evaluate(
    async ({ given, box }) => {
      const { vision } = globalThis as unknown as { vision: VisionClient };
      const { frameId } = await vision.open(new Blob([new Uint8Array(given)]));
      const [look] = await vision.embed(frameId, [box]);
      await vision.close(frameId);
      const status = (await vision.modelStatus()).find(({ modelId }) => modelId === 'product-embedding');
      return { vector: [...look!.embedding.vector], backend: look!.embedding.backend, selfTest: status!.selfTest };
    },
    { given: [...bytes], box: WHOLE_FRAME },
  );
}

/** The same by the same stages on Node's native runtime. */
export async function embedInNode(bytes: Uint8Array<ArrayBuffer>): Promise<number[]> {
  const vision = createVision(createNodeRuntime({ threads: 1 }));
  const { frameId } = await vision.open(new Blob([bytes]), { taskId: 'open' });
  const [look] = await vision.embed(frameId, [WHOLE_FRAME], { taskId: 'embed' });
  return [...look!.embedding.vector];
}

/** Cosine of two unit vectors. */
export function cosine(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}
