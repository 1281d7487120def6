/** @file Runners of a race and their photos: everybody on the start list, or those that a search finds; rows of those in view. Thread: page. */
import { SvelteMap } from 'svelte/reactivity';
import type { AppError } from '../../contracts/errors.ts';
import type { Entrant, RaceEvent } from '../../contracts/race.ts';
import { listedBibs, type RunnerFilter } from '../../core/race/listed-bibs.ts';
import { runnersOf, type RunnerPhoto, type SightingChoice } from '../../core/race/runner-photos.ts';
import { nextTurn } from '../../flow/next-turn.ts';
import { device } from '../device.ts';
import { Loaded } from '../loaded.svelte.ts';

/** A number as a list of runners shows it. */
export interface RunnerRow {
  readonly bib: string;
  /** None: not on the list; more than one: two runners hold it. */
  readonly entrants: readonly Entrant[];
  /** Photos that show it. */
  readonly photos: number;
  /** Photo to show first; null: none yet. */
  readonly coverId: string | null;
}

/** Everything that was told, also what nobody has looked at yet. */
const EVERYTHING: SightingChoice = { certainty: 'check', withDuplicates: false, minSharpness01: 0 };

/** Hits of a search. */
const HITS = 200;

/** Numbers of a race. 50,000 of them cost 50,000 short texts. */
export class RaceRunners {
  readonly #eventId: string;
  readonly #bibs: Loaded<readonly string[]>;
  readonly #rows = new SvelteMap<string, RunnerRow>();
  #asked: readonly string[] = [];
  #family: readonly RaceEvent[] = [];

  /** @param query what is typed, and who is listed without a search; asked at each {@link load} */
  constructor(eventId: string, query: () => { readonly search: string; readonly filter: RunnerFilter }) {
    this.#eventId = eventId;
    this.#bibs = new Loaded(() => this.#find(query()));
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
    const shown = [...this.#rows.keys()].slice(-HITS);
    for (const bib of this.#rows.keys()) if (!shown.includes(bib)) this.#rows.delete(bib);
    await Promise.all(shown.map((bib) => this.#fetch(bib)));
  }

  /** Null while it is fetched; drawing it is enough to have it fetched. */
  row(bib: string): RunnerRow | null {
    const row = this.#rows.get(bib);
    if (row === undefined && !this.#asked.includes(bib)) {
      this.#asked = [...this.#asked, bib];
      const forget = (): void => {
        this.#asked = this.#asked.filter((each) => each !== bib);
      };
      // Asked again when it is drawn again, should it fail.
      setTimeout(() => void this.#fetch(bib).then(forget, forget), 0);
    }
    return row ?? null;
  }

  async #find({ search, filter }: { readonly search: string; readonly filter: RunnerFilter }): Promise<readonly string[]> {
    const { raceEvents, entrants, raceReadings } = device();
    this.#family = await raceEvents.family(this.#eventId);
    const eventIds = this.#family.map(({ id }) => id);
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

  async #fetch(bib: string): Promise<void> {
    const { entrants, photos } = await runnerOf(this.#eventId, this.#family, bib);
    this.#rows.set(bib, { bib, entrants, photos: photos.length, coverId: photos[0]?.photo.id ?? null });
  }
}

/** One runner's photos. */
export class RunnerGallery {
  readonly #all: Loaded<{ readonly entrants: readonly Entrant[]; readonly photos: readonly RunnerPhoto[] }>;

  constructor(eventId: string, bib: string) {
    this.#all = new Loaded(async () => runnerOf(eventId, await device().raceEvents.family(eventId), bib));
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

/** Costs what one runner's photos cost, however many the race has. */
async function runnerOf(
  eventId: string,
  family: readonly RaceEvent[],
  bib: string,
): Promise<{ readonly entrants: readonly Entrant[]; readonly photos: readonly RunnerPhoto[] }> {
  const { raceEvents, entrants, raceReadings, racePhotos } = device();
  const ids = await raceReadings.photosOf([eventId], bib);
  const [held, cameras, tiles, readings] = await Promise.all([
    entrants.withBib(
      family.map(({ id }) => id),
      bib,
    ),
    raceEvents.cameras(eventId),
    racePhotos.tiles(ids),
    raceReadings.ofPhotos(ids),
  ]);
  const event = family.find(({ id }) => id === eventId);
  if (event === undefined) return { entrants: [], photos: [] };
  const photos = tiles.map(({ photo }) => photo);
  const runners = await runnersOf({ event, entrants: held, cameras, sources: [], photos, readings }, EVERYTHING);
  return { entrants: held, photos: runners.find((each) => each.bib === bib)?.photos ?? [] };
}
