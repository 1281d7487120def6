/** @file Start something from a button; say what went wrong if it does. Thread: page. */
import { toAppError } from '../contracts/errors.ts';
import { toasts } from './toasts.svelte.ts';

/** @param doing already started. `cancelled` is not an error to the user. */
export function attempt(doing: Promise<unknown>): void {
  doing.catch((error: unknown) => toasts.fail(toAppError(error)));
}
