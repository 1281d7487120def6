/**
 * @file The one pipeline over one still: decode → barcode · look · text → match → verify → judge. A lens says which stages stand.
 * Thread: page or Node; every stage that computes runs in a worker (or in Node's runtime).
 */
import type { PhotoAnalysis } from '../contracts/analysis.ts';
import type { LensSpec } from '../contracts/lens.ts';
import type { MediaRef, OpenedFrame } from '../contracts/media.ts';
import type { Product } from '../contracts/product.ts';
import type { Backend, BarcodeReading, Look, WordMatch } from '../contracts/results.ts';
import type { SearchResponse } from '../contracts/server-api.ts';
import type { CallOptions, Stage } from '../contracts/task.ts';
import { AppError } from '../contracts/errors.ts';
import { AnalysisDraft, NOTHING_YET } from './analysis-draft.ts';
import { fuseCues } from './fuse-cues.ts';
import { matchLook, NEIGHBOURS, withServer } from './match-look.ts';
import { matchWords } from './match-words.ts';
import { judgeBest, trustedProduct } from './judge-contents.ts';
import { nextTurn } from '../core/next-turn.ts';
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
  const { signal, priority, onUpdate = () => {}, keepFrame = false } = options;
  const draft = new AnalysisDraft(NOTHING_YET, STAGES, skippedStages(lens), onUpdate);
  const call: CallOptions = {
    ...(signal === undefined ? {} : { signal }),
    ...(priority === undefined ? {} : { priority }),
    onProgress: draft.onProgress,
  };

  const frame = await draft.stage('decode', () => pipeline.vision.open(media.blob, call));
  if (frame === null) throw draft.analysis.errors.decode ?? new AppError('bug', 'decode failed without an error');
  draft.update({ frame });
  let isHandedOver = false;
  try {
    await analyseFrame(frame, lens, pipeline, draft, call);
    draft.update({ isComplete: true, progress: null, backends: await backendsOf(pipeline) });
    isHandedOver = keepFrame;
    return draft.analysis;
  } finally {
    // A caller that got no answer knows no frame to close. The worker may be gone already; then its frames are gone too.
    if (!isHandedOver) await pipeline.vision.close(frame.frameId).catch(() => {});
  }
}

async function analyseFrame(
  frame: OpenedFrame,
  lens: LensSpec,
  pipeline: Pipeline,
  draft: AnalysisDraft<PhotoAnalysis>,
  call: CallOptions,
): Promise<void> {
  const { frameId } = frame;
  // [Note: A slow server] It is asked while this device goes on; what it knows joins the answer when it comes, and costs nothing if it does not.
  const asked: Promise<void>[] = [];
  const fromServer = { barcodeProducts: [] as Product[], look: null as SearchResponse | null };
  let hasAnswered = false;
  let words: readonly WordMatch[] = [];

  const barcodes = lens.stages.barcode ? ((await draft.stage('barcode', () => pipeline.vision.readBarcodes(frameId, call))) ?? []) : [];
  draft.update({ barcodes });
  const { products: known, unknown } = await productsOf(barcodes, pipeline);
  asked.push(...unknown.map((gtin) => lookUp(gtin)));
  const look =
    lens.stages.embed === false ? null : await matchLook(frame, lens, pipeline, draft, call, (seen) => asked.push(searchServer(seen)));
  await identify();
  await judgeSoFar();

  const script = lens.stages.read;
  if (script !== false) {
    const text = await draft.stage('read', () => pipeline.vision.readText(frameId, { script }, call));
    draft.update({ text });
    if (look !== null) words = await matchWords(text, pipeline, call);
    await nextTurn();
    await identify();
    await nextTurn();
  }
  await judgeSoFar();
  await Promise.all(asked);

  async function identify(): Promise<void> {
    const barcodeProducts = distinct([...known, ...fromServer.barcodeProducts]);
    const { text } = draft.analysis;
    hasAnswered = true;
    if (look === null && barcodeProducts.length === 0 && text === null) return;
    const cues = { barcodes, barcodeProducts, look: withServer(look, fromServer.look), text, words };
    draft.update({ identification: fuseCues(cues, await pipeline.catalogue.all()) });
  }

  async function judgeSoFar(): Promise<void> {
    if (lens.stages.judge) await judge(pipeline, draft);
  }

  async function lookUp(gtin: string): Promise<void> {
    const product = (await pipeline.server?.lookup(lens.id, gtin, call).catch(() => null)) ?? null;
    if (product === null) return;
    fromServer.barcodeProducts.push(product);
    await answerAnew();
  }

  async function searchServer(seen: Look): Promise<void> {
    const answer = (await pipeline.server?.search(lens.id, seen.embedding, NEIGHBOURS, call).catch(() => null)) ?? null;
    if (answer === null) return;
    fromServer.look = answer;
    await answerAnew();
  }

  /** Before the first answer of this device there is nothing to renew: that answer will hold it. */
  async function answerAnew(): Promise<void> {
    if (!hasAnswered || call.signal?.aborted === true) return;
    await identify();
    await judgeSoFar();
  }
}

/** Judge by what is known so far. */
async function judge(pipeline: Pipeline, draft: AnalysisDraft<PhotoAnalysis>): Promise<void> {
  await draft.stage('judge', async () => {
    const people = await pipeline.people();
    const { text, identification } = draft.analysis;
    draft.update({ judgement: judgeBest(text, trustedProduct(identification), people, Date.now()) });
  });
}

/** Products on this device that the codes name, and the codes that it does not know. */
async function productsOf(barcodes: readonly BarcodeReading[], pipeline: Pipeline): Promise<{ products: Product[]; unknown: string[] }> {
  const products: Product[] = [];
  const unknown: string[] = [];
  for (const gtin of new Set(barcodes.flatMap((code) => code.gtin ?? []))) {
    const product = await pipeline.catalogue.byGtin(gtin);
    if (product === null) unknown.push(gtin);
    else products.push(product);
  }
  return { products: distinct(products), unknown };
}

function distinct(products: readonly Product[]): Product[] {
  return products.filter(({ id }, at) => products.findIndex((other) => other.id === id) === at);
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
