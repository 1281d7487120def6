/** @file What the editor may do to a reading; the bay at hand does it. Thread: page. */
import type { Box } from '../../contracts/geometry.ts';

/** Each is one step of undo. Ids of what came of it; null when it could not be done (said elsewhere). */
export interface EditorActions {
  readonly canUndo: boolean;
  readonly canRedo: boolean;
  undo(): void;
  redo(): void;
  addFacing(box: Box): string | null;
  addGap(box: Box): string | null;
  moveFacing(id: string, box: Box): void;
  moveGap(id: string, box: Box): void;
  remove(facingIds: readonly string[], gapIds: readonly string[]): void;
  merge(facingIds: readonly string[]): string | null;
  split(facingId: string, direction: 'beside' | 'stacked'): readonly string[] | null;
}
