/** @file How often and how fast each model ran here, for the models page and for results. Thread: worker or Node. */
import type { Backend } from '../../src/contracts/results.ts';
import type { ModelRuntimeStatus } from '../../src/contracts/vision-api.ts';

const KEPT_RUNS = 50;

interface Record {
  backend: Backend;
  selfTest: ModelRuntimeStatus['selfTest'];
  runs: number;
  readonly latestMs: number[];
}

/** Counts runs per model; the median is over the latest 50. */
export class RunStatistics {
  readonly #records = new Map<string, Record>();

  /** Note that a model was started. */
  started(modelId: string, backend: Backend, selfTest: ModelRuntimeStatus['selfTest'] = 'not-needed'): void {
    const known = this.#records.get(modelId);
    if (known?.backend === backend) known.selfTest = selfTest;
    else this.#records.set(modelId, { backend, selfTest, runs: 0, latestMs: [] });
  }

  /** Run a job of a started model and note how long it took; a failed run is not counted. */
  async timed<Result>(modelId: string, job: () => Promise<Result>): Promise<Result> {
    const startedAtMs = performance.now();
    const result = await job();
    const record = this.#records.get(modelId);
    if (record !== undefined) {
      record.runs++;
      record.latestMs.push(performance.now() - startedAtMs);
      if (record.latestMs.length > KEPT_RUNS) record.latestMs.shift();
    }
    return result;
  }

  status(): ModelRuntimeStatus[] {
    return [...this.#records].map(([modelId, { backend, selfTest, runs, latestMs }]) => ({
      modelId,
      backend,
      medianRunMs: median(latestMs),
      runs,
      selfTest,
    }));
  }
}

function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}
