/** @file The vision worker's interface, composed of the stages over whatever runtime it is given. Runtime-neutral. */
import { AppError } from '../../src/contracts/errors.ts';
import type { Box } from '../../src/contracts/geometry.ts';
import { MAX_FRAME_SIDE_PX, type Frame } from '../../src/contracts/media.ts';
import type { Runtime } from '../../src/contracts/runtime.ts';
import type { OnProgress, Progress, Stage, TaskOptions } from '../../src/contracts/task.ts';
import type { CropImageOptions, ModelRuntimeStatus, VisionApi } from '../../src/contracts/vision-api.ts';
import { modelSpec } from '../../src/models/registry.ts';
import { cropImage } from './crop.ts';
import { describeFaces } from './describe-faces.ts';
import { detectFaces } from './detect-faces.ts';
import { detectRunners } from './detect-runners.ts';
import { detectShelf } from './detect-shelf.ts';
import { EMBEDDING_MODEL, embedCrops } from './embed.ts';
import { FrameLevels } from './frame-levels.ts';
import { lookAtRunners } from './look-at-runners.ts';
import { LOCAL_FEATURES_SIDE_PX, extractFeatures, verifyPack } from './local-features.ts';
import { Precedence, givingWay } from './precedence.ts';
import { PROPOSAL_SIDE_PX, proposeBox } from './propose-box.ts';
import { readBarcodes } from './read-barcodes.ts';
import { readBibs } from './read-bibs.ts';
import { readText } from './read-text.ts';

/** A runtime that also tells how its models fare. */
export interface VisionRuntime extends Runtime {
  modelStatus(): ModelRuntimeStatus[];
  /** Hear of downloads (`stage: 'model'`) while `listener` is subscribed. Returns the unsubscriber. A place without downloads has none. */
  watchDownloads?(listener: OnProgress): () => void;
}

/**
 * Frames kept open; the oldest goes first. A look keeps one or two; an import of a race keeps two photos, each small and, for small bibs, whole.
 * Six of 4096 × 3072 are 300 MB, with their halves 400 MB; a race's small ones are 13 MB each.
 */
const MAX_FRAMES = 6;

/** Least time between two reports of a stage. */
const REPORT_EVERY_MS = 100;

/** One task while it runs. */
interface Task {
  /** @throws AppError('cancelled') */
  readonly check: () => void;
  /** As `check`, after messages that wait had their turn. */
  readonly checkAfterTurn: () => Promise<void>;
  readonly report: OnProgress;
  /** [Note: Interactive first] */
  readonly runtime: Runtime;
}

