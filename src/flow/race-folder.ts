/**
 * @file Writes a delivery into a folder that the user chose. Each file appears whole or not at all; files of others are never touched; a run that
 * was cut off goes on where it was. Thread: page.
 *
 * [Note: Delivery mark] `MEKIKI-DELIVERY.txt` in the folder says which files are ours: a line for each, `+` when it is whole and made of
 * what the key says, `-` when it may not be. It is written before the first file, so that what a crash left is known for ours. Imports
 * pass over folders with it.
 */
import { AppError, toAppError } from '../contracts/errors.ts';
import { DELIVERY_MARK } from '../contracts/race.ts';
import type { DeliveryProblem, DeliveryProgress, DeliveryResult } from '../contracts/race-delivery.ts';
import { splitName } from '../core/race/file-names.ts';
import { problemOf, type PlannedFile } from './race-plan.ts';

/** How a delivery is run. */
export interface DeliveryRun {
  readonly signal?: AbortSignal;
  /** At most ten a second, and at the end. */
  readonly onProgress?: (progress: DeliveryProgress) => void;
}

/** What a file's own line of the mark says. */
interface Owned {
  readonly key: string;
  readonly isWhole: boolean;
}

/** The mark is written again after so many files. */
const MARK_EVERY = 100;
const REPORT_EVERY_MS = 100;
const MARK_HEAD = 'Made by Mekiki from race photos. It needs this file to go on where it stopped; you may delete it.';

/**
 * @param folder with permission to write.
 * @param runners for the result.
 * @throws AppError('cancelled'); 'permission-denied' when the folder or the photos are taken away; 'storage-full'. What was written stays.
 */
export async function writeToFolder(
  files: readonly PlannedFile[],
  folder: FileSystemDirectoryHandle,
  runners: number,
  run: DeliveryRun = {},
): Promise<DeliveryResult> {
  const tree = new FolderTree(folder);
  const owned = await readMark(folder);
  const problems: DeliveryProblem[] = [];
  const targets = await freePaths(files, tree, owned, problems);
  const isKept = await Promise.all(
    targets.map(async ({ file, path }) => {
      const before = owned.get(path);
      return before?.isWhole === true && before.key === file.key && (await tree.has(path));
    }),
  );
  for (const [index, { file, path }] of targets.entries()) owned.set(path, { key: file.key, isWhole: isKept[index]! });
  await writeMark(tree, owned);

  const report = reporter(files.length, problems, run.onProgress);
  let written = 0;
  let bytes = 0;
  let sinceMark = 0;
  try {
    for (const [index, { file, path }] of targets.entries()) {
      if (run.signal?.aborted === true) throw new AppError('cancelled', 'cancelled by the user');
      report(index);
      if (isKept[index] === true) continue;
      const done = await writeOne(file, path, tree, problems, run.signal);
      if (done === null) continue;
      written += 1;
      bytes += done.bytes;
      // An archive that lacks a photo is tried again by the next run.
      owned.set(path, { key: file.key, isWhole: done.isWhole });
      if (++sinceMark % MARK_EVERY === 0) await writeMark(tree, owned);
    }
  } finally {
    // When even this fails, the next run writes the last files again.
    await writeMark(tree, owned).catch(() => {});
  }
  report(files.length);
  return { written, kept: isKept.filter(Boolean).length, runners, bytes, problems };
}

/** @returns a function that says how far it is, not more often than anybody reads. */
export function reporter(
  total: number,
  problems: readonly DeliveryProblem[],
  onProgress: DeliveryRun['onProgress'],
): (done: number) => void {
  let saidAtMs = -Infinity;
  return (done) => {
    const nowMs = performance.now();
    if (onProgress === undefined || (done < total && nowMs - saidAtMs < REPORT_EVERY_MS)) return;
    saidAtMs = nowMs;
    onProgress({ done, total, problems: problems.length });
  };
}

/** @returns null when nothing was written; why is noted. */
async function writeOne(
  file: PlannedFile,
  path: string,
  tree: FolderTree,
  problems: DeliveryProblem[],
  signal: AbortSignal | undefined,
): Promise<{ readonly bytes: number; readonly isWhole: boolean } | null> {
  let made: Awaited<ReturnType<PlannedFile['make']>>;
  try {
    made = await file.make(signal);
  } catch (error) {
    problems.push(problemOf(error, file.about));
    return null;
  }
  try {
    const bytes = await tree.write(path, made.body, signal);
    problems.push(...made.problems);
    return { bytes, isWhole: made.problems.every(({ reason }) => reason === 'no-keywords') };
  } catch (error) {
    const known = writeError(error);
    if (known !== null) throw known;
    // Of reading: the photo went while it was copied. Of the name: the folder does not take it.
    problems.push({ path: isReadError(error) ? file.about : path, reason: isReadError(error) ? 'gone' : 'not-written' });
    return null;
  }
}

