/**
 * @file Which one of the servers over one store writes. [Note: Election] Each term is a file of its own, numbered, created only if it
 * is not there: of two servers that want the next term one gets it. The holder takes the next term before its own ends; a server
 * that died is succeeded when its term has ended. The engine's own commits are conditional too, so that even a holder that slept
 * through its term loses nothing of others; it refuses writes from the moment it notices.
 */
import { hostname } from 'node:os';
import { z } from 'zod';
import { AppError } from '../../src/contracts/errors.ts';
import type { ConditionalStore } from './conditional-store.ts';

/** How long a term is. Clocks of servers over one store must not differ by more than `GRACE_MS`. */
const TERM_MS = 20_000;
const RENEW_MS = 5_000;
const GRACE_MS = 5_000;
const FOLDER = 'writer/';

const termSchema = z.object({ server: z.string(), host: z.string(), process: z.int(), endsAtMs: z.number() });
type Term = z.infer<typeof termSchema>;

/** The right to write. Get it with {@link WriterLease.acquire}. */
export class WriterLease {
  readonly #store: ConditionalStore;
  readonly #server: string;
  readonly #onLost: () => void;
  #number: number;
  #endsAtMs: number;
  #timer: NodeJS.Timeout | null = null;

  private constructor(store: ConditionalStore, server: string, number: number, endsAtMs: number, onLost: () => void) {
    this.#store = store;
    this.#server = server;
    this.#number = number;
    this.#endsAtMs = endsAtMs;
    this.#onLost = onLost;
  }

  /**
   * @param server an id that stays the same when this server is started again: it may succeed itself at once.
   * @param onLost called when another server holds the term.
   * @throws AppError('busy') when another server writes.
   */
  static async acquire(store: ConditionalStore, server: string, onLost: () => void): Promise<WriterLease> {
    const last = await lastTerm(store);
    if (last !== null && isHeldByOther(last.term, server)) throw taken(last.term);
    const number = (last?.number ?? 0) + 1;
    const endsAtMs = Date.now() + TERM_MS;
    if (!(await store.create(keyOf(number), termText(server, endsAtMs)))) throw taken((await lastTerm(store))?.term ?? null);
    const lease = new WriterLease(store, server, number, endsAtMs, onLost);
    await lease.#forgetOlder();
    lease.#timer = setInterval(() => void lease.#renew(), RENEW_MS).unref();
    return lease;
  }

  /** False from the moment the term may have ended. */
  get isHeld(): boolean {
    return Date.now() < this.#endsAtMs;
  }

  /** Let another server write at once. */
  async release(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    if (!this.isHeld) return;
    this.#endsAtMs = 0;
    await this.#store.create(keyOf(this.#number + 1), termText(this.#server, 0));
  }

  async #renew(): Promise<void> {
    const endsAtMs = Date.now() + TERM_MS;
    try {
      if (await this.#store.create(keyOf(this.#number + 1), termText(this.#server, endsAtMs))) {
        this.#number += 1;
        this.#endsAtMs = endsAtMs;
        await this.#forgetOlder();
        return;
      }
      // A create whose answer was lost may have been ours.
      const last = await lastTerm(this.#store);
      if (last !== null && last.term.server === this.#server && last.term.process === process.pid) {
        this.#number = last.number;
        this.#endsAtMs = last.term.endsAtMs;
        return;
      }
      this.#endsAtMs = 0;
      if (this.#timer !== null) clearInterval(this.#timer);
      this.#onLost();
    } catch {
      // The store is out of reach: the term runs on until it ends, then `isHeld` says so.
    }
  }

  async #forgetOlder(): Promise<void> {
    const older = (await this.#store.list(FOLDER)).filter((key) => numberOf(key) < this.#number);
    for (const key of older) await this.#store.remove(key);
  }
}

async function lastTerm(store: ConditionalStore): Promise<{ number: number; term: Term } | null> {
  const key = (await store.list(FOLDER)).filter((one) => numberOf(one) > 0).at(-1);
  const text = key === undefined ? null : await store.read(key);
  if (key === undefined || text === null) return null;
  try {
    return { number: numberOf(key), term: termSchema.parse(JSON.parse(text)) };
  } catch {
    // Cut short by a crash: nobody holds it, and its number is used up.
    return { number: numberOf(key), term: { server: '', host: '', process: 0, endsAtMs: 0 } };
  }
}

function isHeldByOther(term: Term, server: string): boolean {
  if (Date.now() >= term.endsAtMs + GRACE_MS) return false;
  if (term.server !== server) return true;
  // Ourselves, before a restart; unless the same data folder is used by two processes.
  return term.host === hostname() && term.process !== process.pid && isAlive(term.process);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function taken(term: Term | null): AppError {
  const who = term === null ? 'Another server' : `The server on "${term.host}" (process ${term.process})`;
  return new AppError('busy', `${who} writes to this index. Start this one with --replica to read only, or stop the other.`);
}

function termText(server: string, endsAtMs: number): string {
  return JSON.stringify({ server, host: hostname(), process: process.pid, endsAtMs } satisfies Term);
}

function keyOf(number: number): string {
  return `${FOLDER}${String(number).padStart(12, '0')}.json`;
}

/** 0 for what is no term. */
function numberOf(key: string): number {
  return Number(/(\d{12})\.json$/.exec(key)?.[1] ?? 0);
}
