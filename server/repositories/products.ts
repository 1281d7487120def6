/** @file Products and their GTINs. */
import type { Client, InStatement } from '@libsql/client';
import { z } from 'zod';
import { productSchema, type Product } from '../../src/contracts/product.ts';

/** Rows beside the products that belong to the same transaction, e.g. how far an import got. */
export type Together = readonly InStatement[];

/** The table of products. */
export class Products {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  /** @returns the product, or null. */
  async get(id: string): Promise<Product | null> {
    const { rows } = await this.#client.execute({ sql: 'SELECT body FROM products WHERE id = ?', args: [id] });
    return rows[0] === undefined ? null : parseBody(rows[0]['body']);
  }

  /** Products that exist among `ids`, in the order of `ids`. */
  async getMany(ids: readonly string[]): Promise<Product[]> {
    if (ids.length === 0) return [];
    const { rows } = await this.#client.execute({
      sql: `SELECT body FROM products WHERE id IN (${ids.map(() => '?').join(', ')})`,
      args: [...ids],
    });
    const byId = new Map(rows.map(({ body }) => parseBody(body)).map((product) => [product.id, product]));
    return ids.flatMap((id) => byId.get(id) ?? []);
  }

  /**
   * Product with a GTIN-14. Several sources may know it: one with contents wins, then the operator's own over an imported one,
   * then the newest.
   */
  async findByGtin(gtin: string): Promise<Product | null> {
    const { rows } = await this.#client.execute({
      sql: `SELECT body FROM product_gtins JOIN products ON products.id = product_id WHERE gtin = ?
            ORDER BY has_contents DESC, source = 'open-food-facts', updated_at_ms DESC, products.id LIMIT 1`,
      args: [gtin],
    });
    return rows[0] === undefined ? null : parseBody(rows[0]['body']);
  }

  /** Insert or replace by id, all in one flushed transaction with `together`. */
  async upsert(products: readonly Product[], together: Together = []): Promise<void> {
    await this.#client.batch([...products.flatMap(statementsOf), ...together], 'write');
  }

  /** Remove every product of a source except `keep`, e.g. those that a newer demo catalogue no longer has. @returns how many went. */
  async removeOthersOf(source: string, keep: ReadonlySet<string>): Promise<number> {
    const { rows } = await this.#client.execute({ sql: 'SELECT id FROM products WHERE source = ?', args: [source] });
    const gone = rows.map(({ id }) => z.string().parse(id)).filter((id) => !keep.has(id));
    await this.#client.batch(
      gone.flatMap((id) => [
        { sql: 'DELETE FROM product_gtins WHERE product_id = ?', args: [id] },
        { sql: 'DELETE FROM products WHERE id = ?', args: [id] },
      ]),
      'write',
    );
    return gone.length;
  }

  async count(): Promise<number> {
    const { rows } = await this.#client.execute('SELECT count(*) AS count FROM products');
    return Number(rows[0]?.['count'] ?? 0);
  }
}

function statementsOf(product: Product): InStatement[] {
  const { id, source, updatedAtMs, gtins } = product;
  return [
    {
      sql: `INSERT INTO products (id, source, has_contents, updated_at_ms, body) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET source = excluded.source, has_contents = excluded.has_contents,
              updated_at_ms = excluded.updated_at_ms, body = excluded.body`,
      args: [id, source, product.contents === undefined ? 0 : 1, updatedAtMs, JSON.stringify(product)],
    },
    { sql: 'DELETE FROM product_gtins WHERE product_id = ?', args: [id] },
    ...[...new Set(gtins)].map((gtin) => ({ sql: 'INSERT INTO product_gtins (gtin, product_id) VALUES (?, ?)', args: [gtin, id] })),
  ];
}

function parseBody(body: unknown): Product {
  return productSchema.parse(JSON.parse(z.string().parse(body)));
}
