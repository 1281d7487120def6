/** @file The snapshot of one analysis while it grows: times stages, collects their errors, tells the caller. Thread: page or Node. */
import type { PhotoAnalysis, StageState } from '../contracts/analysis.ts';
import { toAppError } from '../contracts/errors.ts';
import type { Progress, Stage } from '../contracts/task.ts';

/** Before anything is known. */
export const NOTHING_YET: PhotoAnalysis = {
  frame: null,
  stages: {},
  errors: {},
  progress: null,
  barcodes: [],
  text: null,
  identification: null,
  judgement: null,
  backends: {},
  durationsMs: {},
  isComplete: false,
};

/** Grows a {@link PhotoAnalysis}; every change hands a new object to `onUpdate`. */
export class AnalysisDraft {
  #analysis: PhotoAnalysis;
  readonly #onUpdate: (analysis: PhotoAnalysis) => void;

  constructor(stages: readonly Stage[], skipped: readonly Stage[], onUpdate: (analysis: PhotoAnalysis) => void) {
    const states: Partial<Record<Stage, StageState>> = {};
    for (const stage of stages) states[stage] = skipped.includes(stage) ? 'skipped' : 'waiting';
    this.#analysis = { ...NOTHING_YET, stages: states };
    this.#onUpdate = onUpdate;
    onUpdate(this.#analysis);
  }

  get analysis(): PhotoAnalysis {
    return this.#analysis;
  }

  update(change: Partial<PhotoAnalysis>): void {
    this.#analysis = { ...this.#analysis, ...change };
    this.#onUpdate(this.#analysis);
  }

  readonly onProgress = (progress: Progress): void => this.update({ progress });

  /**
   * Run one stage. Its failure is recorded and does not stop the others.
   * @returns the stage's value, or null when it failed.
   * @throws AppError('cancelled') only.
   */
  async stage<T>(stage: Stage, run: () => Promise<T>): Promise<T | null> {
    const startedAtMs = performance.now();
    this.update({ stages: { ...this.#analysis.stages, [stage]: 'running' } });
    try {
      const value = await run();
      this.#end(stage, 'done', startedAtMs);
      return value;
    } catch (caught) {
      const error = toAppError(caught, 'bug', stage);
      this.#end(stage, 'failed', startedAtMs);
      if (error.code === 'cancelled') throw error;
      this.update({ errors: { ...this.#analysis.errors, [stage]: error } });
      return null;
    }
  }

  skip(stage: Stage): void {
    this.update({ stages: { ...this.#analysis.stages, [stage]: 'skipped' } });
  }

  #end(stage: Stage, state: StageState, startedAtMs: number): void {
    this.update({
      stages: { ...this.#analysis.stages, [stage]: state },
      durationsMs: { ...this.#analysis.durationsMs, [stage]: (this.#analysis.durationsMs[stage] ?? 0) + performance.now() - startedAtMs },
      progress: null,
    });
  }
}
