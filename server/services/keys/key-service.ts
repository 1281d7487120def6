/** @file Issues, checks, rotates and revokes API keys, takes requests for them, and counts what each uses. */
import type { FastifyBaseLogger } from 'fastify';
import type { ApiKey, ApproveRequest, CreateKey, IssuedKey, KeyRequest, RequestKey } from '../../../src/contracts/keys-api.ts';
import { createKeySchema, grantSchema, requestKeySchema } from '../../../src/contracts/keys-api.ts';
import type { PageQuery } from '../../../src/contracts/page-api.ts';
import type { ApiKeys, StoredKey } from '../../repositories/api-keys.ts';
import type { KeyRequests, StoredRequest } from '../../repositories/key-requests.ts';
import { idOfSecret, matchesHash, newClaimToken, newKeySecret, randomId } from './key-secret.ts';
import { pageOf, placeOf } from '../http/page-cursor.ts';
import { HttpProblem } from '../http/problem.ts';

const DAY_MS = 86_400_000;
/** Use is written down this often: a crash forgets at most so much of the counts. */
const FLUSH_MS = 10_000;
/** `lastUsedAtMs` is kept to this. */
const LAST_USED_STEP_MS = 60_000;
/** Undecided and settled requests are forgotten after this. */
const REQUEST_LIFE_MS = 14 * DAY_MS;
/** More undecided requests than an admin would read are refused. */
const MAX_PENDING = 200;

/** What a day's quota says about a key. */
export interface QuotaState {
  readonly limit: number;
  readonly used: number;
  /** When the next day begins. */
  readonly resetsAtMs: number;
}

/** Everything about keys. */
export class KeyService {
  readonly #keys: ApiKeys;
  readonly #requests: KeyRequests;
  readonly #logger: FastifyBaseLogger;
  readonly #now: () => number;
  readonly #lastUsed = new Map<string, number>();
  readonly #written = new Map<string, number>();
  /** Requests of today by family: what the table holds, and what is not there yet. */
  readonly #today = new Map<string, { day: number; stored: number; fresh: number }>();
  readonly #timer: NodeJS.Timeout;

  constructor(keys: ApiKeys, requests: KeyRequests, logger: FastifyBaseLogger, now: () => number = Date.now) {
    this.#keys = keys;
    this.#requests = requests;
    this.#logger = logger;
    this.#now = now;
    this.#timer = setInterval(() => void this.flush(), FLUSH_MS).unref();
  }

