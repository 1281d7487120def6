/** @file One race: what it is, its parts, who starts, where its photos come from, and how far it is. Thread: page. */
import type { AppError } from '../../contracts/errors.ts';
import type { PhotoSource, RaceCamera, RaceCounts, RaceEvent } from '../../contracts/race.ts';
import { device } from '../device.ts';
import { Loaded } from '../loaded.svelte.ts';
import type { EnteredEvent } from './race-events.svelte.ts';
import { raceImport } from './race-import.svelte.ts';
import { forgetNumbers } from './race-reader.ts';

/** A source and what it holds. */
export interface CountedSource {
  readonly source: PhotoSource;
  readonly counts: RaceCounts;
}

interface RaceAtOnce {
  /** The race and its parts; empty when it is gone. */
  readonly family: readonly RaceEvent[];
  /** What it is a part of. */
  readonly parent: RaceEvent | null;
  readonly counts: RaceCounts;
  readonly entrants: number;
  readonly cameras: readonly RaceCamera[];
  readonly sources: readonly CountedSource[];
}

/** A race on the screen. Follow `raceImport.changes` with {@link load}. */
export class RaceDesk {
  readonly eventId: string;
  readonly #all: Loaded<RaceAtOnce>;

  constructor(eventId: string) {
    this.eventId = eventId;
    this.#all = new Loaded(() => loadRace(eventId));
  }

  get isLoaded(): boolean {
    return this.#all.value !== null;
  }

  get error(): AppError | null {
    return this.#all.error;
  }

  /** Null until it is loaded, and when it is gone. */
  get event(): RaceEvent | null {
    return this.#all.value?.family.find(({ id }) => id === this.eventId) ?? null;
  }

  /** Distances or days with numbers of their own; by name. */
  get parts(): readonly RaceEvent[] {
    return this.#all.value?.family.filter(({ id }) => id !== this.eventId) ?? [];
  }

  get parent(): RaceEvent | null {
    return this.#all.value?.parent ?? null;
  }

  /** The race and its parts: where a number is looked for. */
  get eventIds(): readonly string[] {
    return this.#all.value?.family.map(({ id }) => id) ?? [this.eventId];
  }

  /** Null until it is loaded. */
  get counts(): RaceCounts | null {
    return this.#all.value?.counts ?? null;
  }

  /** On the start lists of the race and its parts. */
  get entrants(): number {
    return this.#all.value?.entrants ?? 0;
  }

  get cameras(): readonly RaceCamera[] {
    return this.#all.value?.cameras ?? [];
  }

  /** As they were added; whether they can be opened now: `raceImport.reachOf`. */
  get sources(): readonly CountedSource[] {
    return this.#all.value?.sources ?? [];
  }

  load(): Promise<void> {
    return this.#all.load();
  }

  /** @throws AppError('invalid-input' | 'quota-exceeded') */
  async change(entered: EnteredEvent): Promise<void> {
    await device().raceEvents.put({ id: this.eventId, ...entered, updatedAtMs: Date.now() });
    this.#forgetNumbers();
    await this.load();
  }

  /** With its parts and everything that was kept of them; the photos stay where they are. */
  async remove(): Promise<void> {
    for (const id of this.eventIds) await raceImport.forget(id);
    await device().raceEvents.remove(this.eventId);
    this.#forgetNumbers();
    raceImport.touch();
  }

  /** Name, place, clock: times of its photos follow. @throws AppError('invalid-input' | 'quota-exceeded') */
  async saveCamera(camera: RaceCamera): Promise<void> {
    await device().raceEvents.putCamera(camera);
    raceImport.touch();
    await this.load();
  }

  /** @throws AppError('invalid-input' | 'quota-exceeded') */
  async saveSource(source: PhotoSource): Promise<void> {
    await device().photoSources.put(source);
    await this.load();
  }

  /** With its photos and all that was made of them; the files stay where they are. */
  async removeSource(source: PhotoSource): Promise<void> {
    await raceImport.removeSource(source);
    await this.load();
  }

  #forgetNumbers(): void {
    for (const id of this.eventIds) forgetNumbers(id);
    if (this.parent !== null) forgetNumbers(this.parent.id);
  }
}

async function loadRace(eventId: string): Promise<RaceAtOnce> {
  const { raceEvents, entrants, photoSources } = device();
  const family = await raceEvents.family(eventId);
  const parentId = family.find(({ id }) => id === eventId)?.parentId ?? null;
  const [parent, counts, count, cameras, sources] = await Promise.all([
    parentId === null ? null : raceEvents.get(parentId),
    raceEvents.counts(eventId),
    entrants.count(family.map(({ id }) => id)),
    raceEvents.cameras(eventId),
    photoSources.ofEvent(eventId),
  ]);
  const counted = await Promise.all(sources.map(async (source) => ({ source, counts: await raceEvents.counts(source.id) })));
  return { family, parent, counts, entrants: count, cameras, sources: counted };
}
