/**
 * @file The one pipeline over one still: decode → barcode · look · text → match → verify → judge. A lens says which stages stand.
 * Thread: page or Node; every stage that computes runs in a worker (or in Node's runtime).
 */
import type { PhotoAnalysis } from '../contracts/analysis.ts';
import type { LensSpec } from '../contracts/lens.ts';
import type { MediaRef, OpenedFrame } from '../contracts/media.ts';
import type { Product } from '../contracts/product.ts';
import type { Backend, BarcodeReading } from '../contracts/results.ts';
import type { CallOptions, Stage } from '../contracts/task.ts';
import { AppError } from '../contracts/errors.ts';
import { AnalysisDraft } from './analysis-draft.ts';
import { fuseCues } from './fuse-cues.ts';
import { matchLook } from './match-look.ts';
import { judgeBest, trustedProduct } from './judge-contents.ts';
import type { Pipeline } from './pipeline.ts';

const STAGES: readonly Stage[] = ['decode', 'barcode', 'embed', 'match', 'verify', 'read', 'judge'];

/** Options of {@link analysePhoto}. */
export interface AnalysePhotoOptions extends CallOptions {
  /** Called at once and after every change. */
  readonly onUpdate?: (analysis: PhotoAnalysis) => void;
  /** Keep the frame open in the worker (for sharing, learning, highlights); the caller then closes it. Default false. */
  readonly keepFrame?: boolean;
}

/**
 * Analyse one photo. Answers arrive through `onUpdate` as soon as each stage has one.
 * @returns the complete analysis; stages that failed are named in `errors`.
 * @throws AppError('decode-unsupported' | 'cancelled' | 'worker-died' | 'out-of-memory') when there is nothing to show.
 */
export async function analysePhoto(
  media: MediaRef,
  lens: LensSpec,
  pipeline: Pipeline,
  options: AnalysePhotoOptions = {},
): Promise<PhotoAnalysis> {
  const draft = new AnalysisDraft(STAGES, skippedStages(lens), options.onUpdate ?? (() => {}));
  const call: CallOptions = { ...(options.signal === undefined ? {} : { signal: options.signal }), onProgress: draft.onProgress };

  const frame = await draft.stage('decode', () => pipeline.vision.open(media.blob, call));
  if (frame === null) throw draft.analysis.errors.decode ?? new AppError('bug', 'decode failed without an error');
  draft.update({ frame });
  try {
    await analyseFrame(frame, lens, pipeline, draft, call);
    draft.update({ isComplete: true, progress: null, backends: await backendsOf(pipeline) });
    return draft.analysis;
  } finally {
    // The worker may be gone already; then its frames are gone too.
    if (options.keepFrame !== true) await pipeline.vision.close(frame.frameId).catch(() => {});
  }
}

async function analyseFrame(
  frame: OpenedFrame,
  lens: LensSpec,
  pipeline: Pipeline,
  draft: AnalysisDraft,
  call: CallOptions,
): Promise<void> {
  const { frameId } = frame;

  const barcodes = lens.stages.barcode ? ((await draft.stage('barcode', () => pipeline.vision.readBarcodes(frameId, call))) ?? []) : [];
  draft.update({ barcodes });
  const barcodeProducts = await productsOf(barcodes, lens, pipeline, call);
  const look = lens.stages.embed === false ? null : await matchLook(frame, lens, pipeline, draft, call);
  const identify = async (): Promise<void> => {
    if (look === null && barcodeProducts.length === 0 && draft.analysis.text === null) return;
    const cues = { barcodes, barcodeProducts, look, text: draft.analysis.text };
    draft.update({ identification: fuseCues(cues, await pipeline.catalogue.all()) });
  };
  await identify();
  if (lens.stages.judge) await judgeSoFar(pipeline, draft);

  const script = lens.stages.read;
  if (script !== false) {
    const text = await draft.stage('read', () => pipeline.vision.readText(frameId, { script }, call));
    draft.update({ text });
    await identify();
  }
  if (lens.stages.judge) await judgeSoFar(pipeline, draft);
}

/** Judge by what is known so far. */
async function judgeSoFar(pipeline: Pipeline, draft: AnalysisDraft): Promise<void> {
  await draft.stage('judge', async () => {
    const people = await pipeline.people();
    const { text, identification } = draft.analysis;
    draft.update({ judgement: judgeBest(text, trustedProduct(identification), people, Date.now()) });
  });
}

/** Products that the codes name: on this device first, then the server if the user allowed it. */
async function productsOf(barcodes: readonly BarcodeReading[], lens: LensSpec, pipeline: Pipeline, call: CallOptions): Promise<Product[]> {
  const products: Product[] = [];
  for (const { gtin } of barcodes) {
    if (gtin === null) continue;
    const onDevice = await pipeline.catalogue.byGtin(gtin);
    // A server that is down or slow must not cost the answer that the device has.
    const product = onDevice ?? (await pipeline.server?.lookup(lens.id, gtin, call).catch(rethrowCancelled)) ?? null;
    if (product !== null && products.every(({ id }) => id !== product.id)) products.push(product);
  }
  return products;
}

function rethrowCancelled(error: unknown): null {
  if (error instanceof AppError && error.code === 'cancelled') throw error;
  return null;
}

function skippedStages(lens: LensSpec): Stage[] {
  const { barcode, read, embed, verify, judge } = lens.stages;
  const skipped: Stage[] = [];
  if (!barcode) skipped.push('barcode');
  if (read === false) skipped.push('read');
  if (embed === false) skipped.push('embed', 'match', 'verify');
  else if (!verify) skipped.push('verify');
  if (!judge) skipped.push('judge');
  return skipped;
}

async function backendsOf(pipeline: Pipeline): Promise<Record<string, Backend>> {
  const status = await pipeline.vision.modelStatus();
  return Object.fromEntries(status.filter(({ runs }) => runs > 0).map(({ modelId, backend }) => [modelId, backend]));
}
