/** @file The copy of a reader beside its original: by pages, after gaps, after restarts of either, at random. */
import { join } from 'node:path';
import type { Client } from '@libsql/client';
import { afterAll, describe, expect, it } from 'vitest';
import { CopiedState } from '../../../server/repositories/copied-state.ts';
import { openDatabase } from '../../../server/repositories/database.ts';
import { Erasures, type StoredErasure } from '../../../server/repositories/erasures.ts';
import { Records, type ItemPlace } from '../../../server/repositories/records.ts';
import { SharedState } from '../../../server/repositories/shared-state.ts';
import { StateCopy } from '../../../server/services/replicas/state-copy.ts';
import { StateFeed } from '../../../server/services/replicas/state-feed.ts';
import { replicaQuerySchema, type ReplicaState } from '../../../src/contracts/replica-api.ts';
import { removeFolders, seededRandom, temporaryFolder } from './test-server.ts';

const HIDDEN_MS = 60_000;
const START_MS = 1_000_000;
const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
afterAll(removeFolders);

/** A writer's tables with their feed, a reader's with its copy, and a clock for both. */
async function setUp(pageEnds = 10_000) {
  const clock = { ms: START_MS };
  const now = () => clock.ms;
  const original = await openDatabase(join(temporaryFolder(), 'writer.db'));
  const copied = await openDatabase(join(temporaryFolder(), 'reader.db'));
  const newFeed = () => new StateFeed({ shared: new SharedState(original), publicKey: 'key', hiddenMs: HIDDEN_MS, now, pageEnds });
  let feed = newFeed();
  const answers: ReplicaState[] = [];
  /** Answers before the next one is cut off. */
  let cutAfter = Infinity;
  const ask = async (path: string) => {
    if (cutAfter-- <= 0) throw new Error('cut off');
    const state = await feed.read(replicaQuerySchema.parse(Object.fromEntries(new URL(path, 'http://writer').searchParams)));
    answers.push(state);
    return new Response(JSON.stringify(state));
  };
  const parts = {
    ...{ ask, writer: 'http://writer', copied: new CopiedState(copied), absenceMs: 3_600_000, logger: quiet, now, pollMs: 3_600_000 },
    ...{ rules: { replace: () => undefined }, packs: { take: () => Promise.resolve() } },
  };
  const open = () => StateCopy.open(parts);
  return {
    ...{ clock, original, copied, answers, open },
    restartWriter: () => {
      feed = newFeed();
    },
    cut: (after: number) => {
      cutAfter = after;
    },
    /** Answers since this was called last. */
    taken: () => answers.splice(0),
  };
}

/** What hides items, and when. */
async function endsOf(client: Client): Promise<unknown[]> {
  const { rows } = await client.execute(
    'SELECT collection, item_id, valid_until_ms FROM records WHERE valid_until_ms IS NOT NULL ORDER BY collection, item_id',
  );
  return rows.map((row) => Object.values(row));
}

const record = (id: string, validUntilMs: number | null) => ({
  ...{ collection: 'c', id, personId: null, consent: null, writtenAtMs: 1, validUntilMs },
});
const erasureOf = (id: string, targets: readonly ItemPlace[]): StoredErasure => ({
  ...{ id, reason: 'items', state: 'hidden', requestedBy: 'test', requestedAtMs: 1, items: targets.length, failures: 0, receipt: null },
  ...{ salt: 's', subject: 's', targets, counts: [], rewritten: 0 },
});
const place = (id: string): ItemPlace => ({ collection: 'c', id });

