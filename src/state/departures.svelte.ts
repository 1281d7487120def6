/** @file What left this device, as the privacy page shows it. Thread: page. */
import { toAppError, type AppError } from '../contracts/errors.ts';
import type { ChainCheck, Departure } from '../store/ledger.ts';
import { device } from './device.ts';

const PAGE = 50;

/** One visit of the ledger. */
export class Departures {
  #rows = $state.raw<readonly Departure[]>([]);
  #isLoaded = $state(false);
  #hasMore = $state(false);
  #check = $state.raw<ChainCheck | null>(null);
  #error = $state.raw<AppError | null>(null);

  get rows(): readonly Departure[] {
    return this.#rows;
  }

  get isLoaded(): boolean {
    return this.#isLoaded;
  }

  get hasMore(): boolean {
    return this.#hasMore;
  }

  /** Outcome of the last {@link verify}; null before. */
  get check(): ChainCheck | null {
    return this.#check;
  }

  get error(): AppError | null {
    return this.#error;
  }

  async load(): Promise<void> {
    await this.#read([]);
  }

  async more(): Promise<void> {
    await this.#read(this.#rows);
  }

  /** Recompute every hash of the chain. */
  async verify(): Promise<void> {
    this.#check = await device().ledger.verify();
  }

  /** The ledger as a file, to be checked anywhere. */
  async export(): Promise<Blob> {
    return new Blob([JSON.stringify(await device().ledger.export(), null, 2)], { type: 'application/json' });
  }

  async erase(): Promise<void> {
    await device().ledger.erase();
    this.#check = null;
    await this.load();
  }

  async #read(before: readonly Departure[]): Promise<void> {
    try {
      const last = before.at(-1);
      const rows = await device().ledger.departures({ limit: PAGE, ...(last === undefined ? {} : { beforeSequence: last.row.sequence }) });
      this.#rows = [...before, ...rows];
      this.#hasMore = rows.length === PAGE;
      this.#error = null;
    } catch (caught) {
      this.#error = toAppError(caught, 'bug', 'store');
    } finally {
      this.#isLoaded = true;
    }
  }
}
