/** @file Runners of a race and their photos: everybody on the start list, or those that a search finds; rows of those in view. Thread: page. */
import type { AppError } from '../../contracts/errors.ts';
import type { RunnerRow } from '../../contracts/race-desk-api.ts';
import type { Entrant } from '../../contracts/race.ts';
import { listedBibs, type RunnerFilter } from '../../core/race/listed-bibs.ts';
import type { RunnerPhoto } from '../../core/race/runner-photos.ts';
import { nextTurn } from '../../core/next-turn.ts';
import { raceDesk } from '../../flow/race-desk.ts';
import { createRunnerRowStore, type RunnerGalleryRow } from '../../store/runner-rows.ts';
import { device } from '../device.ts';
import { Loaded } from '../loaded.svelte.ts';
import { NOTHING_AT_HAND, ShownRows, type RowsAtHand } from '../shown-rows.ts';

/** Hits of a search. */
const HITS = 200;

/** Numbers of a race. 50,000 of them cost 50,000 short texts. */
export class RaceRunners {
  readonly #eventId: string;
  readonly #bibs: Loaded<readonly string[]>;
  readonly #rows: ShownRows<RunnerRow>;
  #atHand = $state.raw<RowsAtHand<RunnerRow>>(NOTHING_AT_HAND);

  /** @param query what is typed, and who is listed without a search; asked at each {@link load} */
  constructor(eventId: string, query: () => { readonly search: string; readonly filter: RunnerFilter }) {
    this.#eventId = eventId;
    this.#bibs = new Loaded(() => this.#find(query()));
    this.#rows = new ShownRows(
      (bibs) => raceDesk().runners(eventId, bibs, 'check'),
      ({ bib }) => bib,
      (rows) => (this.#atHand = rows),
    );
  }

  /** By number, or as a search found them; null until they came for the first time. */
  get bibs(): readonly string[] | null {
    return this.#bibs.value;
  }

  get error(): AppError | null {
    return this.#bibs.error;
  }

  /** As it is now. */
  async load(): Promise<void> {
    await this.#bibs.load();
    await this.#rows.refresh();
  }

  /** Null until it came: {@link show} has it fetched. */
  row(bib: string): RunnerRow | null {
    return this.#atHand.get(bib) ?? null;
  }

  /** These are in view now. */
  show(bibs: readonly string[]): void {
    this.#rows.show(bibs);
  }

  async #find({ search, filter }: { readonly search: string; readonly filter: RunnerFilter }): Promise<readonly string[]> {
    const { raceEvents, entrants, raceReadings } = device();
    const eventIds = (await raceEvents.family(this.#eventId)).map(({ id }) => id);
    if (search.trim() !== '') {
      const found = (await entrants.search(eventIds, search, HITS)).map(({ bib }) => bib);
      const seen = await raceReadings.bibsOf(this.#eventId, search);
      return listedBibs(found, seen, 'all');
    }
    const seen = await raceReadings.bibsOf(this.#eventId);
    if (filter === 'seen') return seen;
    const listed = (await entrants.ids(eventIds)).map((id) => id.split('.')[1] ?? '');
    // Of 50,000 each of the two takes long enough.
    await nextTurn();
    return listedBibs(listed, seen, filter);
  }
}

/** One runner's photos. */
export class RunnerGallery {
  readonly #all: Loaded<RunnerGalleryRow>;

  constructor(eventId: string, bib: string) {
    this.#all = new Loaded(() => createRunnerRowStore(device().database).gallery(eventId, bib));
  }

  /** In the order of a delivery: goal first; also those that nobody has looked at yet. Null until they came for the first time. */
  get photos(): readonly RunnerPhoto[] | null {
    return this.#all.value?.photos ?? null;
  }

  /** None: not on the list; more than one: two runners hold the number. */
  get entrants(): readonly Entrant[] {
    return this.#all.value?.entrants ?? [];
  }

  get error(): AppError | null {
    return this.#all.error;
  }

  load(): Promise<void> {
    return this.#all.load();
  }
}
