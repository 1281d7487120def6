/** @file Photos of a race as a contact sheet: all of them by their ids, the rows of those in view. Thread: page. */
import { SvelteMap } from 'svelte/reactivity';
import type { AppError } from '../../contracts/errors.ts';
import type { PhotoQuery, PhotoTile } from '../../store/race-photos.ts';
import { device } from '../device.ts';
import { Loaded } from '../loaded.svelte.ts';

/** Rows kept in memory; a screen shows a tenth of it. */
const KEPT_ROWS = 1000;

/** Ten thousand photos cost ten thousand short texts. */
export class RaceSheet {
  readonly #ids: Loaded<readonly string[]>;
  readonly #tiles = new SvelteMap<string, PhotoTile>();
  #asked: readonly string[] = [];

  /** @param query asked at each {@link load} */
  constructor(eventId: string, query: () => PhotoQuery = () => ({})) {
    this.#ids = new Loaded(() => device().racePhotos.ids(eventId, query()));
  }

  /** In the order in which they were taken; null until they came for the first time. */
  get ids(): readonly string[] | null {
    return this.#ids.value;
  }

  get error(): AppError | null {
    return this.#ids.error;
  }

  /** Ids, and the rows in memory, as they are now. */
  async load(): Promise<void> {
    await this.#ids.load();
    const known = [...this.#tiles.keys()].slice(-KEPT_ROWS);
    for (const id of [...this.#tiles.keys()].slice(0, -KEPT_ROWS)) this.#tiles.delete(id);
    for (const tile of await device().racePhotos.tiles(known)) {
      const before = this.#tiles.get(tile.id);
      // What has not changed is not drawn again.
      if (JSON.stringify(before) !== JSON.stringify(tile)) this.#tiles.set(tile.id, tile);
    }
  }

  /** Null while it is fetched; drawing it is enough to have it fetched. */
  tile(id: string): PhotoTile | null {
    const tile = this.#tiles.get(id);
    if (tile === undefined) this.#ask(id);
    return tile ?? null;
  }

  /** What a screen draws at once is fetched at once. */
  #ask(id: string): void {
    const isFirst = this.#asked.length === 0;
    this.#asked = [...this.#asked, id];
    if (!isFirst) return;
    setTimeout(() => {
      const ids = this.#asked;
      this.#asked = [];
      device()
        .racePhotos.tiles(ids)
        .then(
          (tiles) => {
            for (const tile of tiles) this.#tiles.set(tile.id, tile);
          },
          // Asked again when it is drawn again.
          () => {},
        );
    }, 0);
  }
}
