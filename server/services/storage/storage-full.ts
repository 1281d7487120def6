/** @file Tells a full disk from other failures, whoever noticed it: Node, SQLite or the vector engine. */

/** Full; quota used up; larger than the file system or the process may write. */
const SYSTEM_CODES: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);
/** SQLite's: full; a write, a flush, the growth of its shared memory that did not go through, e.g. for a limit of the file's size. */
const SQLITE_CODES: ReadonlySet<unknown> = new Set([13, 778, 1034, 4874]);
/** The engine's errors have no code. 28, 122 and 27 are the same three on Linux, 69 is the second on macOS. */
const MESSAGE = /no space left on device|disk quota exceeded|file too large|database or disk is full|\(os error (28|122|69|27)\)/i;
/** Errors wrap others. */
const MAX_DEPTH = 5;

/** What callers are told. */
export const STORAGE_FULL =
  'The server has no space left: this write is not confirmed. What was confirmed before is safe, and searches go on.';

/** @returns true when a write failed because there is no room for it. */
export function isStorageFull(error: unknown, depth = 0): boolean {
  if (!(error instanceof Error) || depth > MAX_DEPTH) return false;
  const { code, rawCode } = error as { code?: unknown; rawCode?: unknown };
  if (SYSTEM_CODES.has(code) || SQLITE_CODES.has(rawCode) || MESSAGE.test(error.message)) return true;
  return isStorageFull(error.cause, depth + 1);
}
