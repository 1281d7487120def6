/**
 * @file Folders of photos through the File System Access API: walked without opening files that are known, opened again after a reload, looked at
 * again while a race goes on. Thread: page.
 */
import { AppError, toAppError } from '../contracts/errors.ts';
import { DELIVERY_MARK, type SourceReach } from '../contracts/race.ts';
import { isPhotoName, isRawName, stemOf } from '../core/photo/photo-names.ts';

/** A file that was found in a folder. */
export interface FolderFile {
  /** Below the folder that was chosen. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly modifiedAtMs: number;
  /** Path of the JPEG that the camera wrote beside this raw file. */
  readonly besides?: string;
}

/** What {@link walkPhotoFolder} needs to know. */
export interface WalkOptions {
  /** Paths that need not be opened. */
  readonly isKnown: (path: string) => boolean;
  readonly signal?: AbortSignal;
  readonly now?: () => number;
}

/** A part of a walk. */
export interface WalkPart {
  readonly files: readonly FolderFile[];
  /** Files that are still being written: worth another look soon. */
  readonly unfinished: number;
}

/** Folders below each other; a link that leads back up ends here. */
const MAX_DEPTH = 12;
/** Files of one part. */
const PART = 100;
/** A file that changed so lately may still be written. */
const SETTLED_MS = 2000;

/** The parts of the API that TypeScript's library lacks. */
interface Permitted {
  queryPermission?(options: { readonly mode: 'read' | 'readwrite' }): Promise<PermissionState>;
  requestPermission?(options: { readonly mode: 'read' | 'readwrite' }): Promise<PermissionState>;
}
interface FolderWindow {
  showDirectoryPicker?(options: {
    readonly id?: string;
    readonly mode?: 'read';
    readonly startIn?: string;
  }): Promise<FileSystemDirectoryHandle>;
  FileSystemObserver?: new (onChange: () => void) => {
    observe(handle: FileSystemDirectoryHandle, options: { readonly recursive: boolean }): Promise<void>;
    disconnect(): void;
  };
}

/** False: the user has to pick files, and again after each reload. */
export function canPickFolders(): boolean {
  return typeof window !== 'undefined' && typeof (window as unknown as FolderWindow).showDirectoryPicker === 'function';
}

/** Call it in a click. @throws AppError('cancelled' | 'permission-denied') */
export async function pickFolder(): Promise<FileSystemDirectoryHandle> {
  const picker = window as unknown as FolderWindow;
  if (picker.showDirectoryPicker === undefined)
    throw new AppError('permission-denied', 'this browser cannot open folders', { stage: 'capture' });
  try {
    return await picker.showDirectoryPicker({ id: 'race-photos', mode: 'read', startIn: 'pictures' });
  } catch (error) {
    throw folderError(error);
  }
}

/** Whether a folder may be read now, and is there. Asks nobody. */
export async function reachOf(handle: FileSystemDirectoryHandle): Promise<SourceReach> {
  const permitted = handle as FileSystemDirectoryHandle & Permitted;
  const state = (await permitted.queryPermission?.({ mode: 'read' }).catch(() => 'prompt' as const)) ?? 'granted';
  return state === 'granted' ? isThere(handle) : 'asks';
}

/** Ask the user. Call it in a click. */
export async function askForFolder(handle: FileSystemDirectoryHandle): Promise<SourceReach> {
  const permitted = handle as FileSystemDirectoryHandle & Permitted;
  const state = (await permitted.requestPermission?.({ mode: 'read' }).catch(() => 'denied' as const)) ?? 'granted';
  return state === 'granted' ? isThere(handle) : 'asks';
}

async function isThere(handle: FileSystemDirectoryHandle): Promise<SourceReach> {
  try {
    await handle.keys().next();
    return 'open';
  } catch (error) {
    return folderError(error).code === 'permission-denied' ? 'asks' : 'absent';
  }
}

/**
 * Photos of a folder and the folders in it, in the order of their names. Hidden files, files that are no photos, empty ones, and folders that the
 * app itself delivered into are passed over. Only files that are not known are opened, for their size and time.
 * @throws AppError('permission-denied') when it was revoked, `invalid-input` when the folder is not there any more, `cancelled`
 */
export async function* walkPhotoFolder(root: FileSystemDirectoryHandle, options: WalkOptions): AsyncGenerator<WalkPart, void, void> {
  yield* walk(root, '', 0, options);
}

