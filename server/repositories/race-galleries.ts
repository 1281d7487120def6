/** @file Pages of runners: whose they are, what they say (encrypted), which pictures came, which were taken down. */
import type { Client, Row } from '@libsql/client';
import { z } from 'zod';

const bytesSchema = z.instanceof(ArrayBuffer).transform((buffer) => new Uint8Array(buffer));
const rowSchema = z.object({
  id: z.string(),
  owner: z.string(),
  expires_at_ms: z.int(),
  taken_down_at_ms: z.int().nullable(),
  wrapped: bytesSchema.nullable(),
  body: bytesSchema.nullable(),
});

/** A page as it is stored. */
export interface StoredGallery {
  readonly id: string;
  /** Who published it. */
  readonly owner: string;
  readonly expiresAtMs: number;
  readonly takenDownAtMs: number | null;
  /** What it says, encrypted; null once it was taken down. */
  readonly sealed: { readonly wrapped: Uint8Array; readonly body: Uint8Array } | null;
}

/** The tables of runners' pages. */
export class RaceGalleries {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  /** Add a page, or replace what it says, in one flushed transaction. */
  async put(gallery: StoredGallery & { readonly tokenHash: string; readonly changedAtMs: number }): Promise<void> {
    const { id, owner, tokenHash, changedAtMs, expiresAtMs, sealed } = gallery;
    await this.#client.batch(
      [
        {
          sql: `INSERT INTO race_galleries (id, owner, token_hash, changed_at_ms, expires_at_ms, wrapped, body) VALUES (?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (id) DO UPDATE SET token_hash = excluded.token_hash, changed_at_ms = excluded.changed_at_ms,
                  expires_at_ms = excluded.expires_at_ms, wrapped = excluded.wrapped, body = excluded.body`,
          args: [id, owner, tokenHash, changedAtMs, expiresAtMs, sealed?.wrapped ?? null, sealed?.body ?? null],
        },
      ],
      'write',
    );
  }

  async get(id: string): Promise<StoredGallery | null> {
    const { rows } = await this.#client.execute({ sql: 'SELECT * FROM race_galleries WHERE id = ?', args: [id] });
    return rows[0] === undefined ? null : galleryOf(rows[0]);
  }

  async byToken(tokenHash: string): Promise<StoredGallery | null> {
    const { rows } = await this.#client.execute({ sql: 'SELECT * FROM race_galleries WHERE token_hash = ?', args: [tokenHash] });
    return rows[0] === undefined ? null : galleryOf(rows[0]);
  }

  /** What it says goes at once, on disk before this resolves; that it was taken down stays until its end. */
  async takeDown(id: string, atMs: number): Promise<void> {
    await this.#client.batch(
      [{ sql: 'UPDATE race_galleries SET taken_down_at_ms = ?, wrapped = NULL, body = NULL WHERE id = ?', args: [atMs, id] }],
      'write',
    );
  }

  /** The page itself; its pictures must be gone. */
  async remove(id: string): Promise<void> {
    await this.#client.batch([{ sql: 'DELETE FROM race_galleries WHERE id = ?', args: [id] }], 'write');
  }

  async notePhoto(id: string, photoId: string, bytes: number): Promise<void> {
    await this.#client.batch(
      [{ sql: 'INSERT OR REPLACE INTO race_gallery_photos (gallery_id, photo_id, bytes) VALUES (?, ?, ?)', args: [id, photoId, bytes] }],
      'write',
    );
  }

  async photosOf(id: string): Promise<string[]> {
    const { rows } = await this.#client.execute({ sql: 'SELECT photo_id FROM race_gallery_photos WHERE gallery_id = ?', args: [id] });
    return rows.map((row) => z.string().parse(row['photo_id']));
  }

  async forgetPhotos(id: string, photoIds: readonly string[]): Promise<void> {
    await this.#client.batch(
      photoIds.map((photoId) => ({ sql: 'DELETE FROM race_gallery_photos WHERE gallery_id = ? AND photo_id = ?', args: [id, photoId] })),
      'write',
    );
  }

  /** Newest first. */
  async takenDown(owner: string, limit: number): Promise<{ id: string; atMs: number }[]> {
    const { rows } = await this.#client.execute({
      sql: `SELECT id, taken_down_at_ms AS at FROM race_galleries WHERE owner = ? AND taken_down_at_ms IS NOT NULL
            ORDER BY taken_down_at_ms DESC LIMIT ?`,
      args: [owner, limit],
    });
    return rows.map((row) => ({ id: z.string().parse(row['id']), atMs: z.int().parse(row['at']) }));
  }

  /** Pages that are over, and pages that were taken down and still have pictures. */
  async due(nowMs: number, limit: number): Promise<StoredGallery[]> {
    const { rows } = await this.#client.execute({
      sql: `SELECT * FROM race_galleries WHERE expires_at_ms <= ?1
            OR (taken_down_at_ms IS NOT NULL AND EXISTS (SELECT 1 FROM race_gallery_photos WHERE gallery_id = id)) LIMIT ?2`,
      args: [nowMs, limit],
    });
    return rows.map(galleryOf);
  }

  /** How many pages there are, and bytes of all pictures. */
  async size(): Promise<{ galleries: number; bytes: number }> {
    const { rows } = await this.#client.execute(
      'SELECT (SELECT count(*) FROM race_galleries) AS galleries, (SELECT total(bytes) FROM race_gallery_photos) AS bytes',
    );
    return z.object({ galleries: z.number(), bytes: z.number() }).parse({ ...rows[0] });
  }
}

function galleryOf(row: Row): StoredGallery {
  const { id, owner, expires_at_ms: expiresAtMs, taken_down_at_ms: takenDownAtMs, wrapped, body } = rowSchema.parse({ ...row });
  return { id, owner, expiresAtMs, takenDownAtMs, sealed: wrapped === null || body === null ? null : { wrapped, body } };
}
