/** @file `npm run ingest`: a file of vectors, a folder of photos or a table of photos into a collection of a running server. */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { AppError } from '../../src/contracts/errors.ts';
import { runCommand } from './data-folder.ts';
import { ingestImages } from './ingest-images.ts';
import { ingestVectors } from './ingest-vectors.ts';
import { serverAccess } from './server-call.ts';

const USAGE = `Put vectors or photos into a collection of a running server. Stopped, it goes on when called again in the same way.

  npm run ingest -- --collection <name> --file <vectors>  [--job <name>] [--space <id@version>]
  npm run ingest -- --collection <name> --images <folder> [--source <name>] [--kind loose]
  npm run ingest -- --collection <name> --csv <table>     [--images <folder>] [--map image=<header>]...

--file: .ndjson, .jsonl (also .gz): one {"id", "productId"?, "metadata"?, "vector"} a line.
  .arrow: columns id, vector, productId?, metadata? (JSON text), keypoints?, declared fields. .parquet: the same; others are metadata.
--images: <folder>/<product>/<photo> or <folder>/<product>.jpg; a name that is a barcode number becomes the product's.
--csv: columns image, id, product, name (or name_en, name_ja), brand, gtin, kind (packaged, loose), and the collection's declared fields.

Photos are described by this command, with the app's own models; they go nowhere. Vectors, colour, words, keypoints and, where the rules of
the collection allow them, thumbnails go to the server. What is there already and did not change is not described again.
  --no-words       do not read the words on packs: many times as fast, and packs of one design are told apart less well
  --processes <n>  photos at a time (default: one for each core, at most 8)
  --field <name:type>  declare a field (keyword, int, float, bool) when the collection is made by this command
  --report <file>  write what failed as CSV

--server http://localhost:8787; from another machine than the server's, set MEKIKI_KEY to a key of an operator.`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      collection: { type: 'string' },
      file: { type: 'string' },
      images: { type: 'string' },
      csv: { type: 'string' },
      map: { type: 'string', multiple: true },
      source: { type: 'string' },
      kind: { type: 'string' },
      'no-words': { type: 'boolean' },
      processes: { type: 'string' },
      field: { type: 'string', multiple: true },
      report: { type: 'string' },
      server: { type: 'string' },
      job: { type: 'string' },
      space: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  const { collection, file, images, csv } = values;
  if (values.help === true || collection === undefined || (file ?? images ?? csv) === undefined) {
    console.log(USAGE);
    return values.help === true ? 0 : 2;
  }
  const access = serverAccess(values.server, process.env);
  const abort = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => abort.abort());
  if (file !== undefined) return ingestVectors({ access, collection, file, job: values.job, space: values.space, signal: abort.signal });
  const processes = Number(values.processes ?? Math.min(8, availableParallelism()));
  if (!Number.isInteger(processes) || processes < 1 || processes > 64)
    throw new AppError('invalid-input', '--processes takes a whole number from 1 to 64.');
  if (values.kind !== undefined && values.kind !== 'loose' && values.kind !== 'packaged')
    throw new AppError('invalid-input', '--kind is packaged or loose.');
  return ingestImages({
    ...{ access, collection, images, table: csv, processes, kind: values.kind, report: values.report, signal: abort.signal },
    ...{ mapping: values.map ?? [], fields: values.field ?? [], source: values.source ?? 'images', hasWords: values['no-words'] !== true },
  });
}

runCommand(main);
