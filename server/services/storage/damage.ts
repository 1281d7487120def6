/** @file What was found damaged since the start: named, out of the way, and reason enough for `health` to say `degraded`. */
import type { FastifyBaseLogger } from 'fastify';
import type { Damage } from '../../../src/contracts/server-api.ts';

/** Keeps each damaged thing once. */
export class DamageReport {
  readonly #logger: Pick<FastifyBaseLogger, 'error'>;
  readonly #found = new Map<string, Damage>();

  constructor(logger: Pick<FastifyBaseLogger, 'error'>) {
    this.#logger = logger;
  }

  /** @param damage its reason is shown to callers: no internals in it. @param cause goes to the log. */
  note(damage: Damage, cause?: unknown): void {
    const key = keyOf(damage);
    if (this.#found.has(key)) return;
    this.#found.set(key, damage);
    // Names of collections and packs may be logged, names of items may not.
    this.#logger.error({ kind: damage.kind, ...(damage.kind === 'thumbnail' ? {} : { name: damage.name }), err: cause }, 'damaged');
  }

  /** It was mended or removed. */
  clear(kind: Damage['kind'], name: string): void {
    this.#found.delete(keyOf({ kind, name }));
  }

  has(kind: Damage['kind'], name: string): boolean {
    return this.#found.has(keyOf({ kind, name }));
  }

  list(): Damage[] {
    return [...this.#found.values()];
  }
}

function keyOf({ kind, name }: Pick<Damage, 'kind' | 'name'>): string {
  return `${kind} ${name}`;
}
