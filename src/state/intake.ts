/** @file Photos on their way in: files, drops, pastes, demo photos. What is refused is said once. Thread: page. */
import { ACCEPTED_TYPES, collectDrop, collectFiles, collectPaste, type CollectedFiles } from '../capture/files.ts';
import { toAppError } from '../contracts/errors.ts';
import type { MediaRef } from '../contracts/media.ts';
import { toasts } from './toasts.svelte.ts';

/** For `accept` of a file input. */
export const PHOTO_TYPES = ACCEPTED_TYPES;

/** Photos of a file input. */
export function takeFiles(files: Iterable<File>): Promise<readonly MediaRef[]> {
  return accepted(collectFiles(files));
}

/** Photos of a drop; call it in the event itself. */
export function takeDrop(transfer: DataTransfer): Promise<readonly MediaRef[]> {
  return accepted(collectDrop(transfer));
}

/** Photos of a paste; call it in the event itself. */
export function takePaste(transfer: DataTransfer): Promise<readonly MediaRef[]> {
  return accepted(collectPaste(transfer));
}

async function accepted(collecting: Promise<CollectedFiles>): Promise<readonly MediaRef[]> {
  try {
    const { photos, refused } = await collecting;
    const [first] = refused;
    if (first !== undefined) toasts.fail(first.error);
    return photos;
  } catch (error) {
    toasts.fail(toAppError(error));
    return [];
  }
}
