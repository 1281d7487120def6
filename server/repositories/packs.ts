/** @file Packs that were published, and the builds that make them. */
import type { Client, Row } from '@libsql/client';
import { z } from 'zod';
import {
  packBuildRequestSchema,
  packBuildSchema,
  signedPackSchema,
  type PackBuild,
  type PackBuildRequest,
  type SignedPack,
} from '../../src/contracts/pack.ts';
import { productSchema, type Product } from '../../src/contracts/product.ts';

/** A build and what it builds. */
export interface StoredBuild extends PackBuild {
  readonly rule: PackBuildRequest;
}

const VERSION_COLUMNS = 'manifest, public_key, signature';
/** Phones that began to fetch a version may finish it when the next is out. */
const KEPT_VERSIONS = 2;
const KEPT_BUILDS = 200;

/** The tables of packs. */
export class Packs {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  /** Newest version of each pack that was not withdrawn, by id. */
  async list(): Promise<SignedPack[]> {
    const { rows } = await this.#client.execute(
      `SELECT ${VERSION_COLUMNS} FROM packs JOIN pack_heads USING (id) WHERE packs.version = pack_heads.version AND is_withdrawn = 0 ORDER BY id`,
    );
    return rows.map(signedOf);
  }

  /** @returns the newest version, or null when there is none or it was withdrawn. */
  async newest(id: string): Promise<SignedPack | null> {
    const { rows } = await this.#client.execute({
      sql: `SELECT ${VERSION_COLUMNS} FROM packs JOIN pack_heads USING (id)
            WHERE id = ? AND packs.version = pack_heads.version AND is_withdrawn = 0`,
      args: [id],
    });
    return rows[0] === undefined ? null : signedOf(rows[0]);
  }

  /** Every version that is kept, of every pack. */
  async kept(): Promise<SignedPack[]> {
    const { rows } = await this.#client.execute(`SELECT ${VERSION_COLUMNS} FROM packs`);
    return rows.map(signedOf);
  }

  /** @returns the last version that ever was, also of a withdrawn pack: a phone takes no lower one. */
  async lastVersion(id: string): Promise<number | null> {
    const { rows } = await this.#client.execute({ sql: 'SELECT version FROM pack_heads WHERE id = ?', args: [id] });
    return rows[0] === undefined ? null : Number(rows[0]['version']);
  }

  /** Publish a version and end its build, in one flushed transaction. @throws when that version exists: another build was faster. */
  async publish(id: string, version: number, { manifest, publicKey, signature }: SignedPack, build: StoredBuild): Promise<void> {
    await this.#client.batch(
      [
        {
          sql: 'INSERT INTO packs (id, version, manifest, public_key, signature) VALUES (?, ?, ?, ?, ?)',
          args: [id, version, manifest, publicKey, signature],
        },
        {
          sql: `INSERT INTO pack_heads (id, version, is_withdrawn) VALUES (?, ?, 0)
                ON CONFLICT (id) DO UPDATE SET version = excluded.version, is_withdrawn = 0`,
          args: [id, version],
        },
        { sql: 'DELETE FROM packs WHERE id = ? AND version <= ?', args: [id, version - KEPT_VERSIONS] },
        buildStatement(build),
      ],
      'write',
    );
  }

  /** Take a version over that another server published. */
  async adopt(id: string, version: number, { manifest, publicKey, signature }: SignedPack): Promise<void> {
    await this.#client.batch(
      [
        {
          sql: 'INSERT OR REPLACE INTO packs (id, version, manifest, public_key, signature) VALUES (?, ?, ?, ?, ?)',
          args: [id, version, manifest, publicKey, signature],
        },
        {
          sql: `INSERT INTO pack_heads (id, version, is_withdrawn) VALUES (?, ?, 0)
                ON CONFLICT (id) DO UPDATE SET version = excluded.version, is_withdrawn = 0`,
          args: [id, version],
        },
      ],
      'write',
    );
  }

  /** Keep only these versions; a pack of which none is left is offered no longer. */
  async retain(kept: readonly { readonly id: string; readonly signature: string }[]): Promise<void> {
    await this.#client.batch(
      [
        {
          sql: `DELETE FROM packs WHERE (id, signature) NOT IN
                  (SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?))`,
          args: [JSON.stringify(kept.map(({ id, signature }) => [id, signature]))],
        },
        'UPDATE pack_heads SET is_withdrawn = 1 WHERE is_withdrawn = 0 AND id NOT IN (SELECT id FROM packs)',
      ],
      'write',
    );
  }

  /** Offer a pack no longer. Its version stays known. @returns false when there was none. */
  async withdraw(id: string): Promise<boolean> {
    const [changed] = await this.#client.batch(
      [
        { sql: 'UPDATE pack_heads SET is_withdrawn = 1 WHERE id = ? AND is_withdrawn = 0', args: [id] },
        { sql: 'DELETE FROM packs WHERE id = ?', args: [id] },
      ],
      'write',
    );
    return changed?.rowsAffected === 1;
  }

  /** Insert or replace a build; the oldest that are over are forgotten. */
  async putBuild(build: StoredBuild): Promise<void> {
    await this.#client.batch(
      [
        buildStatement(build),
        {
          sql: `DELETE FROM pack_builds WHERE finished_at_ms IS NOT NULL AND id NOT IN
                  (SELECT id FROM pack_builds ORDER BY requested_at_ms DESC, id LIMIT ?)`,
          args: [KEPT_BUILDS],
        },
      ],
      'write',
    );
  }

  async build(id: string): Promise<StoredBuild | null> {
    const { rows } = await this.#client.execute({ sql: 'SELECT * FROM pack_builds WHERE id = ?', args: [id] });
    return rows[0] === undefined ? null : buildOf(rows[0]);
  }

  /** Newest first. */
  async builds(): Promise<StoredBuild[]> {
    const { rows } = await this.#client.execute('SELECT * FROM pack_builds ORDER BY requested_at_ms DESC, id');
    return rows.map(buildOf);
  }

  /** Builds that were asked for and are not over, oldest first. */
  async unfinished(): Promise<StoredBuild[]> {
    const { rows } = await this.#client.execute(
      `SELECT * FROM pack_builds WHERE state IN ('queued', 'running') ORDER BY requested_at_ms, id`,
    );
    return rows.map(buildOf);
  }

  /** Products of a source after an id, by id. */
  async productsOf(source: string, afterId: string, limit: number): Promise<Product[]> {
    const { rows } = await this.#client.execute({
      sql: 'SELECT body FROM products WHERE source = ? AND id > ? ORDER BY id LIMIT ?',
      args: [source, afterId, limit],
    });
    return rows.map(({ body }) => productSchema.parse(JSON.parse(z.string().parse(body))));
  }
}

