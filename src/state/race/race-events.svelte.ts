/** @file The races of this device, with what was counted of them. Thread: page. */
import type { AppError } from '../../contracts/errors.ts';
import type { RaceCounts, RaceEvent } from '../../contracts/race.ts';
import { device } from '../device.ts';
import { Loaded } from '../loaded.svelte.ts';

/** What is typed in of a race. */
export type EnteredEvent = Pick<RaceEvent, 'name' | 'day' | 'parentId' | 'format' | 'utcOffsetMinutes'>;

/** A race in the list of races. */
export interface ListedEvent {
  readonly event: RaceEvent;
  readonly counts: RaceCounts;
}

/** Newest first, parts behind what they are a part of. */
export class RaceEvents {
  readonly #all = new Loaded<readonly ListedEvent[]>(async () => {
    const { raceEvents } = device();
    return Promise.all((await raceEvents.list()).map(async (event) => ({ event, counts: await raceEvents.counts(event.id) })));
  });

  /** Null until they came for the first time. */
  get all(): readonly ListedEvent[] | null {
    return this.#all.value;
  }

  get error(): AppError | null {
    return this.#all.error;
  }

  load(): Promise<void> {
    return this.#all.load();
  }

  /** @throws AppError('invalid-input' | 'quota-exceeded') */
  async add(entered: EnteredEvent): Promise<RaceEvent> {
    const event: RaceEvent = { id: crypto.randomUUID(), ...entered, updatedAtMs: Date.now() };
    await device().raceEvents.put(event);
    await this.load();
    return event;
  }
}
