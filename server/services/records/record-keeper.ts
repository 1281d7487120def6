/**
 * @file What may be kept, how long, and about whom: rules of collections, ends of items, the sweep that erases what is over.
 * A probe that matches nothing is never written: searches write nothing at all.
 */
import type { Table } from 'apache-arrow';
import type { FastifyBaseLogger } from 'fastify';
import type { CollectionRules } from '../../../src/contracts/records-api.ts';
import type { Consent, Retention } from '../../../src/contracts/server-api.ts';
import type { Arrivals } from '../../repositories/arrivals.ts';
import type { CollectionRulesTable } from '../../repositories/collection-rules.ts';
import type { Records } from '../../repositories/records.ts';
import type { CollectionStore } from '../collections/collection-store.ts';
import type { ErasureService } from './erasure.ts';
import { HttpProblem } from '../http/problem.ts';

/** Spaces of models that describe people. A collection of such a space is one of persons, whatever its rules say. */
const PERSON_SPACE = /^(face|person|body|gait)-/;
/** Items that one sweep takes from one cause. */
const SWEEP_ITEMS = 1_000;
/** A sweep at least this often: clocks jump, machines sleep. */
const SWEEP_MS = 60_000;
/** The ledger of arrivals is for comparing with phones, not for keeping. */
const ARRIVALS_MS = 90 * 86_400_000;

/** What keeping stands on. */
export interface RecordKeeperParts {
  readonly store: CollectionStore;
  readonly rules: CollectionRulesTable;
  readonly records: Records;
  readonly arrivals: Arrivals;
  readonly erasure: ErasureService;
  readonly logger: FastifyBaseLogger;
  /** Another server erases what is over, and this one has copies of its ends. */
  readonly isReader: boolean;
}

/** An item as it is about to be written. */
export interface Incoming {
  readonly id: string;
  readonly productId: string;
  readonly validUntilMs?: number | undefined;
  readonly consent?: Consent | undefined;
}

/** Applies rules to writes and reads, and sweeps. */
export class RecordKeeper {
  readonly #parts: RecordKeeperParts;
  #timer: NodeJS.Timeout | null = null;
  #timerAtMs = Infinity;
  #sweeping: Promise<void> | null = null;
  #isClosed = false;

  constructor(parts: RecordKeeperParts) {
    this.#parts = parts;
    this.#sweepAt(Date.now());
  }

  /** True for collections that are closed to everybody without a key that names them. */
  holdsPersons(collection: string): boolean {
    return this.#parts.rules.get(collection)?.holds === 'persons' || isPersonSpace(this.#spaceOf(collection));
  }

  rulesOf(collection: string): CollectionRules | null {
    return this.#parts.rules.get(collection);
  }

