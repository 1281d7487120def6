/**
 * @file The thread that owns the SQL connection: see [Note: Database thread] in threaded-client.ts. Plain JavaScript, so that it starts without
 * a compiler.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { createClient } from '@libsql/client';

const { url, timeoutMs, closed } = workerData;
const client = createClient({ url, concurrency: 1, timeout: timeoutMs });
const calls = {
  execute: (statement) => client.execute(statement),
  batch: (statements, mode) => client.batch(statements, mode),
};

parentPort.on('message', async ({ number, method, given }) => {
  if (method === 'close') {
    client.close();
    Atomics.store(closed, 0, 1);
    Atomics.notify(closed, 0);
    parentPort.close();
    return;
  }
  try {
    const result = await calls[method](...given);
    parentPort.postMessage({ number, result: Array.isArray(result) ? result.map(plain) : plain(result) });
  } catch (error) {
    parentPort.postMessage({ number, error: { message: error.message, code: error.code, rawCode: error.rawCode } });
  }
});

/** Rows as plain objects: the client's own carry methods, which cannot cross threads. */
function plain({ columns, columnTypes, rows, rowsAffected, lastInsertRowid }) {
  return { columns, columnTypes, rows: rows.map((row) => ({ ...row })), rowsAffected, lastInsertRowid };
}
