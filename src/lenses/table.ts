/** @file The one table of lenses. A lens is a folder and a row here; see docs/adding-a-lens.md. Thread: page. */
import ScanSearch from '@lucide/svelte/icons/scan-search';
import ScanText from '@lucide/svelte/icons/scan-text';
import type { Component } from 'svelte';
import type { LensSpec } from '../contracts/lens.ts';
import type { Look } from '../state/look.svelte.ts';
import { LABEL_LENS } from './label/lens.ts';
import { PRODUCT_LENS } from './product/lens.ts';

/** A lens and what the shell draws of it. */
export interface LensRow {
  readonly spec: LensSpec;
  readonly icon: Component<{ size?: number | string; 'aria-hidden'?: 'true' }>;
  /** The screen that shows one look; loaded when it is first wanted. */
  readonly result: () => Promise<{ default: Component<{ look: Look }> }>;
}

export const LENSES: readonly LensRow[] = [
  { spec: PRODUCT_LENS, icon: ScanSearch, result: () => import('./product/ProductResult.svelte') },
  { spec: LABEL_LENS, icon: ScanText, result: () => import('./label/LabelResult.svelte') },
];

/** @returns the row of a lens; the first one for an id that no longer exists (an old history entry, a mistyped address). */
export function lensRow(id: string | null | undefined): LensRow {
  return LENSES.find(({ spec }) => spec.id === id) ?? LENSES[0]!;
}
