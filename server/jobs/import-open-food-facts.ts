/** @file `npm run import:open-food-facts -- --file <path> [--country japan] [--limit n] [--restart] [--data <folder>]`. */
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { AppError } from '../../src/contracts/errors.ts';
import { openDatabase } from '../repositories/database.ts';
import { Loads } from '../repositories/loads.ts';
import { Products } from '../repositories/products.ts';
import { DATABASE_FILE } from '../services/open-services.ts';
import { importOpenFoodFacts, type ImportCounts } from './open-food-facts-import.ts';

const USAGE = `Load Open Food Facts' export (JSONL or CSV, plain or .gz) into the server's products.

  npm run import:open-food-facts -- --file <path> [--country japan] [--limit <n>] [--restart] [--data <folder>]

It may run while the server runs. Stopped, it goes on where it was when called again with the same file.
The data is available under the Open Database License: say so where you show it.`;

const PROGRESS_MS = process.stdout.isTTY ? 500 : 10_000;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      file: { type: 'string' },
      country: { type: 'string' },
      limit: { type: 'string' },
      restart: { type: 'boolean' },
      data: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true || values.file === undefined) {
    console.log(USAGE);
    return values.help === true ? 0 : 2;
  }
  const limit = values.limit === undefined ? null : Number(values.limit);
  if (limit !== null && (!Number.isInteger(limit) || limit < 1))
    throw new AppError('invalid-input', '--limit takes a whole number above 0.');

  const root = fileURLToPath(new URL('../..', import.meta.url));
  const dataFolder = resolve(values.data ?? process.env['MEKIKI_DATA'] ?? join(root, 'data'));
  const client = await openDatabase(join(dataFolder, DATABASE_FILE));
  const abort = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => abort.abort());
  const startedAtMs = performance.now();
  let shownAtMs = startedAtMs;
  try {
    const summary = await importOpenFoodFacts(
      {
        file: values.file,
        country: values.country ?? null,
        limit,
        isRestart: values.restart === true,
        signal: abort.signal,
        onProgress: (counts) => {
          if (performance.now() - shownAtMs < PROGRESS_MS) return;
          shownAtMs = performance.now();
          process.stdout.write(`${process.stdout.isTTY ? '\r' : ''}${describe(counts)}${process.stdout.isTTY ? '   ' : '\n'}`);
        },
      },
      { products: new Products(client), loads: new Loads(client) },
    );
    const seconds = (performance.now() - startedAtMs) / 1000;
    const start = {
      done: 'Done',
      stopped: 'Stopped; call it again to go on',
      'already-done': 'This file was imported before; --restart does it again',
    }[summary.status];
    console.log(`\n${start}. ${describe(summary)}, ${seconds.toFixed(1)} s.`);
    for (const [reason, count] of Object.entries(summary.skipped)) console.log(`  skipped, ${reason}: ${count}`);
    return 0;
  } finally {
    client.close();
  }
}

function describe({ lines, stored, offset }: ImportCounts): string {
  return `${lines} lines, ${stored} products, ${(offset / 1e6).toFixed(0)} MB`;
}

main().then(
  (status) => (process.exitCode = status),
  (error: unknown) => {
    console.error(error instanceof AppError ? error.message : error);
    process.exitCode = error instanceof AppError ? 2 : 1;
  },
);
