/** @file A file of vectors into a collection, part by part; stopped or cut off, the next call goes on where the server is. Thread: page. */
import { RowRefusal, ServerRefusal, type IngestProgress } from '../contracts/server-api.ts';
import type { OperatorClient } from './operator.ts';
import { jobOf, partsOf } from './vector-file.ts';

/** How far a file is. */
export interface FileProgress {
  /** Bytes of the file that were sent, or passed over because the server has them. */
  readonly readBytes: number;
  readonly totalBytes: number;
  /** Rows that survive whatever happens. */
  readonly durableRows: number;
  /** Rows that searches find. */
  readonly searchableRows: number;
  /** Rows that were there before this call. */
  readonly startRows: number;
}

/**
 * @returns the end of it. A file that was ingested before is not sent again.
 * @throws RowRefusal; AppError as `OperatorClient` and `partsOf`; `cancelled`.
 */
export async function ingestFile(
  client: Pick<OperatorClient, 'ingest' | 'ingestProgress'>,
  collection: { readonly name: string; readonly space: string },
  file: File,
  { signal, onProgress }: { readonly signal: AbortSignal; readonly onProgress: (progress: FileProgress) => void },
): Promise<FileProgress> {
  const { name, space } = collection;
  const job = await jobOf(file);
  let state = await client.ingestProgress(name, job, { signal });
  const startRows = state.durableRows;
  let readBytes = 0;
  const progress = (): FileProgress => ({
    ...{ readBytes, totalBytes: file.size, startRows },
    durableRows: state.durableRows,
    searchableRows: state.searchableRows,
  });
  const send = async (body: Blob, isLast: boolean): Promise<void> => {
    const part = { job, space, from: state.durableRows, isLast, body };
    const note = (next: IngestProgress): void => {
      state = next;
      onProgress(progress());
    };
    try {
      const { problem } = await client.ingest(name, part, note, { signal });
      if (problem !== null) throw new RowRefusal(problem, state.durableRows);
    } catch (error) {
      if (!(error instanceof ServerRefusal) || error.status !== 400) throw error;
      // Wrong before the first line of progress: the good rows before it are kept all the same.
      state = await client.ingestProgress(name, job, { signal });
      throw new RowRefusal(error.message, state.durableRows);
    }
  };
  onProgress(progress());
  if (state.state === 'done') return { ...progress(), readBytes: file.size };
  for await (const part of partsOf(file, startRows)) {
    await send(part.body, false);
    readBytes = part.readBytes;
    onProgress(progress());
  }
  await send(new Blob([], { type: 'application/x-ndjson' }), true);
  readBytes = file.size;
  onProgress(progress());
  return progress();
}
