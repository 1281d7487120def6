/**
 * @file Erases items for good. [Note: Order of an erasure]
 * 1. at once, in one flushed transaction: the wrapped keys of thumbnails are destroyed, the items are hidden from searches and reads, and the
 *    erasure is written down; SQLite's log is emptied, so that the keys are not in it either;
 * 2. packs that hold the items are withdrawn and built again, rows of bulk ingests that wait are dropped, the vectors are deleted, every table
 *    file with deleted rows is written anew ([Note: Delete is not erase]), and so are the indexes;
 * 3. after a pause for searches under way, old versions and the write-ahead log go;
 * 4. the whole data folder is searched for the erased bytes. Only when none is found the receipt is signed.
 * A crash or a failure at any step is taken up again from the table of erasures.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { FastifyBaseLogger } from 'fastify';
import type { Erasure, ErasureReceipt } from '../../../src/contracts/records-api.ts';
import type { PageQuery } from '../../../src/contracts/page-api.ts';
import type { DatabaseFile } from '../../repositories/database-file.ts';
import type { Erasures, StoredErasure } from '../../repositories/erasures.ts';
import type { ItemPlace } from '../../repositories/records.ts';
import type { Thumbnails } from '../../repositories/thumbnails.ts';
import { removeStagings } from '../storage/backup-staging.ts';
import { LOCK_FILE } from '../../repositories/folder-lock.ts';
import type { BulkIngest } from '../collections/bulk-ingest.ts';
import { searchBytes } from './byte-search.ts';
import type { CollectionStore } from '../collections/collection-store.ts';
import type { Journal } from '../watching/journal.ts';
import { randomId } from '../keys/key-secret.ts';
import { pageOf, placeOf } from '../http/page-cursor.ts';
import type { PackService } from '../packs/pack-service.ts';
import { HttpProblem } from '../http/problem.ts';
import type { SigningKey } from '../secrets/signing-key.ts';

/** Vectors and keys of one erasure whose bytes are looked for. */
const MAX_NEEDLES = 32;
/** Bytes of a needle: six numbers of a vector are in no other place by chance. */
const NEEDLE_BYTES = 24;
/** Items deleted in one write. */
const DELETE_ITEMS = 1_000;
const RETRY_MS = 30_000;
/** Indexes are made anew again only after so many times as long as it took. */
const REST_FACTOR = 9;

/** What erasing stands on. */
export interface ErasureParts {
  readonly store: CollectionStore;
  readonly bulk: Pick<BulkIngest, 'erase'>;
  readonly packs: Pick<PackService, 'forget'>;
  readonly erasures: Erasures;
  readonly thumbnails: Thumbnails;
  readonly database: DatabaseFile;
  readonly journal: Journal;
  readonly signingKey: SigningKey;
  readonly logger: FastifyBaseLogger;
  readonly dataFolder: string;
  /** Searches that began before may read old files for this long. */
  readonly graceMs: number;
}

/** What is to be erased, and why. */
export interface ErasureWish {
  readonly reason: Erasure['reason'];
  readonly targets: readonly ItemPlace[];
  /** Of a person: the id that the receipt is about. */
  readonly personId?: string;
  readonly requestedBy: string;
}

/** Takes erasures and carries them out, one after the other. Make one with {@link ErasureService.open}. */
export class ErasureService {
  readonly #parts: ErasureParts;
  /** Bytes to look for, by erasure. Only in memory: keeping them would be keeping what is to go. */
  readonly #needles = new Map<string, Uint8Array[]>();
  readonly #pending = new Set<string>();
  #running: Promise<void> | null = null;
  /** Something was asked for since the run last looked. */
  #isWanted = false;
  #retry: NodeJS.Timeout | null = null;
  #restsUntilMs = 0;
  readonly #stop = new AbortController();

  private constructor(parts: ErasureParts) {
    this.#parts = parts;
  }

  /** {@link resume} takes up what a stop left. */
  static async open(parts: ErasureParts): Promise<ErasureService> {
    const service = new ErasureService(parts);
    for (const { targets } of await parts.erasures.open()) for (const target of targets) service.#pending.add(nameOf(target));
    return service;
  }

  resume(): void {
    this.#start();
  }

  /** True when nothing is being erased. */
  get isIdle(): boolean {
    return this.#pending.size === 0;
  }

  /** True while an item is being erased: it must not be written meanwhile. */
  isErasing(target: ItemPlace): boolean {
    return this.#pending.has(nameOf(target));
  }

