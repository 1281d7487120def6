import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { conditionalStore, type ConditionalStore } from '../../../server/repositories/conditional-store.ts';
import { engineLocation } from '../../../server/vectors/engine-location.ts';
import { WriterLease } from '../../../server/repositories/writer-lease.ts';
import { removeFolders, temporaryFolder } from './test-server.ts';

let folder: string;
let store: ConditionalStore;
beforeEach(() => {
  folder = temporaryFolder();
  store = conditionalStore(engineLocation(folder))!;
});
afterEach(() => vi.useRealTimers());
afterAll(removeFolders);
const nobody = () => {};

describe('the right to write', () => {
  it('is one server’s; released, it is the next one’s', async () => {
    const first = await WriterLease.acquire(store, 'a', nobody);
    expect(first.isHeld).toBe(true);
    await expect(WriterLease.acquire(store, 'b', nobody)).rejects.toMatchObject({ code: 'busy' });
    await first.release();
    expect(first.isHeld).toBe(false);
    const second = await WriterLease.acquire(store, 'b', nobody);
    expect(second.isHeld).toBe(true);
    await second.release();
  });

  it('goes to exactly one of many that ask at once', async () => {
    const results = await Promise.allSettled(Array.from({ length: 12 }, (_, n) => WriterLease.acquire(store, `s${n}`, nobody)));
    const winners = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    expect(winners).toHaveLength(1);
    await winners[0]?.release();
  });

  it('is taken over when a term ended without a successor, and the old holder knows', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'setInterval', 'clearInterval'] });
    let isLost = false;
    const sleeper = await WriterLease.acquire(store, 'a', () => (isLost = true));
    vi.setSystemTime(Date.now() + 60_000);
    expect(sleeper.isHeld).toBe(false);
    const next = await WriterLease.acquire(store, 'b', nobody);
    expect(next.isHeld).toBe(true);
    await vi.advanceTimersByTimeAsync(5_000);
    await vi.waitFor(() => expect(isLost).toBe(true));
    expect(sleeper.isHeld).toBe(false);
    expect(next.isHeld).toBe(true);
    await next.release();
  });

  it('is kept by renewing, in one file', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'setInterval', 'clearInterval'] });
    const lease = await WriterLease.acquire(store, 'a', nobody);
    for (let turn = 0; turn < 8; turn++) {
      await vi.advanceTimersByTimeAsync(5_000);
      await vi.waitFor(() =>
        expect(readdirSync(join(folder, '_mekiki', 'writer'))).toEqual([`${String(turn + 2).padStart(12, '0')}.json`]),
      );
    }
    expect(lease.isHeld).toBe(true);
    await lease.release();
  });

  it('survives a file that a crash cut short', async () => {
    const lease = await WriterLease.acquire(store, 'a', nobody);
    await lease.release();
    writeFileSync(join(folder, '_mekiki', 'writer', '000000000009.json'), '{"server":');
    const next = await WriterLease.acquire(store, 'b', nobody);
    expect(next.isHeld).toBe(true);
    await next.release();
  });
});
