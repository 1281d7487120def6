/** @file The one table of lenses. A lens is a folder and a row here; see docs/adding-a-lens.md. Thread: page. */
import Medal from '@lucide/svelte/icons/medal';
import ScanSearch from '@lucide/svelte/icons/scan-search';
import ScanText from '@lucide/svelte/icons/scan-text';
import Store from '@lucide/svelte/icons/store';
import type { Component } from 'svelte';
import type { LensSpec } from '../contracts/lens.ts';
import type { MediaRef } from '../contracts/media.ts';
import type { Look } from '../state/look.svelte.ts';
import { BIB_LENS } from './bib/lens.ts';
import { LABEL_LENS } from './label/lens.ts';
import { PRODUCT_LENS } from './product/lens.ts';
import { SHELF_LENS } from './shelf/lens.ts';

/** What a desk gets from the shell. */
export interface DeskProps {
  /** Address below `/desk/<lens>/`, without a leading slash; empty at the desk's own front page. */
  readonly path: string;
  /** Go to an address of the app. */
  readonly go: (address: string) => void;
}

/** Pages of a lens' own, for a job that is more than one photo with one answer. Its front page is `/desk/<lens>`. */
export interface LensDesk {
  readonly page: () => Promise<{ default: Component<DeskProps> }>;
  /** Take photos in; resolves, before anything is computed, to the address that shows what becomes of them. */
  readonly take: (photos: readonly MediaRef[]) => Promise<string>;
  /** Go on with what was under way when the app was closed. Called once, when the page is idle. */
  readonly goOn?: () => Promise<void>;
  /** Drawn over the live camera picture: what to do so that the photo will be good. */
  readonly guide?: () => Promise<{ default: Component<{ video: HTMLVideoElement }> }>;
}

/** A lens and what the shell draws of it: an answer for each photo, or a desk. */
export interface LensRow {
  readonly spec: LensSpec;
  readonly icon: Component<{ size?: number | string; 'aria-hidden'?: 'true' }>;
  /** The screen that shows one look; loaded when it is first wanted. */
  readonly result?: () => Promise<{ default: Component<{ look: Look }> }>;
  readonly desk?: LensDesk;
}

export const LENSES: readonly LensRow[] = [
  { spec: PRODUCT_LENS, icon: ScanSearch, result: () => import('./product/ProductResult.svelte') },
  { spec: LABEL_LENS, icon: ScanText, result: () => import('./label/LabelResult.svelte') },
  {
    spec: SHELF_LENS,
    icon: Store,
    desk: {
      page: () => import('./shelf/ShelfDesk.svelte'),
      take: async (photos) => (await import('./shelf/take-photos.ts')).takePhotos(photos),
      goOn: async () => (await import('./shelf/go-on.ts')).goOn(),
      guide: () => import('./shelf/CaptureGuide.svelte'),
    },
  },
  {
    spec: BIB_LENS,
    icon: Medal,
    desk: {
      page: () => import('./bib/BibDesk.svelte'),
      take: async (photos) => (await import('./bib/take-photos.ts')).takePhotos(photos),
      goOn: async () => (await import('./bib/go-on.ts')).goOn(),
    },
  },
];

/** @returns the row of a lens; the first one for an id that no longer exists (an old history entry, a mistyped address). */
export function lensRow(id: string | null | undefined): LensRow {
  return LENSES.find(({ spec }) => spec.id === id) ?? LENSES[0]!;
}
