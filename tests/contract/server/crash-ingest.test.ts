/** @file `kill -9` in the middle of bulk ingests: rows reported as durable are there, each once, and the ingest goes on. */
import { afterAll, expect, it } from 'vitest';
import { ingestProgressSchema, searchResponseSchema, type IngestProgress } from '../../../src/contracts/server-api.ts';
import { startServer, type ServerProcess } from './server-process.ts';
import { removeFolders, seededRandom, temporaryFolder, unitVector } from './test-server.ts';

const SPACE = 'test-embedding@1';
const D = 16;
const ROWS = 3_000;
const PART = 150;
const KILLS = 4;

afterAll(removeFolders);

const line = (n: number) => `${JSON.stringify({ id: `r${n}`, vector: unitVector(D, n + 1), metadata: { n } })}\n`;

async function progressOf(server: ServerProcess): Promise<IngestProgress> {
  return ingestProgressSchema.parse(await (await fetch(`${server.url}/v1/collections/many/ingest/job`)).json());
}

it(`${KILLS} times: no durable row is lost, none is there twice`, { timeout: 300_000 }, async () => {
  const random = seededRandom(7);
  const args = ['--data', temporaryFolder(), '--no-demo', '--port', '0'];
  let server = await startServer(args);
  const create = { name: 'many', space: SPACE, dimensions: D, metric: 'cosine' };
  const headers = { 'content-type': 'application/json' };
  expect((await fetch(`${server.url}/v1/collections`, { method: 'POST', headers, body: JSON.stringify(create) })).status).toBe(201);
  let durable = 0;
  let kills = 0;
  while (durable < ROWS) {
    const killing =
      kills < KILLS ? new Promise((resolve) => setTimeout(resolve, 200 + random() * 1500)).then(() => server.stop('SIGKILL')) : null;
    const life = { isOver: false };
    void killing?.then(() => (life.isOver = true));
    while (!life.isOver && durable < ROWS) {
      const rows = Array.from({ length: Math.min(PART, ROWS - durable) }, (_, n) => line(durable + n)).join('');
      const isLast = durable + PART >= ROWS;
      try {
        const answer = await fetch(`${server.url}/v1/collections/many/ingest?job=job&space=${SPACE}&from=${durable}&last=${isLast}`, {
          method: 'POST',
          headers: { 'content-type': 'application/x-ndjson' },
          body: rows,
        });
        const progress = ingestProgressSchema.parse(JSON.parse((await answer.text()).trim().split('\n').at(-1)!));
        expect(progress.problem).toBeNull();
        durable = progress.durableRows;
      } catch {
        break;
      }
    }
    if (killing === null) break;
    await killing;
    kills += 1;
    server = await startServer(args);
    const { durableRows } = await progressOf(server);
    expect(durableRows).toBeGreaterThanOrEqual(durable);
    durable = durableRows;
  }
  // A kill within the last part leaves the end to be said again.
  if ((await progressOf(server)).state !== 'done')
    await fetch(`${server.url}/v1/collections/many/ingest?job=job&space=${SPACE}&from=${ROWS}&last=true`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson' },
    }).then((answer) => answer.text());
  expect((await progressOf(server)).state).toBe('done');
  const [collection] = (await (await fetch(`${server.url}/v1/collections`)).json()) as { count: number }[];
  expect(collection?.count).toBe(ROWS);
  for (let n = 0; n < ROWS; n += 61) {
    const body = JSON.stringify({ space: SPACE, vector: unitVector(D, n + 1), k: 2 });
    const answer = await fetch(`${server.url}/v1/collections/many/search`, { method: 'POST', headers, body });
    const [best, second] = searchResponseSchema.parse(await answer.json()).matches;
    expect(best).toMatchObject({ id: `r${n}`, metadata: { n } });
    expect(second?.id).not.toBe(`r${n}`);
  }
  await server.stop('SIGTERM');
});