  /** @returns the secret of the first admin key when there was no key at all, else null. */
  async firstRun(): Promise<string | null> {
    if ((await this.#keys.count()) > 0) return null;
    const { secret } = await this.create({ name: 'First admin', purpose: 'Made at the first start', role: 'admin' }, 'first-run');
    return secret;
  }

  /** @returns the key that a secret belongs to, or why it does not work. */
  async authenticate(secret: string): Promise<StoredKey | 'unknown' | 'expired' | 'revoked'> {
    const id = idOfSecret(secret);
    const key = id === null ? null : await this.#keys.get(id);
    if (key === null || !matchesHash(secret, key.secretHash)) return 'unknown';
    const state = stateOf(key, this.#now());
    return state === 'active' ? key : state;
  }

  /** @throws HttpProblem 400 for a grant that makes no sense. */
  async create(wanted: CreateKey, createdBy: string): Promise<IssuedKey> {
    const { name, purpose, ...grant } = createKeySchema.parse(wanted);
    this.#checkGrant(grant.role, grant.collections, grant.expiresAtMs);
    const id = randomId();
    return this.#issue({ ...grant, id, family: id, replaces: null, name, purpose, createdBy }, (key) => this.#keys.add(key));
  }

  /** A new secret with the same rights; the old one works for `overlapS` more. @throws HttpProblem 404 | 409 */
  async rotate(id: string, overlapS: number, createdBy: string): Promise<IssuedKey> {
    const old = await this.#require(id);
    if (stateOf(old, this.#now()) !== 'active') throw new HttpProblem(409, 'invalid-input', 'Only a key that works can be rotated.');
    const { family, name, purpose, role, collections, expiresAtMs, requestsPerMinute, requestsPerDay } = old;
    return this.#issue(
      { family, name, purpose, role, collections, expiresAtMs, requestsPerMinute, requestsPerDay, id: randomId(), replaces: id, createdBy },
      (key) => this.#keys.rotate(key, this.#now() + overlapS * 1000),
    );
  }

  /** The key stops working with this. @throws HttpProblem 404; 409 for the last admin key that works. */
  async revoke(id: string): Promise<ApiKey> {
    const key = await this.#require(id);
    const now = this.#now();
    if (key.role === 'admin' && stateOf(key, now) === 'active' && (await this.#keys.countOtherAdmins(id, now)) === 0)
      throw new HttpProblem(409, 'invalid-input', 'This is the last admin key that works. Make another one first.');
    await this.#keys.revoke(id, now);
    return this.describe(await this.#require(id));
  }

  /** @throws HttpProblem 404 */
  async get(id: string): Promise<ApiKey> {
    return this.describe(await this.#require(id));
  }

  /** Oldest first. */
  async list({ limit, cursor }: PageQuery): Promise<{ items: ApiKey[]; nextCursor: string | null }> {
    const rows = await this.#keys.list(placeOf(cursor), limit + 1);
    const { items, nextCursor } = pageOf(rows, limit, ({ createdAtMs, id }) => [createdAtMs, id]);
    return { items: await Promise.all(items.map((key) => this.describe(key))), nextCursor };
  }

  /** Take a wish. @returns it with the token that claims the key later. @throws HttpProblem 429 when too many wait. */
  async request(wish: RequestKey): Promise<{ request: KeyRequest; claimToken: string }> {
    const { name, purpose, role, collections } = requestKeySchema.parse(wish);
    const now = this.#now();
    await this.#requests.forgetBefore(now - REQUEST_LIFE_MS);
    if ((await this.#requests.countPending()) >= MAX_PENDING)
      throw new HttpProblem(429, 'busy', 'Too many requests wait for an answer. Try again another day.');
    const { secret, hash } = newClaimToken();
    const stored: StoredRequest = {
      id: randomId(),
      claimHash: hash,
      name,
      purpose,
      role,
      collections,
      state: 'pending',
      createdAtMs: now,
      decidedAtMs: null,
      decidedBy: null,
      granted: null,
    };
    await this.#requests.add(stored);
    return { request: this.#describeRequest(stored), claimToken: secret };
  }

  /** Oldest first. */
  async listRequests({ limit, cursor }: PageQuery): Promise<{ items: KeyRequest[]; nextCursor: string | null }> {
    const rows = await this.#requests.list(placeOf(cursor), limit + 1);
    const { items, nextCursor } = pageOf(rows, limit, ({ createdAtMs, id }) => [createdAtMs, id]);
    return { items: items.map((request) => this.#describeRequest(request)), nextCursor };
  }

  /** @param grant what differs from the wish. @throws HttpProblem 404 | 409 */
  async approve(id: string, grant: ApproveRequest, by: string): Promise<KeyRequest> {
    const wish = await this.#requireRequest(id);
    const granted = grantSchema.parse({ role: wish.role, collections: wish.collections, ...grant });
    this.#checkGrant(granted.role, granted.collections, granted.expiresAtMs);
    return this.#decide(id, 'approved', by, granted);
  }

  /** @throws HttpProblem 404 | 409 */
  async reject(id: string, by: string): Promise<KeyRequest> {
    await this.#requireRequest(id);
    return this.#decide(id, 'rejected', by, null);
  }

  /**
   * Look at a request, and fetch the secret when it was approved: once. The secret is made at this moment, so it was never stored.
   * @throws HttpProblem 404 also for a wrong token: who guesses learns nothing.
   */
  async claim(id: string, claimToken: string): Promise<{ request: KeyRequest; issued: IssuedKey | null }> {
    const stored = await this.#requests.get(id);
    if (stored === null || !matchesHash(claimToken, stored.claimHash))
      throw new HttpProblem(404, 'invalid-input', 'There is no such request.');
    const isLapsed = this.#describeRequest(stored).state === 'lapsed';
    if (stored.state !== 'approved' || stored.granted === null || isLapsed || !(await this.#requests.move(id, 'approved', 'claimed', null)))
      return { request: this.#describeRequest((await this.#requests.get(id)) ?? stored), issued: null };
    const { granted, name, purpose } = stored;
    const issued = await this.create({ ...granted, name, purpose }, stored.decidedBy ?? 'unknown');
    return { request: this.#describeRequest({ ...stored, state: 'claimed' }), issued };
  }

  /** Count a request against the day's quota. @returns null when the key has no quota. */
  async count(key: StoredKey): Promise<QuotaState | null> {
    const now = this.#now();
    const day = Math.floor(now / DAY_MS);
    let today = this.#today.get(key.family);
    if (today?.day !== day) {
      if (today !== undefined) await this.flush();
      today = { day, stored: await this.#keys.requestsOf(key.family, day), fresh: 0 };
      this.#today.set(key.family, today);
    }
    today.fresh += 1;
    if (now - (this.#written.get(key.id) ?? key.lastUsedAtMs ?? 0) >= LAST_USED_STEP_MS) {
      this.#lastUsed.set(key.id, now);
      this.#written.set(key.id, now);
    }
    if (key.requestsPerDay === null) return null;
    return { limit: key.requestsPerDay, used: today.stored + today.fresh, resetsAtMs: (day + 1) * DAY_MS };
  }

  /** Write down what was counted. Never throws: counts of a moment are not worth an answer. */
  async flush(): Promise<void> {
    const lastUsed = new Map(this.#lastUsed);
    this.#lastUsed.clear();
    const counted = [...this.#today].filter(([, { fresh }]) => fresh > 0);
    const uses = counted.map(([family, { day, fresh }]) => ({ family, day, requests: fresh }));
    for (const [, today] of counted) {
      today.stored += today.fresh;
      today.fresh = 0;
    }
    await this.#keys.countUse(lastUsed, uses).catch((error: unknown) => {
      this.#logger.warn({ err: error }, 'use of keys was not written down');
    });
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.flush();
  }

  /** What callers may see of a key. */
  async describe(key: StoredKey): Promise<ApiKey> {
    const now = this.#now();
    const day = Math.floor(now / DAY_MS);
    const today = this.#today.get(key.family);
    const requestsToday = today?.day === day ? today.stored + today.fresh : await this.#keys.requestsOf(key.family, day);
    const { id, name, purpose, role, collections, expiresAtMs, requestsPerMinute, requestsPerDay } = key;
    const { createdAtMs, createdBy, revokedAtMs, replaces } = key;
    return {
      ...{
        id,
        prefix: `mk_${id}`,
        name,
        purpose,
        role,
        expiresAtMs,
        requestsPerMinute,
        requestsPerDay,
        createdAtMs,
        createdBy,
        revokedAtMs,
      },
      ...{ replaces, requestsToday, collections: collections === null ? null : [...collections], state: stateOf(key, now) },
      lastUsedAtMs: this.#lastUsed.get(id) ?? this.#written.get(id) ?? key.lastUsedAtMs,
    };
  }

  async #issue(
    part: Omit<StoredKey, 'secretHash' | 'createdAtMs' | 'revokedAtMs' | 'lastUsedAtMs'>,
    store: (key: StoredKey) => Promise<void>,
  ): Promise<IssuedKey> {
    const { secret, hash } = newKeySecret(part.id);
    const key: StoredKey = { ...part, secretHash: hash, createdAtMs: this.#now(), revokedAtMs: null, lastUsedAtMs: null };
    await store(key);
    return { key: await this.describe(key), secret };
  }

  #checkGrant(role: StoredKey['role'], collections: readonly string[] | null, expiresAtMs: number | null): void {
    if (role === 'admin' && collections !== null)
      throw new HttpProblem(400, 'invalid-input', 'An admin key reaches everything: it cannot be held to collections.');
    if (role === 'replica' && collections !== null)
      throw new HttpProblem(400, 'invalid-input', 'A server that only reads copies everything: its key cannot be held to collections.');
    if (expiresAtMs !== null && expiresAtMs <= this.#now())
      throw new HttpProblem(400, 'invalid-input', 'The key would be expired already.');
  }

  async #decide(id: string, to: 'approved' | 'rejected', by: string, granted: StoredRequest['granted']): Promise<KeyRequest> {
    if (!(await this.#requests.move(id, 'pending', to, { atMs: this.#now(), by, granted })))
      throw new HttpProblem(409, 'invalid-input', 'This request was decided before.');
    return this.#describeRequest(await this.#requireRequest(id));
  }

  async #require(id: string): Promise<StoredKey> {
    const key = await this.#keys.get(id);
    if (key === null) throw new HttpProblem(404, 'invalid-input', 'There is no such key.');
    return key;
  }

  async #requireRequest(id: string): Promise<StoredRequest> {
    const request = await this.#requests.get(id);
    if (request === null) throw new HttpProblem(404, 'invalid-input', 'There is no such request.');
    return request;
  }

  #describeRequest({ id, name, purpose, role, collections, state, createdAtMs, decidedAtMs }: StoredRequest): KeyRequest {
    const isLapsed = (state === 'pending' || state === 'approved') && (decidedAtMs ?? createdAtMs) < this.#now() - REQUEST_LIFE_MS;
    return {
      ...{ id, name, purpose, role, createdAtMs, decidedAtMs },
      collections: collections === null ? null : [...collections],
      state: isLapsed ? 'lapsed' : state,
    };
  }
}

function stateOf({ revokedAtMs, expiresAtMs }: StoredKey, now: number): ApiKey['state'] {
  if (revokedAtMs !== null) return 'revoked';
  return expiresAtMs !== null && expiresAtMs <= now ? 'expired' : 'active';
}
