/** @file Runners who show no number, recognised by clothes and time from what other cameras saw: when reading has come to rest, and when it is asked for. Thread: page. */
import type { AppError } from '../../contracts/errors.ts';
import { raceDesk } from '../../flow/race-desk.ts';
import { Action } from '../action.svelte.ts';
import { raceImport } from './race-import.svelte.ts';

/** Comparing the cameras of one race. Proposals are doubtful answers: they are reviewed as any other. */
export class RaceRecognition {
  readonly #eventId: string;
  readonly #comparing = new Action();
  #proposed = $state<number | null>(null);

  constructor(eventId: string) {
    this.#eventId = eventId;
  }

  get isRunning(): boolean {
    return this.#comparing.isRunning;
  }

  get error(): AppError | null {
    return this.#comparing.error;
  }

  /** Runners whose number is proposed, as of the last time; null: it was not looked for on this page. */
  get proposed(): number | null {
    return this.#proposed;
  }

  /** Never rejects. */
  async run(): Promise<void> {
    await this.#comparing.run(async () => {
      const { proposed, changed } = await raceDesk().recognise(this.#eventId);
      this.#proposed = proposed;
      if (changed > 0) raceImport.touch();
    });
  }
}
