/** @file How fast each model last ran on this device; outlives the worker and the page that measured it. Thread: page. */
import type { ModelRuntimeStatus } from '../contracts/vision-api.ts';

/** How a model ran on this device. */
export interface Speed {
  readonly backend: ModelRuntimeStatus['backend'];
  readonly medianRunMs: number;
  readonly runs: number;
  readonly selfTest: ModelRuntimeStatus['selfTest'];
}

const SPEED_KEY = 'mekiki-model-speed';

/** @returns speeds by model id; empty where nothing was kept or what was kept is damaged. */
export function readSpeeds(): Readonly<Record<string, Speed>> {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(SPEED_KEY) ?? '{}');
    if (typeof stored !== 'object' || stored === null) return {};
    return Object.fromEntries(
      Object.entries(stored as Record<string, Partial<Speed>>).filter(([, speed]) => typeof speed.medianRunMs === 'number'),
    ) as Record<string, Speed>;
  } catch {
    return {};
  }
}

/** Keep what the worker measured since it started. */
export function keepSpeeds(status: readonly ModelRuntimeStatus[]): void {
  const speeds: Record<string, Speed> = { ...readSpeeds() };
  for (const { modelId, backend, medianRunMs, runs, selfTest } of status)
    if (medianRunMs !== null) speeds[modelId] = { backend, medianRunMs, runs, selfTest };
  try {
    localStorage.setItem(SPEED_KEY, JSON.stringify(speeds));
  } catch {
    // Measured again next time.
  }
}
