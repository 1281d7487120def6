/** @file The thread that writes bulks: see [Note: Bulk thread] in bulk-thread.ts. */
import { parentPort, workerData } from 'node:worker_threads';
import { BulkRows } from './bulk-rows.ts';
import type { BulkAnswer, BulkMessage, BulkPlace } from './bulk-thread.ts';
import { connectLance } from './lance-connection.ts';
import { tableOfMessage, type TableMessage } from './table-message.ts';

/** It reads ids only. */
const CACHE_BYTES = 64n << 20n;

const port = parentPort!;
const { location, spec } = workerData as BulkPlace;
// Deletions and maintenance come from the other thread.
const connection = await connectLance(location, { index: CACHE_BYTES, metadata: CACHE_BYTES }, 0);
const table = await connection.openTable(spec.name);
const rows = new BulkRows(table);

let last = Promise.resolve();
port.on('message', (message: BulkMessage) => {
  last = last.then(() => (message === 'close' ? end() : write(message)));
});

async function write(message: readonly TableMessage[]): Promise<void> {
  let answer: BulkAnswer = { error: null };
  try {
    await rows.write(message.map(tableOfMessage));
  } catch (error) {
    answer = { error: error instanceof Error ? error.message : String(error) };
  }
  port.postMessage(answer);
}

function end(): void {
  table.close();
  connection.close();
  port.close();
}
