/** @file Where the next photos go: the bay that the auditor stands before. Thread: page. */
import { z } from 'zod';
import type { BayPhoto } from '../../contracts/visit.ts';

const KEY = 'mekiki-shelf-target';

const targetSchema = z.strictObject({ visitId: z.string(), bayId: z.string(), purpose: z.enum(['audit', 'check']) });

/** A bay of a visit. */
export interface CaptureTarget {
  readonly visitId: string;
  readonly bayId: string;
  readonly purpose: BayPhoto['purpose'];
}

/** Remembered in this tab, over a reload: the camera of a phone may push the page out of memory. */
export function setCaptureTarget(target: CaptureTarget): void {
  sessionStorage.setItem(KEY, JSON.stringify(target));
}

/** @returns null before any bay was opened in this tab. */
export function captureTarget(): CaptureTarget | null {
  const stored = sessionStorage.getItem(KEY);
  if (stored === null) return null;
  try {
    return targetSchema.parse(JSON.parse(stored));
  } catch {
    return null;
  }
}