/** @returns the interface; frames and tasks are its own, models are the runtime's. */
export function createVision(runtime: VisionRuntime): VisionApi {
  const frames = new Map<string, FrameLevels>();
  const precedence = new Precedence();
  const cancelled = new Set<string>();
  const running = new Set<string>();
  let opened = 0;
  // A handle of a worker that died must not open a frame of the next one.
  const session = Math.random().toString(36).slice(2, 8);

  const levelsOf = (frameId: string): FrameLevels => {
    const levels = frames.get(frameId);
    if (levels === undefined) throw new AppError('invalid-input', `Frame ${frameId} is not open`);
    return levels;
  };
  const frameOf = (frameId: string): Frame => levelsOf(frameId).full;

  /** Run a job as a task: cancellable between its steps, with its reports and those of the downloads that it causes. */
  async function run<Result>(
    { taskId, onProgress, priority = 'interactive' }: TaskOptions,
    stage: Stage,
    job: (task: Task) => Promise<Result>,
  ): Promise<Result> {
    const report = onProgress === undefined ? () => {} : calmed(onProgress);
    const check = (): void => {
      if (cancelled.has(taskId)) throw new AppError('cancelled', 'The task was cancelled', { stage });
    };
    const task: Task = {
      check,
      report,
      runtime: priority === 'batch' ? givingWay(runtime, precedence, check) : runtime,
      checkAfterTurn: async () => {
        await messageTurn();
        check();
      },
    };
    running.add(taskId);
    // The live camera decodes and reads codes all the time; work in the background must not stand still for it.
    const leave = priority === 'interactive' && stage !== 'decode' && stage !== 'barcode' ? precedence.enter() : undefined;
    const unwatch = runtime.watchDownloads?.(report);
    try {
      check();
      const result = await job(task);
      check();
      return result;
    } finally {
      unwatch?.();
      leave?.();
      running.delete(taskId);
      cancelled.delete(taskId);
    }
  }

  const startModel = (modelId: string): Promise<unknown> => {
    switch (modelSpec(modelId).runtime) {
      case 'ort':
        return runtime.ort(modelId);
      case 'tfjs':
        return runtime.tfjs(modelId);
      case 'tesseract':
        return runtime.tesseract(modelId);
      case 'zxing':
        return runtime.barcodes();
      case 'opencv':
        return runtime.openCv();
    }
  };

  return {
    open: (source, options) =>
      run(options, 'decode', async ({ check, report }) => {
        report({ stage: 'decode', done: 0, total: 1, unit: 'frames' });
        const { frame, originalWidthPx, originalHeightPx } = await runtime.decode(
          source,
          Math.min(options.maxSidePx ?? MAX_FRAME_SIDE_PX, MAX_FRAME_SIDE_PX),
        );
        check();
        const frameId = `frame-${session}-${++opened}`;
        frames.set(frameId, new FrameLevels(frame));
        for (const oldest of frames.keys()) {
          if (frames.size <= MAX_FRAMES) break;
          frames.delete(oldest);
        }
        report({ stage: 'decode', done: 1, total: 1, unit: 'frames' });
        return { frameId, widthPx: frame.widthPx, heightPx: frame.heightPx, originalWidthPx, originalHeightPx };
      }),
    close(frameId) {
      frames.delete(frameId);
      return Promise.resolve();
    },
    readBarcodes: (frameId, options) =>
      run(options, 'barcode', (task) => stepwise(task, 'barcode', () => readBarcodes(frameOf(frameId), task.runtime))),
    readText: (frameId, input, options) =>
      run(options, 'read', ({ check, report, runtime: place }) =>
        readText(frameOf(frameId), input, place, { checkCancelled: check, onProgress: report }),
      ),
    embed: (frameId, boxes, options) =>
      run(options, 'embed', (task) =>
        stepwise(task, 'embed', () => embedCrops(levelForEmbedding(levelsOf(frameId), boxes), boxes, task.runtime, task.checkAfterTurn)),
      ),
    proposeBox: (frameId, options) =>
      run(options, 'detect', (task) =>
        stepwise(task, 'detect', () => proposeBox(levelsOf(frameId).atLeast(PROPOSAL_SIDE_PX, PROPOSAL_SIDE_PX), task.runtime)),
      ),
    extractFeatures: (frameId, box, options) =>
      run(options, 'verify', (task) =>
        stepwise(task, 'verify', () => extractFeatures(levelForFeatures(levelsOf(frameId), box), box, task.runtime)),
      ),
    verify: (frameId, box, references, options) =>
      run(options, 'verify', (task) =>
        stepwise(task, 'verify', () => verifyPack(levelForFeatures(levelsOf(frameId), box), box, references, task.runtime)),
      ),
    detectFaces: (frameId, options) =>
      run(options, 'detect', ({ checkAfterTurn, report }) =>
        detectFaces(frameOf(frameId), runtime, {
          ...(options.region === undefined ? {} : { region: options.region }),
          checkCancelled: checkAfterTurn,
          onStep: (done, total) => report({ stage: 'detect', done, total, unit: 'items' }),
        }),
      ),
    describeFaces: (frameId, regions, options) =>
      run(options, 'embed', ({ checkAfterTurn, report, runtime: place }) =>
        describeFaces(levelsOf(frameId), regions, place, {
          checkCancelled: checkAfterTurn,
          onStep: (done, total) => report({ stage: 'embed', done, total, unit: 'items' }),
        }),
      ),
    detectShelf: (frameId, options) =>
      run(options, 'detect', ({ checkAfterTurn, report, runtime: place }) =>
        detectShelf(levelsOf(frameId), place, {
          checkCancelled: checkAfterTurn,
          onStep: (done, total) => report({ stage: 'detect', done, total, unit: 'items' }),
        }),
      ),
    detectRunners: (frameId, options) =>
      run(options, 'detect', ({ checkAfterTurn, report, runtime: place }) =>
        detectRunners(levelsOf(frameId), place, {
          checkCancelled: checkAfterTurn,
          onStep: (done, total) => report({ stage: 'detect', done, total, unit: 'items' }),
        }),
      ),
    lookAtRunners: (frameId, boxes, options) =>
      run(options, 'embed', (task) => stepwise(task, 'embed', () => lookAtRunners(levelsOf(frameId), boxes, task.checkAfterTurn))),
    readBibs: (frameId, boxes, options) =>
      run(options, 'read', ({ checkAfterTurn, report, runtime: place }) =>
        readBibs(levelsOf(frameId), boxes, place, {
          checkCancelled: checkAfterTurn,
          onStep: (done, total) => report({ stage: 'read', done, total, unit: 'items' }),
        }),
      ),
    cropImage: (frameId, crop, options) =>
      run(options, 'crop', ({ checkAfterTurn, report }) =>
        cropImage(levelForImage(levelsOf(frameId), crop), crop, runtime, {
          checkCancelled: checkAfterTurn,
          onStep: (done, total) => report({ stage: 'anonymise', done, total, unit: 'items' }),
        }),
      ),
    prepare: (modelIds, options) =>
      run(options, 'model', async ({ checkAfterTurn, report }) => {
        for (const [done, modelId] of modelIds.entries()) {
          report({ stage: 'model', done, total: modelIds.length, unit: 'items', label: modelId });
          await startModel(modelId);
          await checkAfterTurn();
        }
        report({ stage: 'model', done: modelIds.length, total: modelIds.length, unit: 'items' });
      }),
    // eslint-disable-next-line @typescript-eslint/require-await -- a throw must become a rejection
    embeddingSpace: async () => {
      const space = modelSpec(EMBEDDING_MODEL).embeddingSpace;
      if (space === undefined) throw new AppError('bug', `${EMBEDDING_MODEL} declares no space`);
      return space;
    },
    modelStatus: () => Promise.resolve(runtime.modelStatus()),
    cancel(taskId) {
      if (running.has(taskId)) cancelled.add(taskId);
      return Promise.resolve();
    },
    ping: () => Promise.resolve('pong'),
  };
}

