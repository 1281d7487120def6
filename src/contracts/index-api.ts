/** @file What the on-device index offers: exact nearest neighbours over the gallery of this device. Thread: index worker or Node. */
import type { Embedding, Front, Match, WordMatch } from './results.ts';
import type { GalleryItem } from './product.ts';
import type { TaskOptions } from './task.ts';

/** A probe: embedding and, if wanted, colour and front. */
export interface Probe {
  readonly embedding: Embedding;
  readonly colour: Float32Array<ArrayBuffer> | null;
  /** Given for facings on a shelf: the ranking then goes by [Note: Facing score]. */
  readonly front?: Front;
}

/** Exact search; up to 50,000 gallery photos stay instant. */
export interface IndexApi {
  /** Read (again) what the device's store holds for a space. Returns the number of gallery photos searchable. */
  reload(space: string, options: TaskOptions): Promise<number>;
  /** Replace the whole gallery with `items` (Node, tests). */
  replace(items: readonly GalleryItem[], options: TaskOptions): Promise<number>;
  /**
   * Best `k` gallery photos, fused look score descending.
   * @throws AppError('invalid-input') when the probe is of another space or dimension than the index.
   */
  search(probe: Probe, k: number, options: TaskOptions): Promise<Match[]>;
  /** Best `k` products whose gallery photos show `words` (as `photoWords` gives them), most alike first. */
  matchWords(words: readonly string[], k: number, options: TaskOptions): Promise<WordMatch[]>;
  cancel(taskId: string): Promise<void>;
  ping(): Promise<'pong'>;
}
