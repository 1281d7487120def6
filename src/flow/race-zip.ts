/**
 * @file A delivery as ZIP, made while it is written: one photo in memory at a time, of any number and size (ZIP64). Thread: page or Node.
 * Photos are stored, not packed: a JPEG hardly gets smaller.
 */
import { makeZip } from 'client-zip';
import { AppError } from '../contracts/errors.ts';
import type { DeliveryProblem, DeliveryResult } from '../contracts/race-delivery.ts';
import { safeName, TakenNames } from '../core/race/file-names.ts';
import { reporter, type DeliveryRun } from './race-folder.ts';
import { digest, problemOf, type PlannedFile, type RunnerFolder } from './race-plan.ts';

/** A ZIP that begins to be made when it is read. */
export interface ZipStream {
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Grows while the stream is read. */
  readonly problems: readonly DeliveryProblem[];
  /** Files that are in it so far. */
  readonly count: () => number;
}

interface ZipEntry {
  readonly name: string;
  readonly lastModified: Date;
  readonly input: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>>;
}

/** @param run what goes wrong with one file is noted and the file left out; what ends the delivery errors the stream. */
export function zipOf(files: readonly PlannedFile[], run: DeliveryRun = {}): ZipStream {
  const problems: DeliveryProblem[] = [];
  const report = reporter(files.length, problems, run.onProgress);
  let count = 0;
  async function* entries(): AsyncGenerator<ZipEntry> {
    for (const [index, file] of files.entries()) {
      if (run.signal?.aborted === true) throw new AppError('cancelled', 'cancelled by the user');
      report(index);
      let input: ZipEntry['input'];
      let modifiedAtMs: number;
      try {
        const made = await file.make(run.signal);
        // Read before its entry begins: a file that vanishes while it is read would leave a broken archive.
        input = made.body instanceof Blob ? await bytesOf(made.body) : made.body;
        modifiedAtMs = made.modifiedAtMs;
        problems.push(...made.problems);
      } catch (error) {
        problems.push(problemOf(error, file.about));
        continue;
      }
      count += 1;
      yield { name: file.path, lastModified: new Date(modifiedAtMs), input };
    }
    report(files.length);
  }
  return { stream: makeZip(entries()) as ReadableStream<Uint8Array<ArrayBuffer>>, problems, count: () => count };
}

/** @returns result of a ZIP that was written to its end. @throws AppError; `target` is aborted then, and nothing is left. */
export async function writeZip(
  files: readonly PlannedFile[],
  target: WritableStream<Uint8Array<ArrayBuffer>>,
  runners: number,
  run: DeliveryRun = {},
): Promise<DeliveryResult> {
  const { stream, problems, count } = zipOf(files, run);
  let bytes = 0;
  const counted = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(piece, controller) {
      bytes += piece.byteLength;
      controller.enqueue(piece);
    },
  });
  try {
    await stream.pipeThrough(counted).pipeTo(target, run.signal === undefined ? {} : { signal: run.signal });
  } catch (error) {
    if (run.signal?.aborted === true) throw new AppError('cancelled', 'cancelled by the user', { cause: error });
    if (error instanceof AppError) throw error;
    if (error instanceof DOMException && error.name === 'QuotaExceededError')
      throw new AppError('storage-full', 'the disk is full', { cause: error });
    if (error instanceof DOMException && error.name === 'NotAllowedError')
      throw new AppError('permission-denied', 'the file may not be written to any more', { cause: error });
    throw error;
  }
  return { written: count(), kept: 0, runners, bytes, problems };
}

/** One ZIP for each runner, as files of a folder or of a larger ZIP. */
export function planZips(folders: readonly RunnerFolder[]): PlannedFile[] {
  const names = new TakenNames();
  return folders.map(({ name, files }) => {
    const path = names.take(safeName(name, '.zip'));
    return {
      path,
      about: path,
      key: digest(files.map((file) => [file.path, file.key])),
      make: (signal) => {
        const { stream, problems } = zipOf(files, signal === undefined ? {} : { signal });
        return Promise.resolve({ body: stream, modifiedAtMs: Date.now(), problems });
      },
    };
  });
}

async function bytesOf(blob: Blob): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await blob.arrayBuffer());
  } catch (error) {
    throw new AppError('invalid-input', 'the file cannot be read any more', { cause: error });
  }
}
