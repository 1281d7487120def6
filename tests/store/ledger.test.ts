import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import { transact, createDatabase } from '../../src/store/db.ts';
import { canonicalJson, createLedger, ledgerExportSchema, verifyChain, type LedgerEntry } from '../../src/store/ledger.ts';
import { freshDatabase } from './fixtures.ts';

const entry = (overrides: Partial<LedgerEntry> = {}): LedgerEntry => ({
  atMs: 1,
  lensId: 'product',
  destination: 'https://server.test',
  type: 'text',
  bytes: 4,
  preview: 'text',
  status: 'sending',
  completes: null,
  ...overrides,
});

describe('ledger', () => {
  it('chains rows and verifies', async () => {
    const ledger = createLedger(freshDatabase());
    const first = await ledger.append(entry());
    const second = await ledger.append(entry({ status: 'sent', completes: first.sequence }));
    expect(first.sequence).toBe(0);
    expect(first.previousHash).toBe((await ledger.start()).hash);
    expect(second.previousHash).toBe(first.hash);
    expect(await ledger.verify()).toEqual({ isIntact: true, rows: 2 });
  });

  it('hashes as the contract says', async () => {
    const ledger = createLedger(freshDatabase());
    const { hash, ...row } = await ledger.append(entry());
    const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(row.previousHash + canonicalJson(row)));
    expect(Buffer.from(digest).toString('hex')).toBe(hash);
    expect(canonicalJson({ b: 1, a: { d: [{ z: 1, y: 2 }], c: null } })).toBe('{"a":{"c":null,"d":[{"y":2,"z":1}]},"b":1}');
  });

  it.each([
    ['a changed preview', 1, { preview: 'something else' }],
    ['a changed size', 0, { bytes: 5 }],
    ['a changed outcome', 2, { status: 'failed' as const }],
  ])('notices %s', async (_name, sequence, change) => {
    const database = freshDatabase();
    const ledger = createLedger(database);
    for (let i = 0; i < 4; i++) await ledger.append(entry({ atMs: i }));
    await transact(database, ['ledger'], 'readwrite', async (transaction) => {
      const row = await transaction.objectStore('ledger').get(sequence);
      await transaction.objectStore('ledger').put({ ...row!, ...change });
    });
    expect(await ledger.verify()).toEqual({ isIntact: false, rows: 4, brokenAtSequence: sequence });
  });

  it.each([0, 2])('notices that row %i is gone', async (sequence) => {
    const database = freshDatabase();
    const ledger = createLedger(database);
    for (let i = 0; i < 4; i++) await ledger.append(entry());
    await transact(database, ['ledger'], 'readwrite', (transaction) => transaction.objectStore('ledger').delete(sequence));
    expect(await ledger.verify()).toMatchObject({ isIntact: false, brokenAtSequence: sequence });
  });

  it('keeps one chain when two tabs write at once', async () => {
    const database = freshDatabase();
    const tabs = [createLedger(database), createLedger(createDatabase({ name: database.name })), createLedger(database)];
    await Promise.all(Array.from({ length: 12 }, (_, i) => tabs[i % 3]!.append(entry({ atMs: i }))));
    expect(await tabs[0]!.verify()).toEqual({ isIntact: true, rows: 12 });
  });

  it('erasing leaves a marked start that continues the numbers', async () => {
    const ledger = createLedger(freshDatabase());
    for (let i = 0; i < 3; i++) await ledger.append(entry());
    const last = (await ledger.list({ limit: 1 }))[0]!;
    await ledger.erase(77);
    expect(await ledger.count()).toBe(0);
    expect(await ledger.start()).toMatchObject({ sequence: 3, atMs: 77, erasedRows: 3, erasedHash: last.hash });
    const next = await ledger.append(entry());
    expect(next.sequence).toBe(3);
    expect(await ledger.verify()).toEqual({ isIntact: true, rows: 1 });
    await ledger.erase(99);
    expect(await ledger.start()).toMatchObject({ sequence: 4, erasedRows: 4 });
  });

  it('notices a forged start', async () => {
    const database = freshDatabase();
    const ledger = createLedger(database);
    await ledger.append(entry());
    await ledger.erase();
    const { start, rows } = await ledger.export();
    expect(await verifyChain({ ...start, erasedRows: 0 }, rows)).toMatchObject({ isIntact: false });
  });

  it('exports what its schema accepts and anybody can verify', async () => {
    const ledger = createLedger(freshDatabase());
    await ledger.append(entry({ preview: 'π 日本語 "quoted"' }));
    const exported = ledgerExportSchema.parse(JSON.parse(JSON.stringify(await ledger.export())));
    expect(await verifyChain(exported.start, exported.rows)).toEqual({ isIntact: true, rows: 1 });
  });

  it('joins departures with their outcomes', async () => {
    const ledger = createLedger(freshDatabase());
    const a = await ledger.append(entry({ preview: 'a' }));
    const b = await ledger.append(entry({ preview: 'b' }));
    await ledger.append(entry({ preview: 'c', status: 'blocked' }));
    await ledger.append(entry({ status: 'failed', completes: b.sequence, preview: '' }));
    await ledger.append(entry({ status: 'sent', completes: a.sequence, preview: '' }));
    await ledger.append(entry({ preview: 'd' }));
    expect((await ledger.departures()).map(({ row, outcome }) => [row.preview, outcome])).toEqual([
      ['d', 'unknown'],
      ['c', 'blocked'],
      ['b', 'failed'],
      ['a', 'sent'],
    ]);
    expect((await ledger.departures({ limit: 1, beforeSequence: b.sequence })).map(({ row }) => row.preview)).toEqual(['a']);
  });
});
