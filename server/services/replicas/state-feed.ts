/** @file What the server that writes tells those that only read: what changed since they asked last. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { ReplicaQuery, ReplicaState } from '../../../src/contracts/replica-api.ts';
import type { EndPlace, SharedState } from '../../repositories/shared-state.ts';
import { HttpProblem } from '../http/problem.ts';

/** Ends of one answer: some 600 kB. */
const PAGE_ENDS = 10_000;
const placeSchema = z.tuple([z.int(), z.string(), z.string()]);

/** What the feed stands on. */
export interface StateFeedParts {
  readonly shared: SharedState;
  /** Of the key that signs packs; SPKI, base64. */
  readonly publicKey: string;
  /** An erased item stays hidden, and so is told of, at least this long (see `Erasures.finish`). */
  readonly hiddenMs: number;
  readonly now?: () => number;
  readonly pageEnds?: number;
}

/** Answers readers. */
export class StateFeed {
  readonly #parts: StateFeedParts;
  readonly #now: () => number;
  /** Of this start: after a restart, also from a backup, nobody goes on from what was counted before. */
  readonly #server = randomUUID();

  constructor(parts: StateFeedParts) {
    this.#parts = parts;
    this.#now = parts.now ?? Date.now;
  }

  /** @returns what is new to a reader: see [Note: Ends in pages]. @throws HttpProblem 400 for a cursor that is not ours. */
  async read(query: ReplicaQuery): Promise<ReplicaState> {
    const atMs = this.#now();
    const isKnown = query.server === this.#server;
    const known = (version: number | undefined) => (isKnown ? (version ?? -1) : -1);
    const after = isKnown ? this.#placeOf(query, atMs) : null;
    const { shared, publicKey, pageEnds = PAGE_ENDS } = this.#parts;
    const versions = { keys: known(query.keys), rules: known(query.rules), packs: known(query.packs) };
    const { keys, rules, packs, ends } = await shared.read(versions, after, pageEnds);
    const { items, erasures, isMore, last } = ends;
    const cursor = cursorOf(last);
    const isSame = after !== null && items.length === 0 && cursor === query.cursor;
    return {
      ...{ server: this.#server, atMs, keys, rules },
      packs: packs === null ? null : { ...packs, publicKey },
      ends: isSame ? null : { isFirst: after === null, items, erasures, isMore, cursor },
    };
  }

  /** @returns null when the reader may have missed an erasure from its begin to its end. */
  #placeOf({ cursor, asOfMs }: ReplicaQuery, atMs: number): EndPlace | null {
    if (cursor === undefined || asOfMs === undefined) return null;
    const agoMs = atMs - asOfMs;
    if (agoMs < 0 || agoMs >= this.#parts.hiddenMs) return null;
    try {
      return placeSchema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
    } catch {
      throw new HttpProblem(400, 'invalid-input', 'The cursor is not one that was given here.');
    }
  }
}

function cursorOf(place: EndPlace): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}
