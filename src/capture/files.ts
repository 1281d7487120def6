/** @file Photos from a file input, a drop (folders too) or the clipboard. Each file is taken or refused by itself. Thread: page. */
import { AppError } from '../contracts/errors.ts';
import { MAX_PHOTO_BYTES, type CaptureSource, type MediaRef } from '../contracts/media.ts';
import { imageTypeOf, SNIFF_BYTES } from './image-type.ts';

/** A file that was not taken, and why. */
export interface RefusedFile {
  readonly name: string;
  /** `decode-unsupported` (no picture, empty), `invalid-input` (too large, too many). */
  readonly error: AppError;
}

export interface CollectedFiles {
  /** In the order given. */
  readonly photos: readonly MediaRef[];
  readonly refused: readonly RefusedFile[];
}

/** More files than this at once are refused one by one. */
export const MAX_FILES = 500;

/** For `<input type="file">`: what the app asks for; what it takes is decided by the bytes. */
export const ACCEPTED_TYPES = 'image/*,.heic,.heif,.avif';

/** @param files e.g. `input.files`. Reads the first bytes of each, nothing more. */
export function collectFiles(files: Iterable<File>, source: CaptureSource = 'file'): Promise<CollectedFiles> {
  return takeAll(
    [...files].map((file) => ({ name: pathOf(file), open: () => Promise.resolve(file) })),
    source,
  );
}

/** With its folders when a folder was chosen; they may say what it shows. */
function pathOf(file: File): string {
  // Absent outside browsers, whatever the type says.
  return (file as { webkitRelativePath?: string }).webkitRelativePath || file.name;
}

/** Photos of a drop, folders opened. Call it in the `drop` event itself: the browser empties the transfer when the event ends. */
export async function collectDrop(transfer: DataTransfer): Promise<CollectedFiles> {
  const entries: FileSystemEntry[] = [];
  const plain: File[] = [];
  for (const item of transfer.items) {
    if (item.kind !== 'file') continue;
    const entry = item.webkitGetAsEntry();
    if (entry !== null) entries.push(entry);
    else {
      const file = item.getAsFile();
      if (file !== null) plain.push(file);
    }
  }
  const found: Source[] = plain.map((file) => ({ name: file.name, open: () => Promise.resolve(file) }));
  for (const entry of entries) await walk(entry, found);
  return takeAll(found, 'drop');
}

/** Pictures of a paste; empty when the clipboard holds none, so that a paste of text stays a paste of text. */
export async function collectPaste(transfer: DataTransfer | null): Promise<CollectedFiles> {
  const files = [...(transfer?.items ?? [])].flatMap((item) => {
    const file = item.kind === 'file' ? item.getAsFile() : null;
    return file === null ? [] : [file];
  });
  return collectFiles(files, 'paste');
}

/** One photo out of bytes in hand (a demo photo, a still of the camera). */
export function toMediaRef(blob: Blob, name: string, source: CaptureSource, capturedAtMs: number = Date.now()): MediaRef {
  return { id: newId(), blob, name, source, capturedAtMs };
}

interface Source {
  readonly name: string;
  readonly open: () => Promise<File>;
}

async function walk(entry: FileSystemEntry, found: Source[]): Promise<void> {
  if (found.length > MAX_FILES) return;
  if (isFile(entry)) {
    // Hidden files (.DS_Store, thumbnails) are nobody's photos: not even worth refusing.
    if (!entry.name.startsWith('.'))
      found.push({ name: entry.fullPath.replace(/^\//, ''), open: () => new Promise((resolve, reject) => entry.file(resolve, reject)) });
    return;
  }
  if (!isFolder(entry)) return;
  const reader = entry.createReader();
  while (true) {
    // Chromium gives at most 100 entries a call; an empty answer is the end.
    const batch = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject)).catch(() => []);
    if (batch.length === 0) return;
    for (const child of batch.sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }))) await walk(child, found);
  }
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile;
}

function isFolder(entry: FileSystemEntry): entry is FileSystemDirectoryEntry {
  return entry.isDirectory;
}

async function takeAll(sources: readonly Source[], source: CaptureSource): Promise<CollectedFiles> {
  const photos: MediaRef[] = [];
  const refused: RefusedFile[] = [];
  for (const [index, { name, open }] of sources.entries()) {
    try {
      if (index >= MAX_FILES) throw new AppError('invalid-input', `more than ${MAX_FILES} files at once`, { stage: 'capture' });
      const file = await open().catch((error: unknown) => {
        throw new AppError('decode-unsupported', 'the file cannot be read (moved or deleted?)', { cause: error, stage: 'capture' });
      });
      photos.push(await take(file, name, source));
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      refused.push({ name, error });
    }
  }
  return { photos, refused };
}

async function take(file: File, name: string, source: CaptureSource): Promise<MediaRef> {
  if (file.size === 0) throw new AppError('decode-unsupported', 'the file is empty', { stage: 'capture' });
  if (file.size > MAX_PHOTO_BYTES) throw new AppError('invalid-input', `the file has ${file.size} bytes`, { stage: 'capture' });
  const head = await file
    .slice(0, SNIFF_BYTES)
    .arrayBuffer()
    .catch((error: unknown) => {
      throw new AppError('decode-unsupported', 'the file cannot be read (moved or deleted?)', { cause: error, stage: 'capture' });
    });
  const type = imageTypeOf(new Uint8Array(head));
  if (type === null) throw new AppError('decode-unsupported', 'the file is not a picture', { stage: 'capture' });
  // The decoder trusts the type, so say what the bytes say.
  const blob = file.type === type ? file : file.slice(0, file.size, type);
  return { id: newId(), blob, name, source, capturedAtMs: source === 'file' || source === 'drop' ? file.lastModified : Date.now() };
}

/** Sorts by time; unlike `crypto.randomUUID` it also exists where the page was served over plain HTTP. */
function newId(): string {
  const random = crypto.getRandomValues(new Uint8Array(8));
  return `${Date.now().toString(36)}-${Array.from(random, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}
