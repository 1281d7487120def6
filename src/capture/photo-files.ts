/** @file Photos that were picked or dropped, by the hundred or by the ten thousand: named, not read. Thread: page. */
import { AppError } from '../contracts/errors.ts';
import { isPhotoName, isRawName, stemOf } from '../core/photo/photo-names.ts';

/** A file in hand, until the page goes. */
export interface PickedPhoto {
  /** With its folders, where the browser tells. */
  readonly path: string;
  readonly file: File;
  /** Path of the JPEG that the camera wrote beside this raw file. */
  readonly besides?: string;
}

/** What was dropped. */
export interface DroppedPhotos {
  /** Folders that can be opened again after a reload. */
  readonly folders: readonly FileSystemDirectoryHandle[];
  readonly photos: readonly PickedPhoto[];
}

/** The part of the File System Access API that TypeScript's library lacks. */
interface HandleItem {
  getAsFileSystemHandle?(): Promise<FileSystemHandle | null>;
}

/** Photos among files of an input; hidden and empty files and other kinds are passed over. */
export function pickedPhotos(files: Iterable<File>): PickedPhoto[] {
  return withPairs(
    [...files]
      .filter((file) => isPhotoName(file.name) && file.size > 0)
      // Absent outside browsers, whatever the type says.
      .map((file) => ({ path: (file as { webkitRelativePath?: string }).webkitRelativePath || file.name, file })),
  );
}

/** Call it in the `drop` event itself: the browser empties the transfer when the event ends. @throws AppError('permission-denied') */
export async function droppedPhotos(transfer: DataTransfer): Promise<DroppedPhotos> {
  const opened = [...transfer.items].map((item) => {
    if (item.kind !== 'file') return null;
    const entry = item.webkitGetAsEntry();
    const handle = entry?.isDirectory === true ? (item as HandleItem).getAsFileSystemHandle?.() : undefined;
    return { entry, file: item.getAsFile(), handle };
  });
  const folders: FileSystemDirectoryHandle[] = [];
  const files: { path: string; file: File }[] = [];
  for (const item of opened) {
    if (item === null) continue;
    const handle = await item.handle?.catch(() => null);
    if (handle?.kind === 'directory') folders.push(handle as FileSystemDirectoryHandle);
    else if (item.entry?.isDirectory === true) await walkEntry(item.entry, files);
    else if (item.file !== null && isPhotoName(item.file.name) && item.file.size > 0) files.push({ path: item.file.name, file: item.file });
  }
  return { folders, photos: withPairs(files) };
}

async function walkEntry(entry: FileSystemEntry, found: { path: string; file: File }[]): Promise<void> {
  if (entry.isFile) {
    if (!isPhotoName(entry.name)) return;
    const file = await new Promise<File | null>((resolve) => (entry as FileSystemFileEntry).file(resolve, () => resolve(null)));
    if (file !== null && file.size > 0) found.push({ path: entry.fullPath.replace(/^\//u, ''), file });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    // Chromium gives at most 100 entries a call; an empty answer is the end.
    const part = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject)).catch((cause: unknown) => {
      throw new AppError('permission-denied', 'a dropped folder cannot be read', { cause, stage: 'capture' });
    });
    if (part.length === 0) return;
    for (const each of part) if (!each.name.startsWith('.')) await walkEntry(each, found);
  }
}

/** Raw files last, with what they lie beside. */
function withPairs(files: readonly { readonly path: string; readonly file: File }[]): PickedPhoto[] {
  const jpegs = new Map(files.filter(({ path }) => /\.jpe?g$/iu.test(path)).map(({ path }) => [stemOf(path), path]));
  const pictures = files.filter(({ path }) => !isRawName(path));
  const raws = files
    .filter(({ path }) => isRawName(path))
    .map((each): PickedPhoto => {
      const besides = jpegs.get(stemOf(each.path));
      return besides === undefined ? each : { ...each, besides };
    });
  return [...pictures, ...raws];
}