  /** Hide the targets now and erase them soon. */
  async request({ reason, targets, personId, requestedBy }: ErasureWish): Promise<Erasure> {
    const fresh = targets.filter((target) => !this.isErasing(target));
    const salt = randomBytes(16).toString('hex');
    const subject = personId ?? fresh.map(({ id }) => id).join('\n');
    const { needles, counts } = await this.#look(fresh);
    const erasure: StoredErasure = {
      ...{ id: randomId(), reason, state: 'hidden', requestedBy, requestedAtMs: Date.now(), items: fresh.length },
      ...{ failures: 0, receipt: null, salt, targets: fresh, counts, rewritten: 0 },
      subject: createHash('sha256')
        .update(salt + subject)
        .digest('hex'),
    };
    await this.#parts.erasures.begin(erasure);
    for (const target of fresh) this.#pending.add(nameOf(target));
    this.#needles.set(erasure.id, needles);
    await this.#parts.database.truncateLog();
    this.#start();
    return describe(erasure);
  }

  /** @throws HttpProblem 404 */
  async get(id: string): Promise<Erasure> {
    const erasure = await this.#parts.erasures.get(id);
    if (erasure === null) throw new HttpProblem(404, 'invalid-input', 'There is no such erasure.');
    return describe(erasure);
  }

  /** Oldest first. */
  async list({ limit, cursor }: PageQuery): Promise<{ items: Erasure[]; nextCursor: string | null }> {
    const rows = await this.#parts.erasures.list(placeOf(cursor), limit + 1);
    const { items, nextCursor } = pageOf(rows, limit, ({ requestedAtMs, id }) => [requestedAtMs, id]);
    return { items: items.map(describe), nextCursor };
  }

  /** Stop. What is not done goes on at the next start. */
  async close(): Promise<void> {
    this.#stop.abort();
    if (this.#retry !== null) clearTimeout(this.#retry);
    await this.#running;
  }

  /** Bytes to look for, and how much of what there is. */
  async #look(targets: readonly ItemPlace[]): Promise<{ needles: Uint8Array[]; counts: ErasureReceipt['erased'] }> {
    const counts = new Map<string, { collection: string; items: number; thumbnails: number }>();
    const needles: Uint8Array[] = [];
    for (const target of targets) {
      const count = counts.get(target.collection) ?? { collection: target.collection, items: 0, thumbnails: 0 };
      counts.set(target.collection, count);
      count.items += 1;
      const thumbnail = await this.#parts.thumbnails.get(target);
      if (thumbnail !== null) count.thumbnails += 1;
      if (needles.length >= MAX_NEEDLES) continue;
      if (thumbnail !== null) needles.push(thumbnail.wrapped.subarray(0, NEEDLE_BYTES), thumbnail.body.subarray(0, NEEDLE_BYTES));
      const item = await ifServed(() => this.#parts.store.get(target.collection, target.id));
      if (item !== null)
        needles.push(new Uint8Array(item.vector.buffer, item.vector.byteOffset, Math.min(NEEDLE_BYTES, item.vector.byteLength)).slice());
    }
    return { needles, counts: [...counts.values()] };
  }

  #start(): void {
    if (this.#stop.signal.aborted) return;
    this.#isWanted = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
      if (this.#isWanted) this.#start();
    });
  }

  async #run(): Promise<void> {
    // Erasures of the same turn share the work.
    await Promise.resolve();
    const { signal } = this.#stop;
    while (this.#isWanted && !signal.aborted) {
      this.#isWanted = false;
      const all = await this.#parts.erasures.open();
      // One collection that is damaged must not keep the others waiting.
      const open = all.filter(({ targets }) => !targets.some(({ collection }) => this.#parts.store.isSetAside(collection)));
      if (open.length < all.length) this.#retryLater();
      if (open.length === 0) continue;
      this.#isWanted = true;
      try {
        await this.#eraseAll(open);
      } catch (error) {
        this.#isWanted = false;
        if (isStopped(signal)) return;
        this.#parts.logger.error({ err: error, erasures: open.length }, 'an erasure did not succeed; it will be tried again');
        for (const { id } of open) await this.#parts.erasures.fail(id);
        this.#retryLater();
        return;
      }
    }
  }

  #retryLater(): void {
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#start(), RETRY_MS).unref();
  }

