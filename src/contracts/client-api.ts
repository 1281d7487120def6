/** @file The worker interfaces as their callers see them: an `AbortSignal` in place of a task id. Thread: page or Node. */
import type { Box } from './geometry.ts';
import type { IndexApi } from './index-api.ts';
import type { OpenedFrame } from './media.ts';
import type { FaceDetection } from './results.ts';
import type { CallOptions, TaskOptions } from './task.ts';
import type { OpenOptions, VisionApi } from './vision-api.ts';

/** `method(input…, TaskOptions)` becomes `method(input…, CallOptions?)`. */
type Callable<Api> = {
  [Method in keyof Api]: Api[Method] extends (...args: [...infer Input, TaskOptions]) => infer Output
    ? (...args: [...Input, options?: CallOptions]) => Output
    : Api[Method];
};

/** {@link VisionApi} for callers; every method may also reject with `cancelled`, `worker-died` or `busy`. */
export type VisionService = Omit<Callable<VisionApi>, 'open' | 'detectFaces' | 'cancel' | 'ping'> & {
  open(source: Blob | ImageBitmap, options?: CallOptions & OpenOptions): Promise<OpenedFrame>;
  detectFaces(frameId: string, options?: CallOptions & { region?: Box }): Promise<FaceDetection[]>;
};

/** {@link IndexApi} for callers. */
export type IndexService = Omit<Callable<IndexApi>, 'cancel' | 'ping'>;
