import 'fake-indexeddb/auto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEgress } from '../../../src/clients/egress.ts';
import { createServerClient, type ServerClient } from '../../../src/clients/server-client.ts';
import { createDatabase } from '../../../src/store/db.ts';
import { createLedger, type Ledger, type LedgerExport } from '../../../src/store/ledger.ts';
import type { App } from '../../../server/app.ts';
import { Arrivals } from '../../../server/repositories/arrivals.ts';
import { openDatabase } from '../../../server/repositories/database.ts';
import { reconcile } from '../../../scripts/ledger-reconciliation.ts';
import { buildApp } from '../../../server/app.ts';
import type { ServerConfig } from '../../../server/config.ts';
import { removeFolders, testConfig, unitVector } from './test-server.ts';

const SPACE = 'test-embedding@1';
const SERVER = 'http://localhost:8787';
const skewMs = 300_000;

let app: App;
let config: ServerConfig;
let ledger: Ledger;
let server: ServerClient;
let isOnline = true;
let isAnswerLost = false;

/** The phone's own gate and ledger, and the server, with a wire between them that can be cut before or behind the server. */
beforeAll(async () => {
  config = testConfig();
  app = await buildApp(config);
  await app.http.inject({
    method: 'POST',
    url: '/v1/collections',
    remoteAddress: '127.0.0.1',
    payload: { name: 'products', space: SPACE, dimensions: 4, metric: 'cosine' },
  });
  ledger = createLedger(createDatabase({ name: 'reconcile' }));
  const settings = { mayLeave: () => Promise.resolve(true), get: () => Promise.resolve('') };
  const egress = createEgress({
    ledger,
    settings,
    ownOrigin: SERVER,
    fetch: async (input, init) => {
      if (!isOnline) throw new TypeError('offline');
      const { pathname, search } = new URL(input as string);
      const answer = await app.http.inject({
        method: init?.method as 'GET',
        url: pathname + search,
        remoteAddress: '192.168.1.20',
        headers: init?.headers as Record<string, string>,
        ...(typeof init?.body === 'string' ? { payload: init.body } : {}),
      });
      if (isAnswerLost) throw new TypeError('cut');
      return new Response(answer.body, { status: answer.statusCode });
    },
  });
  server = createServerClient(egress, settings, SERVER);
});
afterAll(async () => {
  await app.http.close();
  removeFolders();
});

const search = (seed: number) => server.search('product', embedding(unitVector(4, seed)), 5);
const embedding = (vector: number[]) => ({ space: SPACE, vector: Float32Array.from(vector), backend: 'wasm' }) as const;
const lookup = (text: string) => server.lookup('product', text);

async function compare(exported: LedgerExport, actor: string | null = null) {
  await app.services.journal.flush();
  const client = await openDatabase(join(config.dataFolder, 'mekiki.db'));
  try {
    return await reconcile(exported, new Arrivals(client), { actor, skewMs });
  } finally {
    client.close();
  }
}

describe('a phone’s ledger against the server’s', () => {
  it('agrees, byte for byte, on what was sent, lost and never left', async () => {
    await search(1);
    await search(2);
    // The same again is another departure.
    await search(2);
    await lookup('04901234567894');
    isOnline = false;
    await expect(search(3)).rejects.toThrow();
    isOnline = true;
    isAnswerLost = true;
    await expect(search(4)).rejects.toThrow();
    isAnswerLost = false;
    await expect(server.search('product', embedding([]), 5)).rejects.toThrow();
    const result = await compare(await ledger.export());
    expect(result).toEqual({
      isChainIntact: true,
      counts: { matched: 4, missing: 0, arrivedAfterFailure: 1, neverLeft: 1, blocked: 1, unknownToPhone: null },
      findings: [],
    });
  });

  it('names what arrived and is not in the phone’s ledger', async () => {
    await app.http.inject({
      method: 'POST',
      url: '/v1/collections/products/search',
      remoteAddress: '192.168.1.20',
      payload: { space: SPACE, vector: unitVector(4, 99) },
    });
    const { counts, findings } = await compare(await ledger.export(), 'anonymous');
    expect(counts.unknownToPhone).toBe(1);
    expect(findings).toEqual([expect.stringContaining('unknown to the phone')]);
  });

  it('names what a phone says it sent and never arrived, and a chain that was changed', async () => {
    const exported = await ledger.export();
    const [first] = exported.rows;
    const forged = { ...exported, rows: [{ ...first!, preview: '{"k":5}', bytes: 7 }, ...exported.rows.slice(1)] };
    const { isChainIntact, counts, findings } = await compare(forged);
    expect(isChainIntact).toBe(false);
    expect(counts.missing).toBe(1);
    expect(findings).toEqual([expect.stringContaining('not here')]);
  });
});