  async #eraseAll(open: readonly StoredErasure[]): Promise<void> {
    const { store, erasures, graceMs } = this.#parts;
    const targets = byCollection(open.flatMap(({ targets }) => targets));
    // What failed before begins again: whatever came between is gone over.
    const fresh = open.filter(({ state, failures }) => state === 'hidden' || failures > 0);
    const rewritten = new Map<string, number>();
    for (const [collection, ids] of byCollection(fresh.flatMap(({ targets }) => targets)))
      rewritten.set(collection, await this.#remove(collection, ids));
    for (const erasure of fresh)
      await erasures.rewrite(
        erasure,
        Math.max(erasure.rewritten, ...erasure.targets.map(({ collection }) => rewritten.get(collection) ?? 0)),
      );

    await this.#rest();
    const startedAtMs = Date.now();
    for (const collection of targets.keys()) await ifServed(() => store.rebuildIndexes(collection));
    this.#restsUntilMs = Date.now() + (Date.now() - startedAtMs) * REST_FACTOR;
    await pause(graceMs, this.#stop.signal);

    for (const [collection, ids] of targets) {
      // A build of another process may have been under way.
      await this.#parts.packs.forget(collection, ids);
      await ifServed(() => store.dropOldVersions(collection));
    }
    await this.#shortenLogs();
    const verified = await this.#verify(open.flatMap(({ id }) => this.#needles.get(id) ?? []));
    for (const { id } of open) await this.#finish((await erasures.get(id))!, verified);
  }

  /** Take items out of everything that searches, packs and ingests use. @returns how many files of the table were written anew. */
  async #remove(collection: string, ids: readonly string[]): Promise<number> {
    const { store, bulk, packs } = this.#parts;
    await packs.forget(collection, ids);
    const rewritten = await ifServed(async () => {
      // Before the deletion: rows that wait would bring the items back.
      await bulk.erase(collection, new Set(ids));
      for (let start = 0; start < ids.length; start += DELETE_ITEMS) await store.delete(collection, ids.slice(start, start + DELETE_ITEMS));
      return store.rewriteDeleted(collection);
    });
    return rewritten ?? 0;
  }

  /** Making the indexes of a large collection anew takes minutes: with many erasures it shall not go on all the time. */
  async #rest(): Promise<void> {
    await pause(Math.max(0, this.#restsUntilMs - Date.now()), this.#stop.signal);
  }

  /** @throws when something still keeps old bytes. */
  async #shortenLogs(): Promise<void> {
    const { store, database, dataFolder } = this.#parts;
    if (await database.isHeld(Date.now())) throw new Error('a backup is being made');
    await removeStagings(dataFolder);
    if (!(await store.flush())) throw new Error('the write-ahead log was not shortened');
    if (!(await database.truncateLog())) throw new Error('the database is being read');
  }

  /** @throws when something is still there. */
  async #verify(needles: readonly Uint8Array[]): Promise<{ files: number; bytes: number }> {
    const { database, dataFolder } = this.#parts;
    const options = { handles: await database.handles(), skip: [LOCK_FILE] };
    let search = await searchBytes(dataFolder, needles, options);
    if (search.found.some((path) => path.includes('mekiki.db'))) {
      // A page that was split may leave a copy in unused space, which `secure_delete` does not clear.
      await database.vacuum();
      await database.truncateLog();
      search = await searchBytes(dataFolder, needles, options);
    }
    if (search.found.length > 0) throw new Error(`erased bytes are still in ${search.found.length} files`);
    return search;
  }

  async #finish(erasure: StoredErasure, { files, bytes }: { files: number; bytes: number }): Promise<void> {
    const { signingKey, erasures, journal, database } = this.#parts;
    const { id, reason, requestedBy, requestedAtMs, salt, subject, counts, rewritten, targets } = erasure;
    const finishedAtMs = Date.now();
    const unsigned = {
      ...{ format: 'mekiki-erasure' as const, version: 1 as const, id, reason, requestedBy, requestedAtMs, finishedAtMs, salt, subject },
      erased: counts,
      verified: { files, bytes, needles: this.#needles.get(id)?.length ?? 0, rewritten, atMs: finishedAtMs },
      publicKey: signingKey.publicKey,
    };
    await erasures.finish(erasure, { ...unsigned, signature: signingKey.sign(JSON.stringify(unsigned)) });
    for (const target of targets) this.#pending.delete(nameOf(target));
    this.#needles.delete(id);
    // The ids of what was erased were in its row until now.
    await database.truncateLog();
    for (const { collection, items } of counts)
      await journal.record({
        ...{ atMs: finishedAtMs, actor: 'server', operation: 'erasure.done', collection, subject: id },
        ...{ count: items, outcome: 'done', status: 200 },
      });
  }
}

/** What callers may see. */
function describe({ id, reason, state, requestedBy, requestedAtMs, items, failures, receipt }: StoredErasure): Erasure {
  return { id, reason, state, requestedBy, requestedAtMs, items, failures, receipt };
}

/** @returns null for a collection that was removed: its files are gone as a whole. */
async function ifServed<Value>(work: () => Promise<Value>): Promise<Value | null> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof HttpProblem && error.status === 404) return null;
    throw error;
  }
}

function byCollection(targets: readonly ItemPlace[]): Map<string, string[]> {
  const grouped = new Map<string, string[]>();
  for (const { collection, id } of targets) {
    const ids = grouped.get(collection);
    if (ids === undefined) grouped.set(collection, [id]);
    else ids.push(id);
  }
  return grouped;
}

function nameOf({ collection, id }: ItemPlace): string {
  return `${collection}/${id}`;
}

/** Asked anew: it may have come about during an await. */
function isStopped(signal: AbortSignal): boolean {
  return signal.aborted;
}

/** @throws when stopped meanwhile. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(new Error('stopped'));
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
  });
}
