/**
 * @file Where a delivery is written: a folder or file that the user chooses, else a file of the browser's own storage that is handed over as a
 * download when it is whole. Thread: page.
 */
import { AppError, toAppError } from '../contracts/errors.ts';

/** A file that is being written. */
export interface TargetFile {
  readonly stream: WritableStream<Uint8Array<ArrayBuffer>>;
  /** Call it when the stream is closed. @returns the file, to be handed to the user; null when it is where the user wanted it already. */
  readonly finish: () => Promise<File | null>;
}

/** The parts of the File System Access API that TypeScript's library lacks. */
interface PickerWindow {
  showDirectoryPicker?(options: { readonly id: string; readonly mode: 'readwrite' }): Promise<FileSystemDirectoryHandle>;
  showSaveFilePicker?(options: { readonly id: string; readonly suggestedName: string }): Promise<FileSystemFileHandle>;
}
interface Permitted {
  requestPermission?(options: { readonly mode: 'readwrite' }): Promise<PermissionState>;
}

/** Folder of files that wait for their download to end; emptied by the next one. */
const WAITING_FOLDER = 'race-deliveries';
const PICKER_ID = 'race-delivery';

/** False: everything comes as one ZIP. */
export function canWriteFolders(): boolean {
  return typeof window !== 'undefined' && typeof (window as unknown as PickerWindow).showDirectoryPicker === 'function';
}

/** Call it in a click. @throws AppError('cancelled' | 'permission-denied') */
export async function pickTargetFolder(): Promise<FileSystemDirectoryHandle> {
  const picker = window as unknown as PickerWindow;
  if (picker.showDirectoryPicker === undefined) throw new AppError('permission-denied', 'this browser cannot write folders');
  try {
    return await picker.showDirectoryPicker({ id: PICKER_ID, mode: 'readwrite' });
  } catch (error) {
    throw pickError(error);
  }
}

/** Ask whether a folder that may be read may be written to. Call it in a click. @throws AppError('permission-denied') when not */
export async function allowWriting(folder: FileSystemDirectoryHandle): Promise<void> {
  const state = (await (folder as FileSystemDirectoryHandle & Permitted).requestPermission?.({ mode: 'readwrite' })) ?? 'granted';
  if (state !== 'granted') throw new AppError('permission-denied', 'the folder may not be written to');
}

/** Call it in a click. @throws AppError('cancelled' | 'permission-denied' | 'storage-full') */
export async function pickTargetFile(name: string): Promise<TargetFile> {
  const picker = window as unknown as PickerWindow;
  try {
    if (picker.showSaveFilePicker !== undefined) {
      const handle = await picker.showSaveFilePicker({ id: PICKER_ID, suggestedName: name });
      return { stream: await handle.createWritable(), finish: () => Promise.resolve(null) };
    }
    const handle = await waitingFile(name);
    return { stream: await handle.createWritable(), finish: () => handle.getFile() };
  } catch (error) {
    throw pickError(error);
  }
}

/** On disk, not in memory, however large it gets. */
async function waitingFile(name: string): Promise<FileSystemFileHandle> {
  const root = await navigator.storage.getDirectory();
  // Earlier ones were downloaded, or will never be.
  await root.removeEntry(WAITING_FOLDER, { recursive: true }).catch(() => {});
  const folder = await root.getDirectoryHandle(WAITING_FOLDER, { create: true });
  return folder.getFileHandle(name, { create: true });
}

function pickError(error: unknown): AppError {
  if (error instanceof DOMException && (error.name === 'NotAllowedError' || error.name === 'SecurityError'))
    return new AppError('permission-denied', 'the browser does not allow it', { cause: error });
  // AbortError: the user closed the dialog.
  return toAppError(error, 'permission-denied');
}
