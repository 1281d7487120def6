/**
 * @file What servers that only read need of the one that writes, as it is in one moment: keys, rules, packs, ends of items. Each part is counted by
 * the database itself (`shared_versions`), so that a change by another process, e.g. `npm run keys`, is seen as well.
 */
import type { Client, Row } from '@libsql/client';
import { z } from 'zod';
import type { CopiedKey, ReplicaPacks, ReplicaState } from '../../src/contracts/replica-api.ts';
import { collectionRulesSchema } from '../../src/contracts/records-api.ts';
import { keyOf } from './api-keys.ts';

/** What a reader has of each part; -1: nothing. */
export interface KnownVersions {
  readonly keys: number;
  readonly rules: number;
  readonly packs: number;
}

/** The last end that a reader was sent. */
export type EndPlace = readonly [sequence: number, collection: string, id: string];

/** Parts that changed; null: what is known is still so. */
export interface SharedParts {
  readonly keys: ReplicaState['keys'];
  readonly rules: ReplicaState['rules'];
  readonly packs: Omit<ReplicaPacks, 'publicKey'> | null;
  readonly ends: Pick<NonNullable<ReplicaState['ends']>, 'items' | 'erasures' | 'isMore'> & { readonly last: EndPlace };
}

const itemsSchema = z.array(
  z.object({
    collection: z.string(),
    item_id: z.string(),
    valid_until_ms: z.int().nullable(),
    erasure_id: z.string().nullable(),
    sequence: z.int(),
  }),
);
const CHANGED = (part: keyof KnownVersions) => `(SELECT version FROM shared_versions WHERE part = '${part}') <> ?`;

/** Reads the tables of a server that writes. */
export class SharedState {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  /**
   * Everything that changed, in one transaction.
   * @param after ends up to this one are known; null: none.
   * @param limit ends at most.
   */
  async read(known: KnownVersions, after: EndPlace | null, limit: number): Promise<SharedParts> {
    const [versions, keys, collections, rules, packs, ends, erasures] = await this.#client.batch(
      [
        'SELECT part, version FROM shared_versions',
        { sql: `SELECT * FROM api_keys WHERE ${CHANGED('keys')} ORDER BY created_at_ms, id`, args: [known.keys] },
        { sql: `SELECT name FROM collections WHERE ${CHANGED('rules')} ORDER BY name`, args: [known.rules] },
        { sql: `SELECT collection, body FROM collection_rules WHERE ${CHANGED('rules')} ORDER BY collection`, args: [known.rules] },
        {
          sql: `SELECT packs.id, packs.version, signature, (packs.version = pack_heads.version AND is_withdrawn = 0) AS is_newest
                FROM packs JOIN pack_heads USING (id) WHERE ${CHANGED('packs')} ORDER BY packs.id, packs.version`,
          args: [known.packs],
        },
        {
          sql: `SELECT collection, item_id, valid_until_ms, erasure_id, sequence FROM records
                WHERE (sequence, collection, item_id) > (?, ?, ?) ORDER BY sequence, collection, item_id LIMIT ?`,
          args: [...(after ?? endOf(0)), limit + 1],
        },
        "SELECT id FROM erasures WHERE state <> 'done' ORDER BY id",
      ],
      'deferred',
    );
    const version = new Map((versions?.rows ?? []).map((row) => [row['part'], Number(row['version'])]));
    const of = (part: string) => z.int().parse(version.get(part));
    const isChanged = (part: keyof KnownVersions) => of(part) !== known[part];
    const found = itemsSchema.parse(ends?.rows ?? []);
    const page = found.slice(0, limit);
    const last = page.at(-1);
    const isMore = found.length > limit;
    return {
      keys: isChanged('keys') ? { version: of('keys'), items: (keys?.rows ?? []).map(copiedKey) } : null,
      rules: isChanged('rules')
        ? {
            version: of('rules'),
            collections: (collections?.rows ?? []).map(({ name }) => z.string().parse(name)),
            items: (rules?.rows ?? []).map(({ collection, body }) => ({
              collection: z.string().parse(collection),
              rules: collectionRulesSchema.parse(JSON.parse(z.string().parse(body))),
            })),
          }
        : null,
      packs: isChanged('packs') ? { version: of('packs'), kept: (packs?.rows ?? []).map(keptPack) } : null,
      ends: {
        items: page.map(({ collection, item_id, valid_until_ms, erasure_id }) => [collection, item_id, valid_until_ms, erasure_id]),
        erasures: (erasures?.rows ?? []).map(({ id }) => z.string().parse(id)),
        isMore,
        // With the last page everything up to this version was seen; an erasure that ended counts without a row of its own.
        last: isMore && last !== undefined ? [last.sequence, last.collection, last.item_id] : endOf(of('records')),
      },
    };
  }
}

/** @returns a place after every end of a version. What has version 0 never had one. */
function endOf(version: number): EndPlace {
  return [version, '\u{10ffff}', ''];
}

function copiedKey(row: Row): CopiedKey {
  const { id, family, replaces, secretHash, name, purpose, role, collections, ...limits } = keyOf(row);
  const { requestsPerMinute, requestsPerDay, createdAtMs, createdBy, expiresAtMs, revokedAtMs } = limits;
  return {
    ...{ id, family, replaces, name, purpose, role, collections: collections === null ? null : [...collections] },
    ...{ requestsPerMinute, requestsPerDay, createdAtMs, createdBy, expiresAtMs, revokedAtMs },
    secretHash: Buffer.from(secretHash).toString('base64'),
  };
}

function keptPack({ id, version, signature, is_newest }: Row): ReplicaPacks['kept'][number] {
  return { id: z.string().parse(id), version: Number(version), isNewest: Number(is_newest) === 1, signature: z.string().parse(signature) };
}