/** All crops come from one level: the one that the smallest of them needs. */
function levelForEmbedding(levels: FrameLevels, boxes: readonly Box[]): Frame {
  const [, , heightPx = 0, widthPx = 0] = modelSpec(EMBEDDING_MODEL).input?.shape ?? [];
  const smallest = { width: Math.min(...boxes.map(({ width }) => width)), height: Math.min(...boxes.map(({ height }) => height)) };
  return levels.atLeast(widthPx, heightPx, { x: 0, y: 0, ...smallest });
}

/** Keypoints are sought in a crop whose longest side has a fixed size. */
function levelForFeatures(levels: FrameLevels, box: Box): Frame {
  const { widthPx, heightPx } = levels.full;
  const longest = Math.max(box.width * widthPx, box.height * heightPx);
  const scale = LOCAL_FEATURES_SIDE_PX / longest;
  return levels.atLeast(box.width * widthPx * scale, box.height * heightPx * scale, box);
}

/** Faces are sought in all the detail there is; a picture for the library needs no more than it shows. */
function levelForImage(levels: FrameLevels, { box, maxSidePx, blurFaces, lookForFaces = true }: CropImageOptions): Frame {
  if (blurFaces || lookForFaces) return levels.full;
  const { widthPx, heightPx } = levels.full;
  const scale = maxSidePx / Math.max(box.width * widthPx, box.height * heightPx);
  return levels.atLeast(box.width * widthPx * scale, box.height * heightPx * scale, box, 1.5);
}

/** A stage without steps of its own: nothing done, all done. */
async function stepwise<Result>({ report }: Task, stage: Stage, job: () => Promise<Result>): Promise<Result> {
  report({ stage, done: 0, total: 1, unit: 'items' });
  const result = await job();
  report({ stage, done: 1, total: 1, unit: 'items' });
  return result;
}

/** At most ten reports a second of each stage and label; the first and the last always pass. */
function calmed(onProgress: OnProgress): OnProgress {
  const reportedAtMs = new Map<string, number>();
  return (progress: Progress) => {
    const key = `${progress.stage}/${progress.label ?? ''}`;
    const nowMs = performance.now();
    const lastMs = reportedAtMs.get(key);
    if (progress.done < progress.total && lastMs !== undefined && nowMs - lastMs < REPORT_EVERY_MS) return;
    reportedAtMs.set(key, nowMs);
    onProgress(progress);
  };
}

/** Let messages that wait (a cancel) be heard: WASM runs give no turn by themselves. */
function messageTurn(): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, 0));
}
