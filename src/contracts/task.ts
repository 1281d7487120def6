/** @file Progress and cancellation of one call to a worker. Thread: any. */

/** Stage names, in the order of the pipeline. */
export type Stage =
  'capture' | 'model' | 'decode' | 'detect' | 'crop' | 'anonymise' | 'barcode' | 'read' | 'embed' | 'match' | 'verify' | 'judge' | 'store';

/** At most ten a second; the last one of a stage has `done === total`. */
export interface Progress {
  readonly stage: Stage;
  readonly done: number;
  readonly total: number;
  readonly unit: 'bytes' | 'items' | 'frames';
  /** What is being loaded or read, e.g. a model id. */
  readonly label?: string;
}

/** Receives progress; must not throw. */
export type OnProgress = (progress: Progress) => void;

/** Somebody waits for it on the screen, or it runs in the background; the former overtakes the latter between two model runs. */
export type Priority = 'interactive' | 'batch';

/** Options of a worker method as it crosses the wire (an `AbortSignal` cannot be cloned). */
export interface TaskOptions {
  readonly taskId: string;
  readonly onProgress?: OnProgress;
  /** Default `interactive`. */
  readonly priority?: Priority;
}

/** Options of a client method on the page or of a flow. */
export interface CallOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: OnProgress;
  /** Default `interactive`. */
  readonly priority?: Priority;
}
