/** @file `npm run ingest -- --collection c --file f`. */
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { AppError } from '../../src/contracts/errors.ts';
import { collectionStateSchema, ingestProgressSchema, type IngestProgress } from '../../src/contracts/server-api.ts';
import { NDJSON_TYPE } from '../services/item-stream.ts';
import { fingerprintOf } from './record-lines.ts';
import { callServer, serverAccess, type ServerAccess } from './server-call.ts';
import { partsOf, type FilePart } from './vector-file.ts';

const USAGE = `Put a file of vectors into a collection of a running server.

  npm run ingest -- --collection <name> --file <path> [--server http://localhost:8787] [--job <name>] [--space <id@version>]

.ndjson, .jsonl (also .gz): one {"id", "productId"?, "metadata"?, "vector"} a line.
.arrow: columns id, vector, productId?, metadata? (JSON text), declared fields. .parquet: the same; other columns are metadata.
Items are inserted or replaced by id. Stopped, it goes on where it was when called again with the same file.
From another machine than the server's, set MEKIKI_KEY to a key of an operator.`;

const PROGRESS_MS = process.stdout.isTTY ? 500 : 10_000;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      collection: { type: 'string' },
      file: { type: 'string' },
      server: { type: 'string' },
      job: { type: 'string' },
      space: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true || values.collection === undefined || values.file === undefined) {
    console.log(USAGE);
    return values.help === true ? 0 : 2;
  }
  const access = serverAccess(values.server, process.env);
  const path = `/collections/${encodeURIComponent(values.collection)}`;
  const state = collectionStateSchema.parse(await (await callServer(access, path)).json());
  const space = values.space ?? state.space;
  const job = values.job ?? jobOf(values.file, await fingerprintOf(values.file));
  const abort = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => abort.abort());

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
  const send = async (part: FilePart, isLast: boolean) => {
    progress = await sendPart(
      access,
      `${path}/ingest?job=${job}&space=${space}&from=${progress.durableRows}&last=${isLast}`,
      part,
      abort.signal,
    );
    if (performance.now() - shownAtMs < PROGRESS_MS) return;
    shownAtMs = performance.now();
    show(process.stdout.isTTY ? '   ' : '\n');
  };
  for await (const part of partsOf(values.file, startRows)) await send(part, false);
  await send({ rows: 0, type: NDJSON_TYPE, body: new Uint8Array(0) }, true);
  show('\n');
  console.log(`Done in ${((performance.now() - startedAtMs) / 1000).toFixed(1)} s. The index is brought up to date in the background.`);
  return 0;
}

/** @throws AppError('server-refused') with the server's reason when it did not keep all of the part. */
async function sendPart(access: ServerAccess, path: string, { type, body }: FilePart, signal: AbortSignal): Promise<IngestProgress> {
  const answer = await callServer(access, path, { method: 'POST', type, body, signal });
  const last = (await answer.text()).trim().split('\n').at(-1) ?? '';
  const progress = ingestProgressSchema.parse(JSON.parse(last));
  if (progress.problem !== null) throw new AppError('server-refused', `${progress.problem} (${progress.durableRows} rows are kept.)`);
  return progress;
}

/** The same file gives the same name, so that a second call goes on. */
function jobOf(file: string, fingerprint: string): string {
  return `${basename(file)
    .replaceAll(/[^\w.-]/g, '_')
    .replace(/^[^\w]+/, '')
    .slice(0, 40)}.${fingerprint.slice(0, 20)}.${fingerprint.slice(-16)}`;
}

main().then(
  (status) => (process.exitCode = status),
  (error: unknown) => {
    console.error(error instanceof AppError ? error.message : error);
    process.exitCode = error instanceof AppError ? 2 : 1;
  },
);