/** Where each file may go: its own path, or one beside a file that is not ours. */
async function freePaths(
  files: readonly PlannedFile[],
  tree: FolderTree,
  owned: ReadonlyMap<string, Owned>,
  problems: DeliveryProblem[],
): Promise<{ file: PlannedFile; path: string }[]> {
  const wanted = new Set(files.map(({ path }) => path.toLowerCase()));
  const targets: { file: PlannedFile; path: string }[] = [];
  for (const file of files) {
    let { path } = file;
    const { ending } = splitName(path);
    for (let count = 2; !owned.has(path) && (await tree.has(path));) {
      do path = `${file.path.slice(0, file.path.length - ending.length)} (${count++})${ending}`;
      while (wanted.has(path.toLowerCase()));
    }
    if (path !== file.path) problems.push({ path, reason: 'renamed' });
    targets.push({ file, path });
  }
  return targets;
}

/** Folders below one, opened once. */
export class FolderTree {
  readonly #root: FileSystemDirectoryHandle;
  readonly #folders = new Map<string, FileSystemDirectoryHandle | null>();

  constructor(root: FileSystemDirectoryHandle) {
    this.#root = root;
  }

  async has(path: string): Promise<boolean> {
    return (await this.#file(path)) !== null;
  }

  async read(path: string): Promise<File | null> {
    const handle = await this.#file(path);
    return handle === null ? null : handle.getFile();
  }

  /** The file appears when everything was written. @returns its bytes. */
  async write(path: string, body: Blob | ReadableStream<Uint8Array<ArrayBuffer>> | string, signal?: AbortSignal): Promise<number> {
    const folder = (await this.#folder(folderOf(path), true))!;
    const handle = await folder.getFileHandle(nameOf(path), { create: true });
    const writable = await handle.createWritable();
    let bytes = 0;
    try {
      if (body instanceof ReadableStream) {
        const counted = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
          transform(piece, controller) {
            bytes += piece.byteLength;
            controller.enqueue(piece);
          },
        });
        await body
          .pipeThrough(counted)
          .pipeTo(writable, { preventClose: true, preventAbort: true, ...(signal === undefined ? {} : { signal }) });
      } else {
        await writable.write(body);
        bytes = body instanceof Blob ? body.size : body.length;
      }
      await writable.close();
      return bytes;
    } catch (error) {
      await writable.abort().catch(() => {});
      // `create` made an empty file; one that was there before keeps its bytes.
      if ((await handle.getFile().catch(() => null))?.size === 0) await folder.removeEntry(nameOf(path)).catch(() => {});
      throw error;
    }
  }

  async #file(path: string): Promise<FileSystemFileHandle | null> {
    const folder = await this.#folder(folderOf(path), false);
    if (folder === null) return null;
    return folder.getFileHandle(nameOf(path)).catch((error: unknown) => {
      if (isAbsent(error)) return null;
      throw writeError(error) ?? toAppError(error);
    });
  }

  /** @returns null when it is not there and shall not be made. */
  async #folder(path: string, create: boolean): Promise<FileSystemDirectoryHandle | null> {
    if (path === '') return this.#root;
    const known = this.#folders.get(path);
    if (known !== undefined && (known !== null || !create)) return known;
    const parent = await this.#folder(folderOf(path), create);
    const opened =
      parent === null
        ? null
        : await parent.getDirectoryHandle(nameOf(path), { create }).catch((error: unknown) => {
            if (isAbsent(error)) return null;
            throw error;
          });
    this.#folders.set(path, opened);
    return opened;
  }
}

async function readMark(folder: FileSystemDirectoryHandle): Promise<Map<string, Owned>> {
  const owned = new Map<string, Owned>();
  const text = await new FolderTree(folder).read(DELIVERY_MARK).then((file) => file?.text() ?? '');
  for (const line of text.split('\n')) {
    const [, state, key, path] = /^([+-]) ([0-9a-f]+) (.+)$/.exec(line) ?? [];
    if (key !== undefined && path !== undefined) owned.set(path, { key, isWhole: state === '+' });
  }
  return owned;
}

/** [Note: Delivery mark] */
async function writeMark(tree: FolderTree, owned: ReadonlyMap<string, Owned>): Promise<void> {
  const lines = [...owned].map(([path, { key, isWhole }]) => `${isWhole ? '+' : '-'} ${key} ${path}`);
  try {
    await tree.write(DELIVERY_MARK, `${[MARK_HEAD, ...lines].join('\n')}\n`);
  } catch (error) {
    throw writeError(error) ?? toAppError(error);
  }
}

/** @returns what ends the delivery; null when only this file is concerned. */
export function writeError(error: unknown): AppError | null {
  if (error instanceof AppError) return error;
  if (!(error instanceof DOMException)) return null;
  if (error.name === 'AbortError') return new AppError('cancelled', 'cancelled by the user', { cause: error });
  if (error.name === 'NotAllowedError' || error.name === 'SecurityError')
    return new AppError('permission-denied', 'the folder may not be written to any more', { cause: error });
  if (error.name === 'QuotaExceededError') return new AppError('storage-full', 'the disk is full', { cause: error });
  return null;
}

function isReadError(error: unknown): boolean {
  return error instanceof DOMException && (error.name === 'NotReadableError' || error.name === 'NotFoundError');
}

function isAbsent(error: unknown): boolean {
  return error instanceof DOMException && (error.name === 'NotFoundError' || error.name === 'TypeMismatchError');
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
