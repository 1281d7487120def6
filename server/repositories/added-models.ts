/** @file Models that were added to this server by manifest. */
import type { Client, Row } from '@libsql/client';
import { z } from 'zod';
import { modelManifestSchema, type ModelManifest } from '../../src/contracts/model-manifest.ts';

/** A model as it is stored. */
export interface AddedModel {
  readonly manifest: ModelManifest;
  readonly addedAtMs: number;
  readonly addedBy: string;
  /** Value of the `authorization` header for its endpoint, encrypted; null: none. */
  readonly authorization: { readonly wrapped: Uint8Array; readonly body: Uint8Array } | null;
}

const bytesSchema = z
  .instanceof(ArrayBuffer)
  .transform((bytes) => new Uint8Array(bytes))
  .nullable();

/** The table of added models. */
export class AddedModels {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  /** Oldest first. */
  async list(): Promise<AddedModel[]> {
    const { rows } = await this.#client.execute('SELECT * FROM added_models ORDER BY added_at_ms, id');
    return rows.map(modelOf);
  }

  /** Insert or replace. */
  async put({ manifest, addedAtMs, addedBy, authorization }: AddedModel): Promise<void> {
    await this.#client.execute({
      sql: `INSERT OR REPLACE INTO added_models (id, manifest, added_at_ms, added_by, wrapped, body) VALUES (?, ?, ?, ?, ?, ?)`,
      args: [manifest.id, JSON.stringify(manifest), addedAtMs, addedBy, authorization?.wrapped ?? null, authorization?.body ?? null],
    });
  }

  /** @returns false when there was none. */
  async remove(id: string): Promise<boolean> {
    const { rowsAffected } = await this.#client.execute({ sql: 'DELETE FROM added_models WHERE id = ?', args: [id] });
    return rowsAffected === 1;
  }
}

function modelOf(row: Row): AddedModel {
  const wrapped = bytesSchema.parse(row['wrapped']);
  const body = bytesSchema.parse(row['body']);
  return {
    manifest: modelManifestSchema.parse(JSON.parse(z.string().parse(row['manifest']))),
    addedAtMs: z.int().parse(row['added_at_ms']),
    addedBy: z.string().parse(row['added_by']),
    authorization: wrapped === null || body === null ? null : { wrapped, body },
  };
}
