import 'fake-indexeddb/auto';
import { createHash } from 'node:crypto';
import { afterAll, afterEach, expect, it } from 'vitest';
import type { App } from '../../../server/app.ts';
import { ShelfVisits } from '../../../server/repositories/shelf-visits.ts';
import { openDatabase } from '../../../server/repositories/database.ts';
import { ShelfVisitService } from '../../../server/services/lenses/shelf-visit-service.ts';
import { createEgress } from '../../../src/clients/egress.ts';
import { createServerClient } from '../../../src/clients/server-client.ts';
import type { VisitReport } from '../../../src/contracts/visit-report.ts';
import { createDatabase } from '../../../src/store/db.ts';
import { createLedger } from '../../../src/store/ledger.ts';
import { createSettingsStore } from '../../../src/store/settings.ts';
import { visitReport } from '../../unit/shelf/visit-fixtures.ts';
import { removeFolders, startApp, temporaryFolder } from './test-server.ts';

let app: App | null = null;
afterEach(async () => {
  await app?.http.close();
  app = null;
});
afterAll(removeFolders);

/** A visit of a shop at a time, with these bays. */
function report(id: string, shopId: string, startedAtMs: number, bayIds: readonly string[] = ['b1']): VisitReport {
  const base = visitReport();
  return {
    ...base,
    visit: { ...base.visit, id, shopId, startedAtMs },
    shop: { ...base.shop, id: shopId },
    bays: bayIds.map((bayId) => ({ ...base.bays[0]!, visitId: id, shopId, bayId })),
  };
}

const PHONE = { remoteAddress: '192.168.1.20' };
const handIn = (given: unknown, more: object = {}) =>
  app!.http.inject({ method: 'POST', url: '/v1/shelf-visits', payload: { report: given } as object, ...more });
const idsOf = (response: { json(): { items: { id: string }[] } }): string[] => response.json().items.map(({ id }) => id);

it('takes a visit from any phone, shows it to operators only, and notes that it arrived', async () => {
  app = await startApp();
  const taken = await handIn(report('v1', 's1', 1000), PHONE);
  expect(taken.statusCode).toBe(200);
  expect(taken.json()).toMatchObject({ id: 'v1' });
  expect((await app.http.inject({ url: '/v1/shelf-visits', ...PHONE })).statusCode).toBe(401);
  expect((await app.http.inject({ url: '/v1/shelf-visits/v1', ...PHONE })).statusCode).toBe(401);
  expect((await app.http.inject({ method: 'DELETE', url: '/v1/shelf-visits/v1', ...PHONE })).statusCode).toBe(401);
  const local = await app.http.inject({ url: '/v1/shelf-visits/v1' });
  expect(local.json()).toEqual(JSON.parse(JSON.stringify(report('v1', 's1', 1000))));
  // Arrivals are written down together, a moment later.
  await expect
    .poll(async () => (await app!.services.arrivals.readBack(Number.MAX_SAFE_INTEGER, 1))[0])
    .toMatchObject({ type: 'report', route: 'POST /v1/shelf-visits', status: 200 });
});

it('lists the newest first, by shop and by bay, in pages; the same visit again replaces what was there', async () => {
  app = await startApp();
  await handIn(report('a', 's1', 10, ['b1', 'b2']));
  await handIn(report('b', 's1', 20, ['b1']));
  await handIn(report('c', 's2', 30, ['b3']));
  await handIn(report('a', 's1', 10, ['b2']));
  expect(idsOf(await app.http.inject('/v1/shelf-visits'))).toEqual(['c', 'b', 'a']);
  expect(idsOf(await app.http.inject('/v1/shelf-visits?shop=s1'))).toEqual(['b', 'a']);
  expect(idsOf(await app.http.inject('/v1/shelf-visits?bay=b1'))).toEqual(['b']);
  const first = await app.http.inject('/v1/shelf-visits?limit=2');
  expect(idsOf(first)).toEqual(['c', 'b']);
  const { nextCursor } = first.json<{ nextCursor: string }>();
  expect(idsOf(await app.http.inject(`/v1/shelf-visits?limit=2&cursor=${nextCursor}`))).toEqual(['a']);
  expect((await app.http.inject({ method: 'DELETE', url: '/v1/shelf-visits/a' })).statusCode).toBe(204);
  expect((await app.http.inject('/v1/shelf-visits/a')).statusCode).toBe(404);
  expect(idsOf(await app.http.inject('/v1/shelf-visits?bay=b2'))).toEqual([]);
});

