/**
 * @file Malformed requests at random, over every route: no crash, no internal error, nothing of the inside in an answer, nothing that its
 * caller may not see. MEKIKI_FUZZ_REQUESTS of them (default 2,000), MEKIKI_FUZZ_SEED to send the same again.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { healthSchema, problemSchema } from '../../../src/contracts/server-api.ts';
import type { App } from '../../../server/app.ts';
import { ROUTE_ACCESS } from '../../../server/services/keys/route-access.ts';
import { sendRaw, type RawAnswer, type RawRequest } from './fuzz/raw-http.ts';
import { spoiled } from './fuzz/spoil.ts';
import { D, SPACE, validRequest } from './fuzz/valid-requests.ts';
import { removeFolders, seededRandom, startApp, unitVector } from './test-server.ts';

const REQUESTS = Number(process.env['MEKIKI_FUZZ_REQUESTS'] ?? 2_000);
const SEED = Number(process.env['MEKIKI_FUZZ_SEED'] ?? Date.now() % 1_000_000_007);
/** Connections at a time. */
const WIDTH = 12;
/** Stands in everything that only admins and keys of that collection may read. */
const CANARY = 'CANARY';
/** What an answer would hold if the inside leaked. */
const INSIDE =
  /node_modules|\bat \S+ \(|\.ts:\d+|SQLITE_|\b(SELECT|INSERT|UPDATE|DELETE) .*\b(FROM|INTO|SET)\b|lance error|LanceError|\/tmp\/|mekiki\.db|root:x:/i;

let app: App;
let port: number;
/** Without a key from this machine and from elsewhere, with keys of two roles that reach one collection, and with wrong keys. */
let callers: readonly (string | null)[];
const log: string[] = [];

beforeAll(async () => {
  app = await startApp(
    { requestsPerMinute: 1_000_000, erasePauseMs: 0, logLevel: 'error' },
    { logStream: { write: (line: string) => log.push(line) } },
  );
  await app.http.listen({ port: 0, host: '127.0.0.1', listenTextResolver: () => 'listening' });
  const address = app.http.server.address();
  port = typeof address === 'object' && address !== null ? address.port : 0;
  const { keys, store, keeper, products } = app.services;
  await keeper.setRules(
    'guests',
    { holds: 'persons', purpose: 'A test', retention: { maximumAgeS: 86_400, maximumItems: null }, thumbnails: true, needsConsent: false },
    'test',
  );
  await store.create({ name: 'guests', space: 'face-embedding@1', dimensions: D, metric: 'cosine' });
  await store.create({ name: 'things', space: SPACE, dimensions: D, metric: 'cosine', fields: { shop: 'keyword' } });
  await store.upsert('guests', 'face-embedding@1', [
    { id: 'guest-1', productId: 'person-1', vector: unitVector(D, 1), metadata: { note: CANARY } },
  ]);
  await keeper.admit('guests', [{ id: 'guest-1', productId: 'person-1', consent: { atMs: 1, text: CANARY } }]);
  await store.upsert('things', SPACE, [{ id: 'thing-1', productId: 'p1', vector: unitVector(D, 1), metadata: { shop: 'corner' } }]);
  await products.upsert([
    { id: 'p1', name: { en: 'One' }, gtins: ['04901234567894'], kind: 'packaged', packWords: [], source: 'test', updatedAtMs: 1 },
  ]);
  await keys.create({ name: CANARY, purpose: CANARY, role: 'operator', collections: ['guests'] }, 'test');
  await keys.request({ name: CANARY, purpose: CANARY, role: 'viewer' });
  const viewer = await keys.create({ name: 'viewer', purpose: 'test', role: 'viewer', collections: ['things'] }, 'test');
  const operator = await keys.create({ name: 'operator', purpose: 'test', role: 'operator', collections: ['things'] }, 'test');
  callers = [null, null, `Bearer ${viewer.secret}`, `Bearer ${operator.secret}`, `Bearer ${viewer.secret.slice(0, -1)}x`];
});
afterAll(async () => {
  await app.http.close();
  removeFolders();
});

/** Send `count` spoiled requests over every route in turn, some at a time, and look at each answer. */
async function fuzz(
  count: number,
  by: readonly (string | null)[],
  look: (sent: RawRequest, answer: RawAnswer) => void,
): Promise<Map<number, number>> {
  const random = seededRandom(SEED);
  const pick = <Value>(values: readonly Value[]): Value => values[Math.floor(random() * values.length)]!;
  const routes = Object.keys(ROUTE_ACCESS);
  const statuses = new Map<number, number>();
  let next = 0;
  const lane = async () => {
    while (next < count) {
      const request = spoiled(validRequest(routes[next++ % routes.length]!, pick), pick(by), random);
      const answer = await sendRaw(port, request);
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
      look(request, answer);
    }
  };
  await Promise.all(Array.from({ length: WIDTH }, lane));
  return statuses;
}

const shown = ({ method, path, headers, body }: RawRequest) =>
  `seed ${SEED}: ${method} ${path.slice(0, 300)} ${JSON.stringify(headers).slice(0, 600)} ${body?.subarray(0, 300).toString('latin1') ?? ''}\n${log.slice(-3).join('')}`;

/** A refusal is problem details, and nothing of the inside is in it. */
function expectDecent(request: RawRequest, { status, headers, body }: RawAnswer): void {
  expect(status, shown(request)).not.toBe(500);
  expect(status, shown(request)).toBeLessThan(600);
  if (status < 400 || body.length === 0) return;
  const text = body.toString('latin1');
  expect(text, shown(request)).not.toMatch(INSIDE);
  if (headers.get('content-type')?.startsWith('application/problem+json') === true && headers.get('content-encoding') === undefined)
    expect(problemSchema.parse(JSON.parse(body.toString())).status, shown(request)).toBe(status);
}

describe('malformed requests', () => {
  it(`${REQUESTS} of them make no internal error and show nobody what is not theirs`, { timeout: 1_800_000 }, async () => {
    const statuses = await fuzz(REQUESTS, callers, (request, answer) => {
      expectDecent(request, answer);
      expect(answer.body.includes(CANARY), shown(request)).toBe(false);
      expect([...answer.headers.values()].join('\n')).not.toMatch(INSIDE);
    });
    console.log(
      `seed ${SEED}: ${[...statuses]
        .sort(([a], [b]) => a - b)
        .map(([status, count]) => `${status} × ${count}`)
        .join(', ')}`,
    );
    // The test is worth something only when requests got through to the routes as well.
    expect(statuses.get(200)).toBeGreaterThan(REQUESTS / 100);
    expect(statuses.get(400)).toBeGreaterThan(REQUESTS / 20);
    expect([...statuses.values()].reduce((sum, one) => sum + one, 0)).toBe(REQUESTS);
    expect(({} as { isAdmin?: unknown }).isAdmin).toBeUndefined();
  });

  it('of an admin make no internal error either', { timeout: 1_800_000 }, async () => {
    const { secret } = await app.services.keys.create({ name: 'second', purpose: 'test', role: 'admin' }, 'test');
    await fuzz(Math.ceil(REQUESTS / 4), [`Bearer ${secret}`], expectDecent);
  });

  it('leave the server as it was: it answers, its log of audits is whole, its canary is there', async () => {
    const answer = await sendRaw(port, {
      method: 'GET',
      path: '/v1/health',
      headers: [
        ['Host', 'localhost'],
        ['Connection', 'close'],
      ],
      body: null,
    });
    expect(answer.status).toBe(200);
    expect(healthSchema.parse(JSON.parse(answer.body.toString()))).toMatchObject({ status: 'ok', damaged: [] });
    await app.services.journal.flush();
    expect((await app.services.audit.verify()).isIntact).toBe(true);
    expect(log.filter((line) => line.includes('"code":"bug"') || line.includes('unhandled'))).toEqual([]);
  });
});