describe('ends', () => {
  it('come in pages, then only those that are new', async () => {
    const { original, copied, open, taken } = await setUp(2);
    const records = new Records(original);
    await records.put(['a', 'b', 'c', 'd', 'e'].map((id, at) => record(id, 5_000_000 + at)));
    await records.put([record('endless', null)]);
    const copy = await open();
    expect(taken().map(({ ends }) => [ends?.isFirst, ends?.items.length, ends?.isMore])).toEqual([
      [true, 2, true],
      [false, 2, true],
      [false, 1, false],
    ]);
    expect(await endsOf(copied)).toEqual(await endsOf(original));
    await copy.poll();
    expect(taken().map(({ ends }) => ends)).toEqual([null]);
    await records.put([record('b', null), record('f', 7)]);
    await copy.poll();
    expect(taken().map(({ ends }) => ends?.items)).toEqual([
      [
        ['c', 'b', null, null],
        ['c', 'f', 7, null],
      ],
    ]);
    expect(await endsOf(copied)).toEqual(await endsOf(original));
    await records.limitAge('c', 10);
    await copy.poll();
    expect(await endsOf(copied)).toEqual(await endsOf(original));
    await copy.close();
  });

  it('of erased items stay until the erasure is over', async () => {
    const { original, copied, open } = await setUp();
    const erasures = new Erasures(original);
    await new Records(original).put([record('a', 5_000_000)]);
    const copy = await open();
    const erasure = erasureOf('first', [place('a'), place('never-had-one')]);
    await erasures.begin(erasure);
    await copy.poll();
    expect(await endsOf(copied)).toEqual([
      ['c', 'a', 0],
      ['c', 'never-had-one', 0],
    ]);
    await erasures.rewrite(erasure, 1);
    await copy.poll();
    expect((await endsOf(copied)).length).toBe(2);
    await erasures.finish(erasure, null as never);
    await copy.poll();
    expect(await endsOf(copied)).toEqual([]);
    await copy.close();
  });

  it('are copied whole again after a gap in which an erasure may have come and gone', async () => {
    const { clock, original, copied, open, taken } = await setUp();
    await new Records(original).put([record('a', 5_000_000), record('b', 5_000_000)]);
    const copy = await open();
    taken();
    const erasures = new Erasures(original);
    const erasure = erasureOf('unseen', [place('a')]);
    await erasures.begin(erasure);
    clock.ms += HIDDEN_MS;
    await erasures.finish(erasure, null as never);
    await copy.poll();
    expect(taken()[0]?.ends?.isFirst).toBe(true);
    expect(await endsOf(copied)).toEqual([['c', 'b', 5_000_000]]);
    await copy.close();
  });

  it('are whole after a whole copy that was cut off and taken up by another start', async () => {
    const { original, copied, open, cut, restartWriter, taken } = await setUp(1);
    const records = new Records(original);
    await records.put([record('a', 5), record('stale', 5)]);
    await (await open()).close();
    await original.execute("DELETE FROM records WHERE item_id = 'stale'");
    await records.put([record('b', 5), record('c', 5)]);
    restartWriter();
    cut(2);
    const copy = await open();
    expect(copy.refusal).toBeNull();
    expect(await endsOf(copied)).toContainEqual(['c', 'stale', 5]);
    await copy.close();
    cut(Infinity);
    taken();
    const again = await open();
    expect(taken().map(({ ends }) => ends?.isFirst)).toEqual([false]);
    expect(await endsOf(copied)).toEqual(await endsOf(original));
    await again.close();
  });

  it('are those of the original whatever happens in whatever order', { timeout: 60_000 }, async () => {
    const seed = Number(process.env['MEKIKI_FUZZ_SEED'] ?? Date.now() % 1_000_000_007);
    const random = seededRandom(seed);
    const pick = (count: number) => Math.floor(random() * count);
    const { clock, original, copied, open, cut, restartWriter } = await setUp(3);
    const records = new Records(original);
    const erasures = new Erasures(original);
    const underWay: { readonly erasure: StoredErasure; readonly sinceMs: number }[] = [];
    const isErasing = (id: string) => underWay.some(({ erasure }) => erasure.targets.some((target) => target.id === id));
    let copy = await open();
    for (let step = 0; step < 400; step++) {
      clock.ms += pick(5_000);
      const ids = Array.from({ length: 1 + pick(4) }, () => `i${pick(12)}`).filter((id) => !isErasing(id));
      switch (pick(7)) {
        case 0:
        case 1:
          await records.put(ids.map((id) => record(id, pick(3) === 0 ? null : 1 + pick(1_000))));
          break;
        case 2: {
          const erasure = erasureOf(`e${step}`, [...new Set(ids)].map(place));
          await erasures.begin(erasure);
          underWay.push({ erasure, sinceMs: clock.ms });
          break;
        }
        case 3: {
          // An item stays hidden for the pause of an erasure at least.
          const done = underWay.findIndex(({ sinceMs }) => clock.ms - sinceMs >= HIDDEN_MS);
          if (done >= 0) await erasures.finish(underWay.splice(done, 1)[0]!.erasure, null as never);
          break;
        }
        case 4:
          await records.limitAge('c', 1 + pick(1_000));
          break;
        case 5:
          if (pick(4) === 0) restartWriter();
          if (pick(4) === 0) cut(pick(3));
          break;
        default:
          await copy.poll();
          cut(Infinity);
          if (pick(4) === 0) {
            await copy.close();
            copy = await open();
          }
      }
      if (step % 20 !== 19) continue;
      cut(Infinity);
      await copy.poll();
      expect(await endsOf(copied), `seed ${seed}, step ${step}`).toEqual(await endsOf(original));
    }
    await copy.close();
  });
});

it('keys, rules and packs are read again when one of them changed, whoever changed it', async () => {
  const { original, open, taken } = await setUp();
  const copy = await open();
  taken();
  const changes: readonly [string, keyof ReplicaState][] = [
    [
      `INSERT INTO api_keys (id, family, secret_hash, name, purpose, role, created_at_ms, created_by)
      VALUES ('${'a'.repeat(16)}', '${'a'.repeat(16)}', zeroblob(32), 'n', 'p', 'viewer', 1, 'test')`,
      'keys',
    ],
    ['UPDATE api_keys SET revoked_at_ms = 2', 'keys'],
    ['UPDATE api_keys SET expires_at_ms = 2', 'keys'],
    ["INSERT INTO collections (name, space, dimensions, metric, created_at_ms) VALUES ('things', 's@1', 8, 'cosine', 1)", 'rules'],
    ['DELETE FROM collections', 'rules'],
    ["INSERT INTO packs (id, version, manifest, public_key, signature) VALUES ('shop', 1, '{}', 'key', 'signature')", 'packs'],
    ["INSERT INTO pack_heads (id, version, is_withdrawn) VALUES ('shop', 1, 0)", 'packs'],
    ['UPDATE pack_heads SET is_withdrawn = 1', 'packs'],
  ];
  for (const [sql, part] of changes) {
    await original.execute(sql);
    await copy.poll();
    const [answer] = taken();
    const changed = (['keys', 'rules', 'packs'] as const).filter((name) => answer?.[name] !== null);
    expect(changed, sql).toEqual([part]);
  }
  // Use is each server's own: it is no news.
  await original.execute('UPDATE api_keys SET last_used_at_ms = 3');
  await copy.poll();
  expect(taken()).toMatchObject([{ keys: null, rules: null, packs: null, ends: null }]);
  await copy.close();
});