function buildStatement(build: StoredBuild) {
  const { id, packId, rule, state, done, total, version, problem, requestedAtMs, finishedAtMs } = build;
  return {
    sql: `INSERT INTO pack_builds (id, pack_id, rule, state, done, total, version, problem, requested_at_ms, finished_at_ms)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
          ON CONFLICT (id) DO UPDATE SET rule = excluded.rule, state = excluded.state, done = excluded.done, total = excluded.total, version = excluded.version,
            problem = excluded.problem, finished_at_ms = excluded.finished_at_ms`,
    args: [id, packId, JSON.stringify(rule), state, done, total, version, problem, requestedAtMs, finishedAtMs],
  };
}

function signedOf(row: Row): SignedPack {
  return signedPackSchema.parse({ manifest: row['manifest'], publicKey: row['public_key'], signature: row['signature'] });
}

function buildOf(row: Row): StoredBuild {
  const rule = packBuildRequestSchema.parse(JSON.parse(z.string().parse(row['rule'])));
  const build = packBuildSchema.parse({
    id: row['id'],
    packId: row['pack_id'],
    state: row['state'],
    done: row['done'],
    total: row['total'],
    version: row['version'],
    problem: row['problem'],
    requestedAtMs: row['requested_at_ms'],
    finishedAtMs: row['finished_at_ms'],
  });
  return { ...build, rule };
}
