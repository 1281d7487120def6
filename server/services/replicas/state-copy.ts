/**
 * @file Keys, rules and ends of a server that only reads: copied from the one that writes, every second. [Note: The writer is away] What was
 * copied last goes on to count for a while (`absenceMs`): keys work, ends come. Then nothing is answered any more, because a key that
 * was revoked meanwhile must not work for ever. When the writer refuses this server's own key, that is so at once.
 */
import type { FastifyBaseLogger } from 'fastify';
import { z } from 'zod';
import { replicaStateSchema, type ReplicaState } from '../../../src/contracts/replica-api.ts';
import type { WriterState } from '../../../src/contracts/server-api.ts';
import type { CollectionRulesTable } from '../../repositories/collection-rules.ts';
import { nothingCopied, type CopiedState, type CopyPosition } from '../../repositories/copied-state.ts';
import type { PackCopy } from './pack-copy.ts';
import { WriterRefusal, answered, type AskWriter } from './writer-link.ts';

/** How long after an answer the writer is asked again. A revocation counts here after so long, and as long as an answer takes. */
const POLL_MS = 1_000;
const TIMEOUT_MS = 5_000;
/** How often it is written down that nothing has changed. */
const NOTE_MS = 10_000;
/** Without an answer for so long the writer counts as away. */
const AWAY_MS = 5_000;

/** What a copy stands on. */
export interface StateCopyParts {
  readonly ask: AskWriter;
  /** Origin of the writer. */
  readonly writer: string;
  readonly copied: CopiedState;
  readonly rules: Pick<CollectionRulesTable, 'replace'>;
  readonly packs: Pick<PackCopy, 'take'>;
  /** [Note: The writer is away] */
  readonly absenceMs: number;
  readonly logger: Pick<FastifyBaseLogger, 'info' | 'warn' | 'error'>;
  readonly now?: () => number;
  readonly pollMs?: number;
}

/** Copies, and says whether this server may answer. Make one with {@link StateCopy.open}. */
export class StateCopy {
  readonly #parts: StateCopyParts;
  readonly #now: () => number;
  #position: CopyPosition;
  #collections: ReadonlySet<string>;
  #notedAtMs = 0;
  #refusal: string | null = null;
  #isQuiet = true;
  #timer: NodeJS.Timeout | null = null;
  #polling: Promise<void> = Promise.resolve();
  readonly #stop = new AbortController();

  private constructor(parts: StateCopyParts, position: CopyPosition) {
    this.#parts = parts;
    this.#now = parts.now ?? Date.now;
    this.#position = position;
    this.#collections = new Set(position.collections);
  }

