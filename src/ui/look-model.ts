/** @file What a screen that shows one look needs to know and may ask; `state/look.svelte.ts` is one. Thread: page. */
import type { PhotoAnalysis } from '../contracts/analysis.ts';
import type { Judgement } from '../contracts/dietary.ts';
import type { AppError } from '../contracts/errors.ts';
import type { LensSpec } from '../contracts/lens.ts';
import type { Product } from '../contracts/product.ts';

export interface LookModel {
  readonly id: string;
  readonly lens: LensSpec;
  readonly atMs: number;
  readonly photoUrl: string;
  readonly analysis: PhotoAnalysis;
  readonly error: AppError | null;
  readonly storeError: AppError | null;
  readonly isRunning: boolean;
  readonly isKept: boolean;
  readonly isFavourite: boolean;
  readonly editedText: string | null;
  readonly labelText: string;
  readonly judgement: Judgement | null;
  readonly product: Product | null;
  cancel(): void;
  editText(text: string): Promise<void>;
  resetText(): Promise<void>;
  /** Try again to keep it after {@link storeError}. */
  keepAgain(): Promise<void>;
  setFavourite(isFavourite: boolean): Promise<void>;
  photoToShare(blurFaces: boolean, label: string): Promise<{ readonly blob: Blob; readonly faceCount: number }>;
}