async function* walk(
  folder: FileSystemDirectoryHandle,
  at: string,
  depth: number,
  options: WalkOptions,
): AsyncGenerator<WalkPart, void, void> {
  const { isKnown, signal, now = Date.now } = options;
  const files: FileSystemFileHandle[] = [];
  const folders: FileSystemDirectoryHandle[] = [];
  try {
    for await (const entry of folder.values()) {
      if (signal?.aborted === true) throw new AppError('cancelled', 'not wanted any more', { stage: 'capture' });
      if (isDirectory(entry)) {
        if (!entry.name.startsWith('.') && !entry.name.startsWith('$')) folders.push(entry);
      } else if (entry.name === DELIVERY_MARK) return;
      else if (isPhotoName(entry.name)) files.push(entry);
    }
  } catch (error) {
    // A folder that was deleted while it was walked holds nothing; the one that was chosen must be there.
    const failure = folderError(error);
    if (depth > 0 && failure.code === 'invalid-input') return;
    throw failure;
  }
  const inOrder = (a: FileSystemHandle, b: FileSystemHandle): number => (a.name < b.name ? -1 : 1);
  const jpegs = new Map(files.filter(({ name }) => /\.jpe?g$/iu.test(name)).map(({ name }) => [stemOf(name), name]));
  // Raw files last: what they lie beside is known by then.
  const unknown = files
    .filter(({ name }) => !isKnown(at + name))
    .sort((a, b) => Number(isRawName(a.name)) - Number(isRawName(b.name)) || inOrder(a, b));
  let part: FolderFile[] = [];
  let unfinished = 0;
  for (const handle of unknown) {
    if (signal?.aborted === true) throw new AppError('cancelled', 'not wanted any more', { stage: 'capture' });
    const file = await fileOf(handle);
    if (file === null) continue;
    if (file.size === 0 || Math.abs(now() - file.lastModified) < SETTLED_MS) {
      unfinished += 1;
      continue;
    }
    const jpeg = isRawName(handle.name) ? jpegs.get(stemOf(handle.name)) : undefined;
    part.push({
      ...{ path: at + handle.name, sizeBytes: file.size, modifiedAtMs: Math.max(0, Math.round(file.lastModified)) },
      ...(jpeg === undefined ? {} : { besides: at + jpeg }),
    });
    if (part.length < PART) continue;
    yield { files: part, unfinished: 0 };
    part = [];
  }
  if (part.length > 0 || unfinished > 0) yield { files: part, unfinished };
  if (depth < MAX_DEPTH) for (const each of folders.sort(inOrder)) yield* walk(each, `${at}${each.name}/`, depth + 1, options);
}

/**
 * Open a photo by its path.
 * @returns null when it is not there (any more). @throws AppError('permission-denied')
 */
export async function openPhoto(root: FileSystemDirectoryHandle, path: string): Promise<File | null> {
  const names = path.split('/');
  const name = names.pop() ?? '';
  try {
    let folder = root;
    for (const each of names) folder = await folder.getDirectoryHandle(each);
    return await (await folder.getFileHandle(name)).getFile();
  } catch (error) {
    const failure = folderError(error);
    if (failure.code === 'invalid-input') return null;
    throw failure;
  }
}

/**
 * Be told when something in a folder changes, where the browser can.
 * @returns the way to stop; null: it cannot, look again from time to time.
 */
export async function watchFolder(handle: FileSystemDirectoryHandle, onChange: () => void): Promise<(() => void) | null> {
  const { FileSystemObserver } = globalThis as unknown as FolderWindow;
  if (FileSystemObserver === undefined) return null;
  try {
    const observer = new FileSystemObserver(onChange);
    await observer.observe(handle, { recursive: true });
    return () => observer.disconnect();
  } catch {
    return null; // Network drives and some cards cannot be watched.
  }
}

async function fileOf(handle: FileSystemFileHandle): Promise<File | null> {
  try {
    return await handle.getFile();
  } catch (error) {
    const failure = folderError(error);
    if (failure.code === 'invalid-input') return null;
    throw failure;
  }
}

function isDirectory(handle: FileSystemHandle): handle is FileSystemDirectoryHandle {
  return handle.kind === 'directory';
}

function folderError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (error instanceof DOMException) {
    if (error.name === 'NotAllowedError' || error.name === 'SecurityError')
      return new AppError('permission-denied', 'the folder may not be read (any more)', { cause: error, stage: 'capture' });
    if (
      error.name === 'NotFoundError' ||
      error.name === 'TypeMismatchError' ||
      error.name === 'NotReadableError' ||
      error.name === 'InvalidStateError'
    )
      return new AppError('invalid-input', 'the file or folder is not there (any more)', { cause: error, stage: 'capture' });
  }
  return toAppError(error, 'bug', 'capture');
}
