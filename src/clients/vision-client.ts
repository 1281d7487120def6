/** @file The vision worker as the page calls it. Thread: page. */
import type { VisionService } from '../contracts/client-api.ts';
import type { WorkerSetup } from '../contracts/wire.ts';
import { WorkerHost } from './worker-host.ts';

/** A {@link VisionService} that holds a worker. */
export interface VisionClient extends VisionService {
  /** End the worker and free its memory; frames are gone, pending calls reject with `cancelled`. */
  end(): void;
}

/** How long a stage may go on after a cancel, in ms: a WASM run cannot be interrupted, and a new worker would load its models again. */
const BUDGETS_MS: Readonly<Record<string, number>> = {
  open: 10_000,
  readText: 15_000,
  prepare: 60_000,
  embed: 8_000,
  cropImage: 8_000,
  detectFaces: 8_000,
  describeFaces: 8_000,
  detectShelf: 10_000,
  detectRunners: 8_000,
};
const BUDGET_MS = 10_000;

/** Starting the models again costs seconds, so the worker stays a while. */
const IDLE_MS = 120_000;

/** On iOS memory grows with each run and only comes back with a new worker. */
const MAX_CALLS_IOS = 300;

let override: WorkerSetup['override'] = null;

/** For tests (`?ep=`): run models on this backend. Takes effect with the next worker. */
export function setBackendOverride(backend: WorkerSetup['override']): void {
  override = backend;
}

/** True on iPhones and iPads; iPads call themselves Macs, but have touch points. */
function isIos(): boolean {
  return /iPhone|iPad|iPod/.test(navigator.userAgent) || (navigator.userAgent.includes('Macintosh') && navigator.maxTouchPoints > 1);
}

/** @returns a client; its worker starts with the first call. */
export function createVisionClient(): VisionClient {
  const openFrames = new Set<string>();
  // [Note: Next backend] Twice dead in a row, with no answer between: a GPU driver is the first suspect, so the next worker does without.
  const host: WorkerHost = new WorkerHost({
    name: 'vision',
    create: () => new Worker(new URL('../../workers/vision.worker.ts', import.meta.url), { type: 'module' }),
    setup: () => ({ override: override ?? (host.deaths >= 2 ? 'wasm' : null), isIos: isIos() }),
    budgetMs: (method) => BUDGETS_MS[method] ?? BUDGET_MS,
    idleMs: IDLE_MS,
    canEnd: () => openFrames.size === 0,
    maxCalls: isIos() ? MAX_CALLS_IOS : Infinity,
    onEnd: () => openFrames.clear(),
  });
  return {
    async open(source, { maxSidePx, ...options } = {}) {
      const transfer = source instanceof ImageBitmap ? [source] : [];
      const extra = maxSidePx === undefined ? {} : { maxSidePx };
      const frame = await host.call<Awaited<ReturnType<VisionService['open']>>>('open', [source], { ...options, extra, transfer });
      openFrames.add(frame.frameId);
      return frame;
    },
    async close(frameId) {
      // A worker that is gone holds no frame; starting a new one to say so would be waste.
      if (openFrames.delete(frameId) && host.isRunning) await host.ask('close', [frameId]);
    },
    readBarcodes: (frameId, options) => host.call('readBarcodes', [frameId], options),
    readText: (frameId, input, options) => host.call('readText', [frameId, input], options),
    embed: (frameId, boxes, options) => host.call('embed', [frameId, boxes], options),
    proposeBox: (frameId, options) => host.call('proposeBox', [frameId], options),
    extractFeatures: (frameId, box, options) => host.call('extractFeatures', [frameId, box], options),
    verify: (frameId, box, references, options) => host.call('verify', [frameId, box, references], options),
    detectFaces: (frameId, { region, ...options } = {}) =>
      host.call('detectFaces', [frameId], region === undefined ? options : { ...options, extra: { region } }),
    describeFaces: (frameId, regions, options) => host.call('describeFaces', [frameId, regions], options),
    detectShelf: (frameId, options) => host.call('detectShelf', [frameId], options),
    detectRunners: (frameId, options) => host.call('detectRunners', [frameId], options),
    lookAtRunners: (frameId, boxes, options) => host.call('lookAtRunners', [frameId, boxes], options),
    readBibs: (frameId, boxes, options) => host.call('readBibs', [frameId, boxes], options),
    cropImage: (frameId, crop, options) => host.call('cropImage', [frameId, crop], options),
    prepare: (modelIds, options) => host.call('prepare', [modelIds], options),
    embeddingSpace: () => host.ask('embeddingSpace'),
    modelStatus: () => (host.isRunning ? host.ask('modelStatus') : Promise.resolve([])),
    end: () => host.end(),
  };
}
