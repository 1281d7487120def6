/** @file A start list on its way into a race: the file, what its columns mean, what is wrong with it. Thread: page. */
import { toAppError, type AppError } from '../../contracts/errors.ts';
import type { BibFormat } from '../../contracts/race.ts';
import type {
  StartListCheck,
  StartListEncoding,
  StartListField,
  StartListInput,
  StartListMapping,
} from '../../contracts/start-list-api.ts';
import { device } from '../device.ts';
import { raceImport } from './race-import.svelte.ts';
import { forgetNumbers } from './race-reader.ts';

/** One file for one race. */
export class StartListImport {
  readonly #eventId: string;
  #file = $state.raw<File | null>(null);
  #input = $state.raw<StartListInput | null>(null);
  #check = $state.raw<StartListCheck | null>(null);
  #error = $state.raw<AppError | null>(null);
  #isBusy = $state(false);
  #questions = 0;

  constructor(eventId: string) {
    this.#eventId = eventId;
  }

  get file(): File | null {
    return this.#file;
  }

  /** What it says; null until it was read. What was known stays while it is read again. */
  get check(): StartListCheck | null {
    return this.#check;
  }

  /** Why it could not be read or kept; faults of the list itself are in {@link check}. */
  get error(): AppError | null {
    return this.#error;
  }

  get isBusy(): boolean {
    return this.#isBusy;
  }

  /** As the user says; null: guessed. */
  get encoding(): StartListEncoding | null {
    return this.#input?.encoding ?? null;
  }

  /** Read a file. Never rejects. */
  async take(file: File): Promise<void> {
    this.#file = file;
    this.#check = null;
    await this.#ask({ file, token: crypto.randomUUID(), format: null });
  }

  /** Another encoding than was guessed; null: guess. What the columns mean is guessed anew. */
  async decodeAs(encoding: StartListEncoding | null): Promise<void> {
    if (this.#input === null) return;
    const { file, token, format } = this.#input;
    await this.#ask({ file, token, format, ...(encoding === null ? {} : { encoding }) });
  }

  /** Another sheet of the workbook. */
  async chooseSheet(sheet: string): Promise<void> {
    if (this.#input === null) return;
    const { file, token, format } = this.#input;
    await this.#ask({ file, token, format, sheet });
  }

  /** @param column null: no column holds the field. */
  async map(field: StartListField, column: number | null): Promise<void> {
    if (this.#input === null || this.#check === null) return;
    const others = Object.entries(this.#check.mapping).filter(([each, at]) => each !== field && at !== column);
    const mapping: StartListMapping = Object.fromEntries(column === null ? others : [...others, [field, column]]);
    await this.#ask({ ...this.#input, mapping });
  }

  /**
   * The list of the race becomes this one.
   * @param format of its numbers from now on; null: it stays. @returns how many start; null when it could not be kept, see {@link error}
   */
  async save(format: BibFormat | null): Promise<number | null> {
    const input = this.#input;
    if (input === null || this.#isBusy) return null;
    this.#isBusy = true;
    this.#error = null;
    try {
      const { startLists } = await import('../../flow/start-lists.ts');
      const count = await startLists().save(this.#check === null ? input : { ...input, mapping: this.#check.mapping }, this.#eventId);
      const { raceEvents } = device();
      const event = await raceEvents.get(this.#eventId);
      if (format !== null && event !== null)
        await raceEvents.put({ ...event, format: { ...format, waveColours: event.format.waveColours }, updatedAtMs: Date.now() });
      forgetNumbers(this.#eventId);
      if (event?.parentId != null) forgetNumbers(event.parentId);
      raceImport.touch();
      return count;
    } catch (caught) {
      this.#error = toAppError(caught);
      return null;
    } finally {
      this.#isBusy = false;
    }
  }

  async #ask(input: StartListInput): Promise<void> {
    this.#questions += 1;
    const question = this.#questions;
    this.#input = input;
    this.#isBusy = true;
    this.#error = null;
    try {
      const { startLists } = await import('../../flow/start-lists.ts');
      const check = await startLists().check(input);
      if (question === this.#questions) this.#check = check;
    } catch (caught) {
      if (question === this.#questions) this.#error = toAppError(caught);
    } finally {
      if (question === this.#questions) this.#isBusy = false;
    }
  }
}
