/** @file Encrypted thumbnails and their wrapped keys, in two tables: a key can be destroyed by itself. */
import type { Client } from '@libsql/client';
import { z } from 'zod';
import type { ItemPlace } from './records.ts';

const bytesSchema = z.instanceof(ArrayBuffer).transform((buffer) => new Uint8Array(buffer));
const rowSchema = z.object({ type: z.string(), body: bytesSchema, wrapped: bytesSchema });

/** A stored thumbnail: encrypted, with its wrapped key. */
export interface StoredThumbnail {
  readonly type: string;
  readonly body: Uint8Array;
  readonly wrapped: Uint8Array;
}

/** The tables of thumbnails. */
export class Thumbnails {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  async put({ collection, id }: ItemPlace, { type, body, wrapped }: StoredThumbnail): Promise<void> {
    await this.#client.batch(
      [
        {
          sql: 'INSERT INTO thumbnail_keys (collection, item_id, wrapped) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET wrapped = excluded.wrapped',
          args: [collection, id, wrapped],
        },
        {
          sql: `INSERT INTO thumbnails (collection, item_id, type, body) VALUES (?, ?, ?, ?)
                ON CONFLICT DO UPDATE SET type = excluded.type, body = excluded.body`,
          args: [collection, id, type, body],
        },
      ],
      'write',
    );
  }

  /** Ids of items that have one, in order. @param after the id before the first wanted; empty: from the start. */
  async list(collection: string, after: string, limit: number): Promise<string[]> {
    const { rows } = await this.#client.execute({
      sql: 'SELECT item_id FROM thumbnail_keys WHERE collection = ? AND item_id > ? ORDER BY item_id LIMIT ?',
      args: [collection, after, limit],
    });
    return rows.map(({ item_id: id }) => z.string().parse(id));
  }

  /** @returns null when there is none, or its key was destroyed. */
  async get({ collection, id }: ItemPlace): Promise<StoredThumbnail | null> {
    const { rows } = await this.#client.execute({
      sql: 'SELECT type, body, wrapped FROM thumbnails JOIN thumbnail_keys USING (collection, item_id) WHERE collection = ? AND item_id = ?',
      args: [collection, id],
    });
    return rows[0] === undefined ? null : rowSchema.parse({ ...rows[0] });
  }
}