  /** Asks once before it resolves; when the writer does not answer, what was copied before counts. */
  static async open(parts: StateCopyParts): Promise<StateCopy> {
    const before = await parts.copied.position();
    const isOfAnother = before === null || before.writer !== parts.writer;
    const copy = new StateCopy(parts, isOfAnother ? nothingCopied(parts.writer, before?.mark) : before);
    if (copy.#position.offered !== null) await parts.packs.take(copy.#position.offered);
    await copy.poll();
    copy.#schedule();
    return copy;
  }

  /** Why nothing may be answered now; null: everything may. */
  get refusal(): string | null {
    if (this.#refusal !== null) return `The server that writes refuses this one. ${this.#refusal}`;
    const { heardAtMs } = this.#position;
    if (heardAtMs === null) return 'This server has not heard from the one that writes yet.';
    if (this.#now() - heardAtMs <= this.#parts.absenceMs) return null;
    return 'This server has not heard from the one that writes for too long: keys may have been revoked, and items erased.';
  }

  /** How it stands with the writer. */
  get writer(): WriterState {
    const { heardAtMs } = this.#position;
    const isHeard = this.refusal === null && heardAtMs !== null && this.#now() - heardAtMs < AWAY_MS;
    return { isHeard, heardAtMs, servesUntilMs: this.#refusal !== null || heardAtMs === null ? null : heardAtMs + this.#parts.absenceMs };
  }

  /** False for a collection that is newer than what was copied: its rules are not known here. */
  knows(collection: string): boolean {
    return this.#collections.has(collection);
  }

  /** Ask now. Never throws. */
  poll(): Promise<void> {
    this.#polling = this.#polling.then(() => this.#pollOnce());
    return this.#polling;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#polling;
  }

  #schedule(): void {
    this.#timer = setTimeout(() => {
      void this.poll().then(() => {
        if (!this.#stop.signal.aborted) this.#schedule();
      });
    }, this.#parts.pollMs ?? POLL_MS).unref();
  }

  async #pollOnce(): Promise<void> {
    const { logger } = this.#parts;
    try {
      for (let isMore = true; isMore && !this.#stop.signal.aborted;) isMore = await this.#copyPage();
      if (this.#stop.signal.aborted) return;
      if (!this.#isQuiet) logger.info('the server that writes answers again');
      this.#isQuiet = true;
      this.#refusal = null;
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      const isRefused = error instanceof WriterRefusal;
      if (isRefused && this.#refusal === null) logger.error({ reason: error.message }, 'the server that writes refuses this one');
      if (isRefused) this.#refusal = error.message;
      else if (this.#isQuiet)
        logger.warn({ reason: reasonOf(error) }, 'nothing comes from the server that writes; what was copied last counts');
      this.#isQuiet = false;
    }
  }

  /** @returns whether there is more. */
  async #copyPage(): Promise<boolean> {
    const { ask, copied, rules, packs } = this.#parts;
    const askedAtMs = this.#now();
    const answer = await answered(await ask(`/v1/replica-state?${queryOf(this.#position)}`, TIMEOUT_MS, this.#stop.signal));
    const state = replicaStateSchema.parse(await answer.json());
    const isMore = state.ends?.isMore ?? false;
    const position = this.#after(state, isMore, askedAtMs);
    const isChanged = [state.keys, state.rules, state.packs, state.ends].some((part) => part !== null);
    const isWholeHere = !isMore && (this.#position.wholeSinceMs !== null || state.ends?.isFirst === true);
    if (isChanged) await copied.take(state, position, isWholeHere);
    else if (askedAtMs - this.#notedAtMs >= NOTE_MS) await copied.setPosition(position);
    if (isChanged || askedAtMs - this.#notedAtMs >= NOTE_MS) this.#notedAtMs = askedAtMs;
    this.#position = position;
    if (state.rules !== null) {
      rules.replace(state.rules.items);
      this.#collections = new Set(state.rules.collections);
    }
    if (state.packs !== null) await packs.take(state.packs);
    return isMore;
  }

  #after({ server, atMs, keys, rules, packs, ends }: ReplicaState, isMore: boolean, askedAtMs: number): CopyPosition {
    const before = this.#position;
    const wholeSinceMs = ends?.isFirst === true ? atMs : before.wholeSinceMs;
    return {
      ...before,
      server,
      keys: keys?.version ?? before.keys,
      rules: rules?.version ?? before.rules,
      packs: packs?.version ?? before.packs,
      collections: rules?.collections ?? before.collections,
      offered: packs ?? before.offered,
      cursor: ends?.cursor ?? before.cursor,
      // What was erased while all ends were being copied may have been sent before: it is asked for from the begin on.
      asOfMs: isMore ? atMs : (wholeSinceMs ?? atMs),
      wholeSinceMs: isMore ? wholeSinceMs : null,
      mark: ends?.isFirst === true ? before.mark + 1 : before.mark,
      heardAtMs: isMore ? before.heardAtMs : askedAtMs,
    };
  }
}

function queryOf({ server, keys, rules, packs, cursor, asOfMs }: CopyPosition): string {
  const known = { ...(server === null ? {} : { server }), ...{ keys, rules, packs, asOfMs }, ...(cursor === null ? {} : { cursor }) };
  return new URLSearchParams(
    Object.entries(known)
      .filter(([, value]) => value !== -1)
      .map(([name, value]) => [name, String(value)]),
  ).toString();
}

function reasonOf(error: unknown): string {
  if (error instanceof z.ZodError) return 'its answer is of another version';
  return error instanceof Error ? error.message : '';
}
