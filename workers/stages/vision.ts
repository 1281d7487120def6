/** @file The vision worker's interface, composed of the stages over whatever runtime it is given. Runtime-neutral. */
import { AppError } from '../../src/contracts/errors.ts';
import { MAX_FRAME_SIDE_PX, type Frame } from '../../src/contracts/media.ts';
import type { Runtime } from '../../src/contracts/runtime.ts';
import type { OnProgress, Progress, Stage, TaskOptions } from '../../src/contracts/task.ts';
import type { ModelRuntimeStatus, VisionApi } from '../../src/contracts/vision-api.ts';
import { modelSpec } from '../../src/models/registry.ts';
import { cropImage } from './crop.ts';
import { detectFaces } from './detect-faces.ts';
import { EMBEDDING_MODEL, embedCrops } from './embed.ts';
import { extractFeatures, verifyPack } from './local-features.ts';
import { proposeBox } from './propose-box.ts';
import { readBarcodes } from './read-barcodes.ts';
import { readText } from './read-text.ts';

/** A runtime that also tells how its models fare. */
export interface VisionRuntime extends Runtime {
  modelStatus(): ModelRuntimeStatus[];
  /** Hear of downloads (`stage: 'model'`) while `listener` is subscribed. Returns the unsubscriber. A place without downloads has none. */
  watchDownloads?(listener: OnProgress): () => void;
}

/** Frames kept open; the oldest goes first. Four of 4096 × 3072 are 200 MB. */
const MAX_FRAMES = 4;

/** Least time between two reports of a stage. */
const REPORT_EVERY_MS = 100;

/** One task while it runs. */
interface Task {
  /** @throws AppError('cancelled') */
  readonly check: () => void;
  /** As `check`, after messages that wait had their turn. */
  readonly checkAfterTurn: () => Promise<void>;
  readonly report: OnProgress;
}

/** @returns the interface; frames and tasks are its own, models are the runtime's. */
export function createVision(runtime: VisionRuntime): VisionApi {
  const frames = new Map<string, Frame>();
  const cancelled = new Set<string>();
  const running = new Set<string>();
  let opened = 0;
  // A handle of a worker that died must not open a frame of the next one.
  const session = Math.random().toString(36).slice(2, 8);

  const frameOf = (frameId: string): Frame => {
    const frame = frames.get(frameId);
    if (frame === undefined) throw new AppError('invalid-input', `Frame ${frameId} is not open`);
    return frame;
  };

  /** Run a job as a task: cancellable between its steps, with its reports and those of the downloads that it causes. */
  async function run<Result>({ taskId, onProgress }: TaskOptions, stage: Stage, job: (task: Task) => Promise<Result>): Promise<Result> {
    const report = onProgress === undefined ? () => {} : calmed(onProgress);
    const check = (): void => {
      if (cancelled.has(taskId)) throw new AppError('cancelled', 'The task was cancelled', { stage });
    };
    const task: Task = {
      check,
      report,
      checkAfterTurn: async () => {
        await messageTurn();
        check();
      },
    };
    running.add(taskId);
    const unwatch = runtime.watchDownloads?.(report);
    try {
      check();
      const result = await job(task);
      check();
      return result;
    } finally {
      unwatch?.();
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
        const { frame, originalWidthPx, originalHeightPx } = await runtime.decode(source, MAX_FRAME_SIDE_PX);
        check();
        const frameId = `frame-${session}-${++opened}`;
        frames.set(frameId, frame);
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
      run(options, 'barcode', (task) => stepwise(task, 'barcode', () => readBarcodes(frameOf(frameId), runtime))),
    readText: (frameId, input, options) =>
      run(options, 'read', ({ check, report }) =>
        readText(frameOf(frameId), input, runtime, { checkCancelled: check, onProgress: report }),
      ),
    embed: (frameId, boxes, options) =>
      run(options, 'embed', (task) => stepwise(task, 'embed', () => embedCrops(frameOf(frameId), boxes, runtime))),
    proposeBox: (frameId, options) =>
      run(options, 'detect', (task) => stepwise(task, 'detect', () => proposeBox(frameOf(frameId), runtime))),
    extractFeatures: (frameId, box, options) =>
      run(options, 'verify', (task) => stepwise(task, 'verify', () => extractFeatures(frameOf(frameId), box, runtime))),
    verify: (frameId, box, references, options) =>
      run(options, 'verify', (task) => stepwise(task, 'verify', () => verifyPack(frameOf(frameId), box, references, runtime))),
    detectFaces: (frameId, options) =>
      run(options, 'detect', ({ checkAfterTurn, report }) =>
        detectFaces(frameOf(frameId), runtime, {
          ...(options.region === undefined ? {} : { region: options.region }),
          checkCancelled: checkAfterTurn,
          onStep: (done, total) => report({ stage: 'detect', done, total, unit: 'items' }),
        }),
      ),
    cropImage: (frameId, crop, options) =>
      run(options, 'crop', ({ checkAfterTurn, report }) =>
        cropImage(frameOf(frameId), crop, runtime, {
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
