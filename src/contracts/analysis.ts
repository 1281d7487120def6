/** @file Snapshot of one photo's way through the pipeline, as the page draws it. Thread: page or Node. */
import type { Judgement } from './dietary.ts';
import type { AppError } from './errors.ts';
import type { OpenedFrame } from './media.ts';
import type { Identification } from './product.ts';
import type { Backend, BarcodeReading, TextReading } from './results.ts';
import type { Progress, Stage } from './task.ts';

/** State of one stage. A failed stage does not stop the others. */
export type StageState = 'waiting' | 'running' | 'done' | 'failed' | 'skipped';

/** What is known so far; each update is a new object. */
export interface PhotoAnalysis {
  readonly frame: OpenedFrame | null;
  readonly stages: Readonly<Partial<Record<Stage, StageState>>>;
  readonly errors: Readonly<Partial<Record<Stage, AppError>>>;
  readonly progress: Progress | null;
  readonly barcodes: readonly BarcodeReading[];
  readonly text: TextReading | null;
  readonly identification: Identification | null;
  readonly judgement: Judgement | null;
  /** Backend per model that answered. */
  readonly backends: Readonly<Record<string, Backend>>;
  /** Milliseconds per stage that ended. */
  readonly durationsMs: Readonly<Partial<Record<Stage, number>>>;
  readonly isComplete: boolean;
}
