/** @file Short messages that pass, with a way to take back what was just done. Thread: page. */
import type { AppError } from '../contracts/errors.ts';

export interface Toast {
  readonly id: number;
  readonly text: string;
  /** An error is announced at once and stays longer. */
  readonly error: AppError | null;
  readonly action: { readonly label: string; readonly run: () => void } | null;
}

const SHORT_MS = 5000;
const LONG_MS = 10_000;

class Toasts {
  #shown = $state.raw<readonly Toast[]>([]);
  #lastId = 0;

  get shown(): readonly Toast[] {
    return this.#shown;
  }

  /** Say that something was done; `onEnd` runs when it can no longer be taken back. */
  say(text: string, options: { readonly action?: Toast['action']; readonly onEnd?: () => void } = {}): void {
    this.#add({ text, error: null, action: options.action ?? null }, options.action === undefined ? SHORT_MS : LONG_MS, options.onEnd);
  }

  /** Say what went wrong; `cancelled` is never shown. */
  fail(error: AppError): void {
    if (error.code !== 'cancelled') this.#add({ text: '', error, action: null }, LONG_MS);
  }

  dismiss(id: number): void {
    this.#shown = this.#shown.filter((toast) => toast.id !== id);
  }

  #add(toast: Omit<Toast, 'id'>, durationMs: number, onEnd?: () => void): void {
    this.#lastId += 1;
    const id = this.#lastId;
    this.#shown = [...this.#shown.slice(-2), { ...toast, id }];
    setTimeout(() => {
      this.dismiss(id);
      onEnd?.();
    }, durationMs);
  }
}

/** The one list of toasts of this page. */
export const toasts = new Toasts();
