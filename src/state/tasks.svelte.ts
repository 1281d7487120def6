/** @file Work in progress as the task tray shows it: honest counts, a way to stop. Thread: page. */
import { toAppError, type AppError } from '../contracts/errors.ts';
import type { Progress } from '../contracts/task.ts';

export interface Task {
  readonly id: number;
  readonly label: string;
  readonly state: 'running' | 'done' | 'failed' | 'cancelled';
  readonly progress: Progress | null;
  readonly startedAtMs: number;
  readonly endedAtMs: number | null;
  readonly error: AppError | null;
}

/** What a task gets from its tray. */
export interface TaskHandle {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
}

const KEEP_DONE_MS = 4000;

class Tasks {
  #all = $state.raw<readonly Task[]>([]);
  readonly #controllers = new Map<number, AbortController>();
  #lastId = 0;

  get all(): readonly Task[] {
    return this.#all;
  }

  get running(): number {
    return this.#all.filter(({ state }) => state === 'running').length;
  }

  /** Run something that takes a while in sight of the user. @throws what `run` throws */
  async run<Result>(label: string, run: (handle: TaskHandle) => Promise<Result>, outer?: AbortSignal): Promise<Result> {
    this.#lastId += 1;
    const id = this.#lastId;
    const controller = new AbortController();
    const follow = (): void => controller.abort();
    outer?.addEventListener('abort', follow, { once: true });
    this.#controllers.set(id, controller);
    this.#all = [
      ...this.#all,
      { id, label, state: 'running', progress: null, startedAtMs: performance.now(), endedAtMs: null, error: null },
    ];
    try {
      const result = await run({ signal: controller.signal, onProgress: (progress) => this.#change(id, { progress }) });
      this.#end(id, 'done', null);
      return result;
    } catch (caught) {
      const error = toAppError(caught);
      this.#end(id, error.code === 'cancelled' ? 'cancelled' : 'failed', error);
      throw caught;
    } finally {
      outer?.removeEventListener('abort', follow);
      this.#controllers.delete(id);
    }
  }

  cancel(id: number): void {
    this.#controllers.get(id)?.abort();
  }

  dismiss(id: number): void {
    this.#all = this.#all.filter((task) => task.id !== id || task.state === 'running');
  }

  #change(id: number, change: Partial<Task>): void {
    this.#all = this.#all.map((task) => (task.id === id ? { ...task, ...change } : task));
  }

  #end(id: number, state: Task['state'], error: AppError | null): void {
    this.#change(id, { state, error, endedAtMs: performance.now() });
    // A failure stays until it was read.
    if (state !== 'failed') setTimeout(() => this.dismiss(id), KEEP_DONE_MS);
  }
}

/** The one task tray of this page. */
export const tasks = new Tasks();
