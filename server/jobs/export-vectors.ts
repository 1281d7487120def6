/** @file `npm run export -- --collection c --file f`. */
import { createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { parseArgs } from 'node:util';
import { AppError } from '../../src/contracts/errors.ts';
import { callServer, serverAccess } from './server-call.ts';

const USAGE = `Write everything in a collection of a running server, vectors included, into a file.

  npm run export -- --collection <name> --file <path.ndjson or path.arrow> [--server http://localhost:8787]

The file is what npm run ingest reads. From another machine than the server's, set MEKIKI_KEY to a key of an operator.`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      collection: { type: 'string' },
      file: { type: 'string' },
      server: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true || values.collection === undefined || values.file === undefined) {
    console.log(USAGE);
    return values.help === true ? 0 : 2;
  }
  const format = /\.(ndjson|jsonl)$/i.test(values.file) ? 'ndjson' : /\.arrow$/i.test(values.file) ? 'arrow' : null;
  if (format === null) throw new AppError('invalid-input', 'Give a file that ends in .ndjson, .jsonl or .arrow.');
  const path = `/collections/${encodeURIComponent(values.collection)}/export?format=${format}`;
  const { body } = await callServer(serverAccess(values.server, process.env), path);
  if (body === null) throw new AppError('server-refused', 'The server sent nothing.');
  // A file under its own name is a complete one.
  const temporary = `${values.file}.part`;
  try {
    await pipeline(Readable.fromWeb(body as ReadableStream<Uint8Array>), createWriteStream(temporary, { mode: 0o600 }));
    await rename(temporary, values.file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  console.log(`${values.file}: ${((await stat(values.file)).size / 1e6).toFixed(1)} MB.`);
  return 0;
}

main().then(
  (status) => (process.exitCode = status),
  (error: unknown) => {
    console.error(error instanceof AppError ? error.message : error);
    process.exitCode = error instanceof AppError ? 2 : 1;
  },
);
