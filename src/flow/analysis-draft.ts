/** @file The snapshot of one analysis while it grows: times stages, collects their errors, tells the caller. Thread: page or Node. */
import type { PhotoAnalysis, StageState } from '../contracts/analysis.ts';
import { toAppError, type AppError } from '../contracts/errors.ts';
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

/** What every analysis tells of its stages. */
export interface StagedAnalysis {
  readonly stages: Readonly<Partial<Record<Stage, StageState>>>;
  readonly errors: Readonly<Partial<Record<Stage, AppError>>>;
  readonly progress: Progress | null;
  readonly durationsMs: Readonly<Partial<Record<Stage, number>>>;
}

/** Grows an analysis; every change hands a new object to `onUpdate`. */
export class AnalysisDraft<Analysis extends StagedAnalysis> {
  #analysis: Analysis;
  readonly #onUpdate: (analysis: Analysis) => void;

  /** @param nothingYet what is known before anything is. */
  constructor(nothingYet: Analysis, stages: readonly Stage[], skipped: readonly Stage[], onUpdate: (analysis: Analysis) => void) {
    const states: Partial<Record<Stage, StageState>> = {};
    for (const stage of stages) states[stage] = skipped.includes(stage) ? 'skipped' : 'waiting';
    this.#analysis = { ...nothingYet, stages: states };
    this.#onUpdate = onUpdate;
    onUpdate(this.#analysis);
  }

  get analysis(): Analysis {
    return this.#analysis;
  }

  update(change: Partial<Analysis>): void {
    this.#analysis = { ...this.#analysis, ...change };
    this.#onUpdate(this.#analysis);
  }

  readonly onProgress = (progress: Progress): void => this.#tell({ progress });

  /**
   * Run one stage. Its failure is recorded and does not stop the others.
   * @returns the stage's value, or null when it failed.
   * @throws AppError('cancelled') only.
   */
  async stage<T>(stage: Stage, run: () => Promise<T>): Promise<T | null> {
    const startedAtMs = performance.now();
    this.#tell({ stages: { ...this.#analysis.stages, [stage]: 'running' } });
    try {
      const value = await run();
      this.#end(stage, 'done', startedAtMs);
      return value;
    } catch (caught) {
      const error = toAppError(caught, 'bug', stage);
      this.#end(stage, 'failed', startedAtMs);
      if (error.code === 'cancelled') throw error;
      this.#tell({ errors: { ...this.#analysis.errors, [stage]: error } });
      return null;
    }
  }

  skip(stage: Stage): void {
    this.#tell({ stages: { ...this.#analysis.stages, [stage]: 'skipped' } });
  }

  #tell(change: Partial<StagedAnalysis>): void {
    this.#analysis = { ...this.#analysis, ...change };
    this.#onUpdate(this.#analysis);
  }

  #end(stage: Stage, state: StageState, startedAtMs: number): void {
    this.#tell({
      stages: { ...this.#analysis.stages, [stage]: state },
      durationsMs: { ...this.#analysis.durationsMs, [stage]: (this.#analysis.durationsMs[stage] ?? 0) + performance.now() - startedAtMs },
      progress: null,
    });
  }
}
