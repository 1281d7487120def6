/**
 * @file Rows of what is in view, of a list whose keys alone are known: fetched and drawn piece by piece, so that none of the pieces is felt. What is
 * no longer in view when its turn comes is passed over. Thread: page.
 */
import { nextTurn } from '../core/next-turn.ts';

/** Rows drawn at once. */
const PIECE = 16;
/** Rows kept in memory; a screen shows a tenth of it. */
const KEPT = 600;

/** Rows that were fetched, by key. Null: it is gone. */
export type RowsAtHand<Row> = ReadonlyMap<string, Row | null>;

export const NOTHING_AT_HAND: RowsAtHand<never> = new Map();

/** See the file's description. */
export class ShownRows<Row> {
  readonly #fetch: (keys: readonly string[]) => Promise<readonly Row[]>;
  readonly #keyOf: (row: Row) => string;
  readonly #draw: (rows: RowsAtHand<Row>) => void;
  #rows: RowsAtHand<Row> = NOTHING_AT_HAND;
  #shown: readonly string[] = [];
  #isFetching = false;

  /** @param fetch rows of a few keys; those that are gone are left out. @param draw called with what is at hand, whenever that is something else */
  constructor(
    fetch: (keys: readonly string[]) => Promise<readonly Row[]>,
    keyOf: (row: Row) => string,
    draw: (rows: RowsAtHand<Row>) => void,
  ) {
    this.#fetch = fetch;
    this.#keyOf = keyOf;
    this.#draw = draw;
  }

  /** These are in view now. */
  show(keys: readonly string[]): void {
    this.#shown = keys;
    void this.#fill();
  }

  /** As they are now: rows in view are fetched again, the others when they come into view. Never rejects. */
  async refresh(): Promise<void> {
    const shown = this.#shown.filter((key) => this.#rows.has(key));
    const before = this.#rows;
    this.#set(new Map(shown.map((key) => [key, before.get(key) ?? null])));
    for (let at = 0; at < shown.length; at += PIECE) {
      const keys = shown.slice(at, at + PIECE);
      const found = await this.#found(keys).catch(() => null);
      if (found === null) return;
      // What has not changed is not drawn again.
      const changed = keys.filter((key) => JSON.stringify(found.get(key)) !== JSON.stringify(this.#rows.get(key) ?? undefined));
      if (changed.length > 0) this.#keep(changed, found);
      await nextTurn();
    }
  }

  async #fill(): Promise<void> {
    if (this.#isFetching) return;
    this.#isFetching = true;
    try {
      for (;;) {
        const keys = this.#shown.filter((key) => !this.#rows.has(key)).slice(0, PIECE);
        if (keys.length === 0) return;
        this.#keep(keys, await this.#found(keys));
        await nextTurn();
      }
    } catch {
      // Asked again when something else comes into view.
    } finally {
      this.#isFetching = false;
    }
  }

  async #found(keys: readonly string[]): Promise<ReadonlyMap<string, Row>> {
    return new Map((await this.#fetch(keys)).map((row) => [this.#keyOf(row), row]));
  }

  #keep(keys: readonly string[], found: ReadonlyMap<string, Row>): void {
    const rows = new Map(this.#rows);
    for (const key of keys) rows.set(key, found.get(key) ?? null);
    if (rows.size > KEPT) {
      const shown = new Set(this.#shown);
      for (const key of rows.keys()) if (rows.size > KEPT && !shown.has(key)) rows.delete(key);
    }
    this.#set(rows);
  }

  #set(rows: RowsAtHand<Row>): void {
    this.#rows = rows;
    this.#draw(rows);
  }
}
