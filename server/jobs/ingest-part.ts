/** @file One part of a bulk ingest, sent to a running server. */
import { AppError } from '../../src/contracts/errors.ts';
import { ingestProgressSchema, type IngestProgress } from '../../src/contracts/server-api.ts';
import { callServer, type ServerAccess } from './server-call.ts';

/** Rows of one part, as they go. */
export interface IngestRows {
  readonly collection: string;
  readonly job: string;
  readonly space: string;
  /** Rows that the server has of this job. */
  readonly from: number;
  readonly isLast: boolean;
  readonly type: string;
  readonly body: Uint8Array;
  readonly signal?: AbortSignal;
}

/** @throws AppError('server-refused') with the server's reason when it did not keep all of the part; as {@link callServer}. */
export async function sendPart(access: ServerAccess, rows: IngestRows): Promise<IngestProgress> {
  const { collection, job, space, from, isLast, type, body, signal } = rows;
  const path = `/collections/${encodeURIComponent(collection)}/ingest?job=${job}&space=${space}&from=${from}&last=${isLast}`;
  const answer = await callServer(access, path, { method: 'POST', type, body, ...(signal === undefined ? {} : { signal }) });
  const last = (await answer.text()).trim().split('\n').at(-1) ?? '';
  const progress = ingestProgressSchema.parse(JSON.parse(last));
  if (progress.problem !== null) throw new AppError('server-refused', `${progress.problem} (${progress.durableRows} rows are kept.)`);
  return progress;
}
