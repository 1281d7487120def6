/** @file From photos in hand to the screen that shows the answer. Thread: page. */
import { toAppError } from '../contracts/errors.ts';
import type { MediaRef } from '../contracts/media.ts';
import { lensRow } from '../lenses/table.ts';
import { m } from '../paraglide/messages.js';
import { toasts } from '../state/toasts.svelte.ts';
import { navigate } from './router.ts';

let lastLensId: string | null = null;

/** Remember the lens in use: a photo dropped on any screen goes through it. */
export function useLens(id: string): void {
  lastLensId = id;
}

/** Look at photos: one opens its answer, several go to the library one by one; a lens with a desk takes them in there. */
export function openPhotos(photos: readonly MediaRef[], lensId: string | null): void {
  const first = photos[0];
  if (first === undefined) return;
  const { spec, desk } = lensRow(lensId ?? lastLensId);
  if (desk !== undefined) {
    desk.take(photos).then(navigate, (error: unknown) => toasts.fail(toAppError(error)));
    return;
  }
  void import('../state/looks.svelte.ts').then(({ looks }) => {
    const label = (index: number): string =>
      photos.length === 1 ? m.task_look() : m.task_look_of({ done: String(index + 1), total: String(photos.length) });
    looks.start(photos, spec, label);
    if (photos.length === 1) void navigate('/result/:look', { params: { look: first.id } });
    else void navigate('/library');
  });
}
