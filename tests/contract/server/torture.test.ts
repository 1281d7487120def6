/**
 * @file `kill -9` at random, in the middle of whatever the server does: nothing acknowledged is lost, nothing is half there, and a start
 * repairs what a kill left. MEKIKI_TORTURE_ROUNDS kills (default 8), MEKIKI_TORTURE_SEED to do the same again (as far as timing lets it).
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { auditCheckSchema } from '../../../src/contracts/audit-api.ts';
import { healthSchema } from '../../../src/contracts/server-api.ts';
import { removeFolders, seededRandom, temporaryFolder } from './test-server.ts';
import type { Actor } from './torture/actor.ts';
import { Backups } from './torture/backups.ts';
import { Erasures } from './torture/erasures.ts';
import { Ingests } from './torture/ingests.ts';
import { Packings } from './torture/packings.ts';
import { ServerGone, ServerUnderTorture } from './torture/server-under-torture.ts';
import { Trainings } from './torture/trainings.ts';
import { D, SPACE, Upserts } from './torture/upserts.ts';

const ROUNDS = Number(process.env['MEKIKI_TORTURE_ROUNDS'] ?? 8);
const SEED = Number(process.env['MEKIKI_TORTURE_SEED'] ?? Date.now() % 1_000_000_007);
/** A kill in the middle of a start comes within this time. */
const START_MS = 2_500;
const RULES = { holds: 'persons', purpose: 'A test', retention: { maximumAgeS: 86_400 }, thumbnails: true, needsConsent: false };

afterAll(removeFolders);

it(`${ROUNDS} times, seed ${SEED}`, { timeout: 120_000 + ROUNDS * 60_000 }, async () => {
  const random = seededRandom(SEED);
  const server = new ServerUnderTorture(temporaryFolder());
  const writers = [new Upserts(0), new Upserts(1)];
  const [ingests, trainings, packings, backups] = [new Ingests(), new Trainings(), new Packings(), new Backups(writers)];
  const erasures = new Erasures(ingests);
  const actors: readonly Actor[] = [...writers, ingests, trainings, packings, backups, erasures];
  const kinds: readonly (Actor | 'start')[] = [writers[0]!, ingests, trainings, packings, backups, erasures, 'start'];
  const kills = new Map<string, number>();
  let auditHead = '';

  await server.start();
  await server.ask([200], 'PUT', '/collections/guests/rules', RULES);
  for (const name of ['products', 'many', 'shelf'])
    await server.ask([201], 'POST', '/collections', { name, space: SPACE, dimensions: D, metric: 'cosine' });
  await server.ask([201], 'POST', '/collections', { name: 'guests', space: 'face-embedding@1', dimensions: D, metric: 'cosine' });

  let rest: (Actor | 'start')[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    // Every kind before any comes again, in an order of its own each time.
    if (rest.length === 0)
      rest = kinds
        .map((kind) => ({ kind, at: random() }))
        .sort((a, b) => a.at - b.at)
        .map(({ kind }) => kind);
    const target = rest.pop()!;
    const name = target === 'start' ? 'start' : target.kind;
    kills.set(name, (kills.get(name) ?? 0) + 1);
    if (target === 'start') {
      // What is left to be repaired makes the start longer.
      await killDuring(server, writers[0]!, writers, random);
      await server.killWhileStarting(random() * START_MS);
    } else {
      // A backup is refused while an ingest is under way.
      const isCalm = target === backups;
      if (isCalm) await ingests.act(server, random, () => undefined);
      const others = isCalm ? writers : actors.filter((actor) => actor !== backups && actor !== trainings && random() < 0.6);
      await killDuring(server, target, [...new Set([...others, ...writers])], random);
    }

    await server.start();
    try {
      const health = healthSchema.parse(await server.ask([200], 'GET', '/health'));
      expect(health).toMatchObject({ status: 'ok', damaged: [] });
      const check = auditCheckSchema.parse(await server.ask([200], 'GET', `/audit/check${auditHead === '' ? '' : `?head=${auditHead}`}`));
      expect(check.isIntact, 'the audit log').toBe(true);
      auditHead = check.head;
      for (const actor of actors) await actor.verify(server);
    } catch (error) {
      throw new Error(`after kill ${round + 1} (${name}), seed ${SEED}; the server said: ${server.output()}`, { cause: error });
    }
  }

  await erasures.finish(server);
  expect(await server.stop('SIGTERM')).toBe(0);
  erasures.searchBytes(server.folder);
  expect(readdirSync(server.folder).filter((name) => name.startsWith('backup-staging') || name.endsWith('.new'))).toEqual([]);
  const waiting = join(server.folder, 'ingest');
  expect(existsSync(waiting) ? readdirSync(waiting, { recursive: true }).filter((name) => String(name).endsWith('.part')) : []).toEqual([]);
  await backups.verifyRestored(server);

  // The test is worth something only when work was done between the kills.
  expect(writers[0]!.acknowledged).toBeGreaterThan(ROUNDS);
  if (ROUNDS >= kinds.length) expect(kills.size).toBe(kinds.length);
  if (ROUNDS >= kinds.length) expect(erasures.receipts).toBeGreaterThan(0);
  console.log(`kills: ${[...kills].map(([kind, count]) => `${kind} ${count}`).join(', ')}; ${erasures.receipts} receipts`);
});

/** Let them work, and kill the server within the span of `target` after it sent something. */
async function killDuring(server: ServerUnderTorture, target: Actor, others: readonly Actor[], random: () => number): Promise<void> {
  const life = { isOver: false };
  const { promise: isSent, resolve: sent } = deferred();
  // Asked anew: it may have come about during an await.
  const isOver = () => life.isOver;
  const work = async (actor: Actor, onSent: () => void) => {
    while (!life.isOver) {
      try {
        await actor.act(server, random, onSent);
      } catch (error) {
        if (error instanceof ServerGone || isOver()) return;
        life.isOver = true;
        sent();
        throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, random() * 30));
    }
  };
  const working = Promise.all([
    work(target, sent),
    ...others.filter((actor) => actor !== target).map((actor) => work(actor, () => undefined)),
  ]);
  working.catch(() => undefined);
  await isSent;
  await new Promise((resolve) => setTimeout(resolve, random() * target.spanMs));
  life.isOver = true;
  await server.stop('SIGKILL');
  await working;
}

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let settle: (() => void) | null = null;
  const promise = new Promise<void>((resolve) => (settle = resolve));
  return { promise, resolve: () => settle?.() };
}
