/** @file What is known of items beside their vectors: whom they show, with what consent, since when and how long. */
import type { Client, InStatement, Row } from '@libsql/client';
import { z } from 'zod';
import type { ItemRecord } from '../../src/contracts/records-api.ts';
import { consentSchema } from '../../src/contracts/server-api.ts';

/** One item of one collection. */
export interface ItemPlace {
  readonly collection: string;
  readonly id: string;
}

const COLUMNS = 'collection, item_id, person_id, consent, written_at_ms, valid_until_ms';
/** First statement of every change: the rows that it changes are newer than all others (`sequence`; see `shared-state.ts`). */
export const NEXT_SEQUENCE: InStatement = "UPDATE shared_versions SET version = version + 1 WHERE part = 'records'";
const SEQUENCE = "(SELECT version FROM shared_versions WHERE part = 'records')";
/** Parameters of one statement. */
const CHUNK = 500;

/** The table of records. Only items of collections with rules or retention, or with an end of their own, have one. */
export class Records {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  /** Insert or replace, in one flushed transaction. */
  async put(records: readonly ItemRecord[]): Promise<void> {
    await this.#client.batch(
      [
        NEXT_SEQUENCE,
        ...records.map(({ collection, id, personId, consent, writtenAtMs, validUntilMs }) => ({
          // Nobody needs to be told of what never had an end: 0.
          sql: `INSERT INTO records (${COLUMNS}, sequence) VALUES (?1, ?2, ?3, ?4, ?5, ?6, iif(?6 IS NULL, 0, ${SEQUENCE}))
                ON CONFLICT (collection, item_id) DO UPDATE SET person_id = excluded.person_id, consent = excluded.consent,
                  written_at_ms = excluded.written_at_ms, valid_until_ms = excluded.valid_until_ms,
                  sequence = iif(records.sequence = 0, excluded.sequence, ${SEQUENCE}), erasure_id = NULL`,
          args: [collection, id, personId, consent === null ? null : JSON.stringify(consent), writtenAtMs, validUntilMs],
        })),
      ],
      'write',
    );
  }

  /** Records that exist among `ids`. */
  async getMany(collection: string, ids: readonly string[]): Promise<ItemRecord[]> {
    const found: ItemRecord[] = [];
    for (let start = 0; start < ids.length; start += CHUNK) {
      const chunk = ids.slice(start, start + CHUNK);
      const { rows } = await this.#client.execute({
        sql: `SELECT ${COLUMNS} FROM records WHERE collection = ? AND item_id IN (${chunk.map(() => '?').join(', ')})`,
        args: [collection, ...chunk],
      });
      found.push(...rows.map(recordOf));
    }
    return found;
  }

  /** Everything about a person, in order. */
  async ofPerson(personId: string): Promise<ItemRecord[]> {
    const { rows } = await this.#client.execute({
      sql: `SELECT ${COLUMNS} FROM records WHERE person_id = ? ORDER BY collection, item_id`,
      args: [personId],
    });
    return rows.map(recordOf);
  }

  /** What is over at a time and not hidden yet; soonest first. */
  async over(atMs: number, limit: number): Promise<ItemPlace[]> {
    const { rows } = await this.#client.execute({
      sql: 'SELECT collection, item_id FROM records WHERE valid_until_ms > 0 AND valid_until_ms <= ? ORDER BY valid_until_ms LIMIT ?',
      args: [atMs, limit],
    });
    return rows.map(placeOf);
  }

  /** @returns when the next record ends, or null. */
  async nextEnd(): Promise<number | null> {
    const { rows } = await this.#client.execute('SELECT min(valid_until_ms) AS end FROM records WHERE valid_until_ms > 0');
    return z
      .int()
      .nullable()
      .parse(rows[0]?.['end'] ?? null);
  }

  /** The oldest items of a collection beyond `keep`. */
  async beyond(collection: string, keep: number, limit: number): Promise<ItemPlace[]> {
    const { rows } = await this.#client.execute({
      sql: `SELECT collection, item_id FROM records WHERE collection = ? AND (valid_until_ms IS NULL OR valid_until_ms > 0)
            ORDER BY written_at_ms DESC, item_id DESC LIMIT ? OFFSET ?`,
      args: [collection, limit, keep],
    });
    return rows.map(placeOf);
  }

  /** Give every record of a collection the end that a maximum age means; one that ends sooner keeps its end. */
  async limitAge(collection: string, maximumAgeMs: number): Promise<void> {
    await this.#client.batch(
      [
        NEXT_SEQUENCE,
        {
          sql: `UPDATE records SET valid_until_ms = min(coalesce(valid_until_ms, written_at_ms + ?2), written_at_ms + ?2), sequence = ${SEQUENCE}
                WHERE collection = ?1 AND (valid_until_ms IS NULL OR valid_until_ms > 0)`,
          args: [collection, maximumAgeMs],
        },
      ],
      'write',
    );
  }
}

/** Statements that hide an item at once: no search finds it, no key opens its thumbnail. For an erasure's transaction, after {@link NEXT_SEQUENCE}. */
export function hideStatements({ collection, id }: ItemPlace, erasureId: string): InStatement[] {
  const args = [collection, id];
  return [
    { sql: 'DELETE FROM thumbnail_keys WHERE collection = ? AND item_id = ?', args },
    { sql: 'DELETE FROM thumbnails WHERE collection = ? AND item_id = ?', args },
    {
      sql: `INSERT INTO records (${COLUMNS}, sequence, erasure_id) VALUES (?1, ?2, NULL, NULL, 0, 0, ${SEQUENCE}, ?3)
            ON CONFLICT (collection, item_id) DO UPDATE SET person_id = NULL, consent = NULL, valid_until_ms = 0, sequence = excluded.sequence,
              erasure_id = excluded.erasure_id`,
      args: [...args, erasureId],
    },
  ];
}

/** Statement that forgets a hidden item, unless it was written again meanwhile. */
export function forgetStatement({ collection, id }: ItemPlace): InStatement {
  return { sql: 'DELETE FROM records WHERE collection = ? AND item_id = ? AND valid_until_ms = 0', args: [collection, id] };
}

function placeOf(row: Row): ItemPlace {
  return { collection: z.string().parse(row['collection']), id: z.string().parse(row['item_id']) };
}

function recordOf(row: Row): ItemRecord {
  const consent = z.string().nullable().parse(row['consent']);
  return {
    ...placeOf(row),
    personId: z.string().nullable().parse(row['person_id']),
    consent: consent === null ? null : consentSchema.parse(JSON.parse(consent)),
    writtenAtMs: z.int().parse(row['written_at_ms']),
    validUntilMs: z.int().nullable().parse(row['valid_until_ms']),
  };
}
