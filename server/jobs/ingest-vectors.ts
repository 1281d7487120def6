/** @file A file of vectors into a collection of a running server: the bulk lane's parts, one after the other. */
import { basename } from 'node:path';
import { collectionStateSchema, ingestProgressSchema } from '../../src/contracts/server-api.ts';
import { NDJSON_TYPE } from '../services/collections/item-stream.ts';
import { sendPart } from './ingest-part.ts';
import { fingerprintOf } from './record-lines.ts';
import { callServer, type ServerAccess } from './server-call.ts';
import { partsOf, type FilePart } from './vector-file.ts';

const PROGRESS_MS = process.stdout.isTTY ? 500 : 10_000;

/** What to ingest where. */
export interface VectorIngest {
  readonly access: ServerAccess;
  readonly collection: string;
  readonly file: string;
  /** Default: of the file's name and contents, so that a second call goes on. */
  readonly job: string | undefined;
  readonly space: string | undefined;
  readonly signal: AbortSignal;
}

/** @returns the exit status. @throws AppError with the server's reason. */
export async function ingestVectors({ access, collection, file, signal, ...given }: VectorIngest): Promise<number> {
  const path = `/collections/${encodeURIComponent(collection)}`;
  const state = collectionStateSchema.parse(await (await callServer(access, path)).json());
  const space = given.space ?? state.space;
  const job = given.job ?? jobOf(file, await fingerprintOf(file));

  let progress = ingestProgressSchema.parse(await (await callServer(access, `${path}/ingest/${job}`)).json());
  if (progress.state === 'done') {
    console.log('This file was ingested before. Give another --job to do it again.');
    return 0;
  }
  const startedAtMs = performance.now();
  const startRows = progress.durableRows;
  let shownAtMs = startedAtMs;
  if (startRows > 0) console.log(`Going on from row ${startRows}.`);
  const show = (end: string) => {
    const seconds = (performance.now() - startedAtMs) / 1000;
    const rate = Math.round((progress.durableRows - startRows) / Math.max(seconds, 0.001));
    process.stdout.write(
      `${process.stdout.isTTY ? '\r' : ''}${progress.durableRows} rows, ${rate}/s, ${progress.searchableRows} searchable${end}`,
    );
  };
  const send = async ({ type, body }: FilePart, isLast: boolean) => {
    progress = await sendPart(access, { collection, job, space, from: progress.durableRows, isLast, type, body, signal });
    if (performance.now() - shownAtMs < PROGRESS_MS) return;
    shownAtMs = performance.now();
    show(process.stdout.isTTY ? '   ' : '\n');
  };
  for await (const part of partsOf(file, startRows)) await send(part, false);
  await send({ rows: 0, type: NDJSON_TYPE, body: new Uint8Array(0) }, true);
  show('\n');
  console.log(`Done in ${((performance.now() - startedAtMs) / 1000).toFixed(1)} s. The index is brought up to date in the background.`);
  return 0;
}

/** The same file gives the same name, so that a second call goes on. */
function jobOf(file: string, fingerprint: string): string {
  return `${basename(file)
    .replaceAll(/[^\w.-]/g, '_')
    .replace(/^[^\w]+/, '')
    .slice(0, 40)}.${fingerprint.slice(0, 20)}.${fingerprint.slice(-16)}`;
}