it('refuses what no report has, and what is too large', async () => {
  app = await startApp();
  expect((await handIn({ ...report('v1', 's1', 1), photo: 'data:image/jpeg;base64,AAAA' })).statusCode).toBe(400);
  expect((await handIn({ ...report('v1', 's1', 1), format: 'other' })).statusCode).toBe(400);
  expect((await handIn({ ...report('v1', 's1', 1), note: 'x'.repeat(1 << 20) })).statusCode).toBe(413);
  expect(idsOf(await app.http.inject('/v1/shelf-visits'))).toEqual([]);
});

it('lets visits go when their time is over, and takes no more than it has room for', async () => {
  const client = await openDatabase(`${temporaryFolder()}/test.db`);
  let now = 0;
  const visits = new ShelfVisits(client);
  const logger = { info: () => {}, error: () => {} } as never;
  const service = new ShelfVisitService({ visits, keepsDays: 2, logger, maxBytes: 5000, now: () => now });
  await service.take(report('old', 's1', 1));
  now = 2 * 86_400_000;
  await service.take(report('new', 's1', 2));
  await service.sweep();
  expect(await visits.list({}, null, 10)).toHaveLength(2);
  now += 1;
  await service.sweep();
  expect((await visits.list({ bay: 'b1' }, null, 10)).map(({ id }) => id)).toEqual(['new']);
  await service.take(report('more', 's1', 3));
  const bytes = await visits.storedBytes();
  expect(bytes).toBeGreaterThan(0);
  const full = new ShelfVisitService({ visits, keepsDays: 2, logger, maxBytes: bytes, now: () => now });
  await expect(full.take(report('last', 's1', 4))).rejects.toMatchObject({ status: 507 });
  service.close();
  full.close();
  client.close();
});

it('a phone hands in what its ledger shows, byte for byte, and nothing before it may', async () => {
  app = await startApp();
  const database = createDatabase({ name: 'shelf-visits-phone' });
  const ledger = createLedger(database);
  const settings = createSettingsStore(database);
  const ownOrigin = 'http://localhost';
  const bodies: string[] = [];
  const fetch = async (address: string, init: RequestInit): Promise<Response> => {
    bodies.push(init.body as string);
    const answer = await app!.http.inject({
      method: init.method as 'POST',
      url: new URL(address).pathname,
      payload: init.body as string,
      headers: init.headers as Record<string, string>,
      ...PHONE,
    });
    return new Response(answer.rawPayload.length === 0 ? null : new Uint8Array(answer.rawPayload), { status: answer.statusCode });
  };
  const egress = createEgress({ ledger, settings, ownOrigin, fetch: fetch as typeof globalThis.fetch });
  const server = createServerClient(egress, settings, ownOrigin);
  expect(await server.handIn('shelf', report('v1', 's1', 1))).toBeNull();
  expect(bodies).toEqual([]);
  await settings.setMayLeave('shelf', 'report', true);
  expect(await server.handIn('shelf', report('v1', 's1', 1))).toMatchObject({ id: 'v1' });
  const [departure] = await ledger.departures();
  expect(departure).toMatchObject({ outcome: 'sent', row: { type: 'report', preview: bodies[0] } });
  await expect
    .poll(async () => (await app!.services.arrivals.readBack(Number.MAX_SAFE_INTEGER, 1))[0]?.sha256)
    .toBe(createHash('sha256').update(departure!.row.preview).digest('hex'));
});
