/** @file Photos of a race as a contact sheet: all of them by their ids, the rows of those in view. Thread: page. */
import type { AppError } from '../../contracts/errors.ts';
import type { PhotoQuery, PhotoTile } from '../../store/race-photos.ts';
import { device } from '../device.ts';
import { Loaded } from '../loaded.svelte.ts';
import { NOTHING_AT_HAND, ShownRows, type RowsAtHand } from '../shown-rows.ts';

/** Ten thousand photos cost ten thousand short texts. */
export class RaceSheet {
  readonly #ids: Loaded<readonly string[]>;
  #atHand = $state.raw<RowsAtHand<PhotoTile>>(NOTHING_AT_HAND);
  readonly #tiles = new ShownRows<PhotoTile>(
    (ids) => device().racePhotos.tiles(ids),
    ({ id }) => id,
    (tiles) => (this.#atHand = tiles),
  );

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

  /** Ids, and the rows in view, as they are now. */
  async load(): Promise<void> {
    await this.#ids.load();
    await this.#tiles.refresh();
  }

  /** Null until it came: {@link show} has it fetched. */
  tile(id: string): PhotoTile | null {
    return this.#atHand.get(id) ?? null;
  }

  /** These are in view now. */
  show(ids: readonly string[]): void {
    this.#tiles.show(ids);
  }
}
