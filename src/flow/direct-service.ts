/** @file Worker interfaces called in this very thread (Node: evaluate, packs, tests): gives task ids, turns abort into cancel. */
import type { IndexService, VisionService } from '../contracts/client-api.ts';
import type { IndexApi } from '../contracts/index-api.ts';
import type { CallOptions, TaskOptions } from '../contracts/task.ts';
import type { VisionApi } from '../contracts/vision-api.ts';

let lastTask = 0;

/** Run `call` under a task id; an abort cancels it through the API. */
async function asTask<T>(
  api: { cancel(taskId: string): Promise<void> },
  options: CallOptions | undefined,
  call: (task: TaskOptions) => Promise<T>,
): Promise<T> {
  lastTask += 1;
  const taskId = `direct-${lastTask}`;
  const cancel = (): void => void api.cancel(taskId);
  options?.signal?.addEventListener('abort', cancel, { once: true });
  try {
    const { onProgress, priority } = options ?? {};
    return await call({ taskId, ...(onProgress === undefined ? {} : { onProgress }), ...(priority === undefined ? {} : { priority }) });
  } finally {
    options?.signal?.removeEventListener('abort', cancel);
  }
}

/** {@link VisionApi} as its callers see it, without a worker between. */
export function directVision(api: VisionApi): VisionService {
  return {
    open: (source, options) =>
      asTask(api, options, (task) => api.open(source, options?.maxSidePx === undefined ? task : { ...task, maxSidePx: options.maxSidePx })),
    close: (frameId) => api.close(frameId),
    readBarcodes: (frameId, options) => asTask(api, options, (task) => api.readBarcodes(frameId, task)),
    readText: (frameId, input, options) => asTask(api, options, (task) => api.readText(frameId, input, task)),
    embed: (frameId, boxes, options) => asTask(api, options, (task) => api.embed(frameId, boxes, task)),
    proposeBox: (frameId, options) => asTask(api, options, (task) => api.proposeBox(frameId, task)),
    extractFeatures: (frameId, box, options) => asTask(api, options, (task) => api.extractFeatures(frameId, box, task)),
    verify: (frameId, box, references, options) => asTask(api, options, (task) => api.verify(frameId, box, references, task)),
    detectFaces: (frameId, options) =>
      asTask(api, options, (task) => api.detectFaces(frameId, options?.region === undefined ? task : { ...task, region: options.region })),
    detectShelf: (frameId, options) => asTask(api, options, (task) => api.detectShelf(frameId, task)),
    detectRunners: (frameId, options) => asTask(api, options, (task) => api.detectRunners(frameId, task)),
    describeFaces: (frameId, regions, options) => asTask(api, options, (task) => api.describeFaces(frameId, regions, task)),
    lookAtRunners: (frameId, boxes, options) => asTask(api, options, (task) => api.lookAtRunners(frameId, boxes, task)),
    readBibs: (frameId, boxes, options) => asTask(api, options, (task) => api.readBibs(frameId, boxes, task)),
    cropImage: (frameId, crop, options) => asTask(api, options, (task) => api.cropImage(frameId, crop, task)),
    prepare: (modelIds, options) => asTask(api, options, (task) => api.prepare(modelIds, task)),
    embeddingSpace: () => api.embeddingSpace(),
    modelStatus: () => api.modelStatus(),
  };
}

/** {@link IndexApi} as its callers see it, without a worker between. */
export function directIndex(api: IndexApi): IndexService {
  return {
    reload: (space, options) => asTask(api, options, (task) => api.reload(space, task)),
    replace: (items, options) => asTask(api, options, (task) => api.replace(items, task)),
    search: (probe, k, options) => asTask(api, options, (task) => api.search(probe, k, task)),
    matchWords: (words, k, options) => asTask(api, options, (task) => api.matchWords(words, k, task)),
  };
}
