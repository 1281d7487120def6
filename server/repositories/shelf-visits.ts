/** @file Shelf visits that phones handed in. */
import type { Client } from '@libsql/client';
import { z } from 'zod';
import { shelfVisitSummarySchema, type ShelfVisitSummary } from '../../src/contracts/shelf-visits-api.ts';
import { visitReportSchema, type VisitReport } from '../../src/contracts/visit-report.ts';
import type { PagePlace } from './page-place.ts';

/** What a list asks for. */
export interface ShelfVisitFilter {
  readonly shop?: string | undefined;
  readonly bay?: string | undefined;
}

/** The tables of shelf visits. */
export class ShelfVisits {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  /** Add one, or replace what was handed in before, in one flushed transaction. */
  async put(summary: ShelfVisitSummary, report: VisitReport): Promise<void> {
    const { id, shop, atMs, receivedAtMs, bays } = summary;
    const text = JSON.stringify(report);
    await this.#client.batch(
      [
        {
          sql: `INSERT OR REPLACE INTO shelf_visits (id, shop_id, at_ms, received_at_ms, bytes, summary, report) VALUES (?, ?, ?, ?, ?, ?, ?)`,
          args: [id, shop.id, atMs, receivedAtMs, Buffer.byteLength(text), JSON.stringify(summary), text],
        },
        { sql: 'DELETE FROM shelf_visit_bays WHERE visit_id = ?', args: [id] },
        ...bays.map(({ bayId }) => ({
          sql: 'INSERT OR IGNORE INTO shelf_visit_bays (visit_id, bay_id) VALUES (?, ?)',
          args: [id, bayId],
        })),
      ],
      'write',
    );
  }

  async report(id: string): Promise<VisitReport | null> {
    const { rows } = await this.#client.execute({ sql: 'SELECT report FROM shelf_visits WHERE id = ?', args: [id] });
    const text = rows[0]?.['report'];
    return text === undefined ? null : visitReportSchema.parse(JSON.parse(z.string().parse(text)));
  }

  /** Newest first. */
  async list({ shop, bay }: ShelfVisitFilter, after: PagePlace | null, limit: number): Promise<ShelfVisitSummary[]> {
    const { rows } = await this.#client.execute({
      sql: `SELECT summary FROM shelf_visits WHERE (?1 IS NULL OR shop_id = ?1) AND (?3 IS NULL OR (at_ms, id) < (?3, ?4))
            AND (?2 IS NULL OR EXISTS (SELECT 1 FROM shelf_visit_bays WHERE bay_id = ?2 AND visit_id = id))
            ORDER BY at_ms DESC, id DESC LIMIT ?5`,
      args: [shop ?? null, bay ?? null, after?.[0] ?? null, after?.[1] ?? '', limit],
    });
    return rows.map((row) => shelfVisitSummarySchema.parse(JSON.parse(z.string().parse(row['summary']))));
  }

  /** @returns whether there was one. */
  async remove(id: string): Promise<boolean> {
    const [removed] = await this.#client.batch(
      [
        { sql: 'DELETE FROM shelf_visits WHERE id = ?', args: [id] },
        { sql: 'DELETE FROM shelf_visit_bays WHERE visit_id = ?', args: [id] },
      ],
      'write',
    );
    return (removed?.rowsAffected ?? 0) > 0;
  }

  /** @returns how many went. */
  async forgetBefore(receivedAtMs: number): Promise<number> {
    const [, removed] = await this.#client.batch(
      [
        {
          sql: 'DELETE FROM shelf_visit_bays WHERE visit_id IN (SELECT id FROM shelf_visits WHERE received_at_ms < ?)',
          args: [receivedAtMs],
        },
        { sql: 'DELETE FROM shelf_visits WHERE received_at_ms < ?', args: [receivedAtMs] },
      ],
      'write',
    );
    return removed?.rowsAffected ?? 0;
  }

  /** Bytes of all reports. */
  async storedBytes(): Promise<number> {
    const { rows } = await this.#client.execute('SELECT total(bytes) AS bytes FROM shelf_visits');
    return z.number().parse(rows[0]?.['bytes']);
  }
}