  /**
   * Set rules. They may be set before the collection is made; items that are there get the ends that the rules mean.
   * @throws HttpProblem 409 when a collection of people's vectors would count as one of things.
   */
  async setRules(collection: string, rules: CollectionRules, by: string): Promise<void> {
    if (rules.holds === 'things' && isPersonSpace(this.#spaceOf(collection)))
      throw new HttpProblem(409, 'invalid-input', 'The vectors of this collection describe persons.');
    await this.#parts.rules.set(collection, rules, by);
    if (rules.retention.maximumAgeS !== null) await this.#parts.records.limitAge(collection, rules.retention.maximumAgeS * 1000);
    this.#sweepAt(Date.now());
  }

  /** @throws HttpProblem 403 for a collection of people's vectors that no admin turned on. */
  requireCreatable(collection: string, space: string): void {
    if (isPersonSpace(space) && this.#parts.rules.get(collection)?.holds !== 'persons')
      throw new HttpProblem(
        403,
        'permission-denied',
        `Collections of persons are off. An admin turns one on with a purpose and a retention: PUT /v1/collections/${collection}/rules.`,
      );
  }

  /**
   * Check items and write down their ends, before they are written: no item is ever there without its end.
   * @throws HttpProblem 400 for an end that is over or a missing consent; 403 where persons are off; 409 for an item that is being erased.
   */
  async admit(collection: string, items: readonly Incoming[]): Promise<void> {
    this.requireCreatable(collection, this.#spaceOf(collection));
    const { erasure, records } = this.#parts;
    if (items.some(({ id }) => erasure.isErasing({ collection, id })))
      throw new HttpProblem(409, 'busy', 'An item with this id is being erased. Try again in some minutes.');
    const rules = this.#parts.rules.get(collection);
    const isPersons = rules?.holds === 'persons';
    const retention = this.#retentionOf(collection);
    const now = Date.now();
    for (const { id, validUntilMs, consent } of items) {
      if (validUntilMs !== undefined && validUntilMs <= now) throw new HttpProblem(400, 'invalid-input', `Item "${id}" is over already.`);
      if (isPersons && rules.needsConsent && consent === undefined)
        throw new HttpProblem(400, 'invalid-input', `Item "${id}" has no consent, which this collection asks for.`);
    }
    const isKept = rules !== null || retention !== null;
    const kept = items.filter(({ validUntilMs, consent }) => isKept || validUntilMs !== undefined || consent !== undefined);
    if (kept.length === 0) return;
    const ageEnd = retention?.maximumAgeS == null ? null : now + retention.maximumAgeS * 1000;
    const unique = new Map(kept.map((item) => [item.id, item]));
    await records.put(
      [...unique.values()].map(({ id, productId, validUntilMs, consent }) => ({
        collection,
        id,
        personId: isPersons ? productId : null,
        consent: consent ?? null,
        writtenAtMs: now,
        validUntilMs: earlier(ageEnd, validUntilMs ?? null),
      })),
    );
    const soonest = kept.reduce<number | null>((end, { validUntilMs }) => earlier(end, validUntilMs ?? null), ageEnd);
    // Too many is seen after the write that is about to happen.
    if (retention?.maximumItems != null) this.#sweepAt(now + 1_000);
    else if (soonest !== null) this.#sweepAt(soonest);
  }

  /** The same for a stream of rows (item-rows.ts): each table is admitted before it goes on. Errors as {@link admit}. */
  async *admitted(collection: string, tables: AsyncIterable<Table>): AsyncGenerator<Table> {
    this.requireCreatable(collection, this.#spaceOf(collection));
    for await (const table of tables) {
      // Else none of them needs to be looked at.
      const isLookedAt =
        !this.#parts.erasure.isIdle || this.#parts.rules.get(collection) !== null || this.#retentionOf(collection) !== null;
      if (isLookedAt) await this.admit(collection, placesOf(table));
      yield table;
    }
  }

  /** A stream without what is over. */
  async *visible<Item extends { readonly id: string }>(collection: string, batches: AsyncIterable<Item[]>): AsyncGenerator<Item[]> {
    for await (const items of batches) {
      const over = await this.overAmong(
        collection,
        items.map(({ id }) => id),
      );
      yield over.size === 0 ? items : items.filter(({ id }) => !over.has(id));
    }
  }

  /** @returns those among `ids` that are over: hidden, expired or being erased. */
  async overAmong(collection: string, ids: readonly string[]): Promise<ReadonlySet<string>> {
    const now = Date.now();
    const records = await this.#parts.records.getMany(collection, ids);
    return new Set(records.filter(({ validUntilMs }) => validUntilMs !== null && validUntilMs <= now).map(({ id }) => id));
  }

  /** Erase everything that is over or too many. Never throws: what fails is logged and swept again. */
  sweep(): Promise<void> {
    this.#sweeping ??= this.#sweepOnce()
      .catch((error: unknown) => {
        this.#parts.logger.error({ err: error }, 'the sweep of what is over failed; it will be tried again');
      })
      .finally(() => {
        this.#sweeping = null;
        if (!this.#isClosed) void this.#schedule();
      });
    return this.#sweeping;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#sweeping;
  }

  async #sweepOnce(): Promise<void> {
    const { records, erasure } = this.#parts;
    await this.#parts.arrivals.forgetBefore(Date.now() - ARRIVALS_MS);
    if (this.#parts.isReader) return;
    for (;;) {
      const targets = await records.over(Date.now(), SWEEP_ITEMS);
      if (targets.every((target) => erasure.isErasing(target))) break;
      await erasure.request({ reason: 'expired', targets, requestedBy: 'server' });
    }
    for (const { name } of await this.#parts.store.list()) {
      const keep = this.#retentionOf(name)?.maximumItems ?? null;
      if (keep === null) continue;
      for (;;) {
        const targets = await records.beyond(name, keep, SWEEP_ITEMS);
        if (targets.every((target) => erasure.isErasing(target))) break;
        await erasure.request({ reason: 'too-many', targets, requestedBy: 'server' });
      }
    }
  }

  async #schedule(): Promise<void> {
    const next = this.#parts.isReader ? null : await this.#parts.records.nextEnd().catch(() => null);
    this.#sweepAt(Math.min(next ?? Infinity, Date.now() + SWEEP_MS));
  }

  #sweepAt(atMs: number): void {
    if (this.#isClosed || atMs >= this.#timerAtMs) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timerAtMs = atMs;
    this.#timer = setTimeout(
      () => {
        this.#timerAtMs = Infinity;
        void this.sweep();
      },
      Math.min(Math.max(0, atMs - Date.now()), SWEEP_MS),
    ).unref();
  }

  #retentionOf(collection: string): Retention | null {
    return this.#parts.rules.get(collection)?.retention ?? this.#describe(collection)?.retention ?? null;
  }

  #spaceOf(collection: string): string {
    return this.#describe(collection)?.space ?? '';
  }

  #describe(collection: string) {
    try {
      return this.#parts.store.description(collection);
    } catch (error) {
      if (error instanceof HttpProblem) return null;
      throw error;
    }
  }
}

function placesOf(table: Table): Incoming[] {
  const [ids, productIds] = [table.getChild('id'), table.getChild('productId')];
  return Array.from({ length: table.numRows }, (_, row) => ({ id: ids?.get(row) as string, productId: productIds?.get(row) as string }));
}

function isPersonSpace(space: string): boolean {
  return PERSON_SPACE.test(space);
}

function earlier(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.min(a, b);
}
