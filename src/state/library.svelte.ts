/** @file The history as the library shows it: in pages, searched, selected. Thread: page. */
import { SvelteSet } from 'svelte/reactivity';
import { toAppError, type AppError } from '../contracts/errors.ts';
import type { HistoryEntry } from '../contracts/history.ts';
import type { HistoryPosition } from '../store/history.ts';
import { device } from './device.ts';
import { looks } from './looks.svelte.ts';

const PAGE = 60;

/** One visit of the library. */
export class Library {
  #entries = $state.raw<readonly HistoryEntry[]>([]);
  #isLoaded = $state(false);
  #isLoading = false;
  #error = $state.raw<AppError | null>(null);
  #next: HistoryPosition | null = null;
  #search = $state('');
  #favouritesOnly = $state(false);
  readonly #selected = new SvelteSet<string>();
  #run = 0;

  get entries(): readonly HistoryEntry[] {
    return this.#entries;
  }

  /** False until the first page is there. */
  get isLoaded(): boolean {
    return this.#isLoaded;
  }

  get error(): AppError | null {
    return this.#error;
  }

  get search(): string {
    return this.#search;
  }

  get favouritesOnly(): boolean {
    return this.#favouritesOnly;
  }

  get selected(): ReadonlySet<string> {
    return this.#selected;
  }

  /** Start over, e.g. with another filter or after a look ended. */
  async load(filter: { readonly search?: string; readonly favouritesOnly?: boolean } = {}): Promise<void> {
    this.#search = filter.search ?? this.#search;
    this.#favouritesOnly = filter.favouritesOnly ?? this.#favouritesOnly;
    this.#run += 1;
    this.#next = null;
    await this.#read(this.#run, []);
  }

  /** The next page, if there is one; call it when the end comes into view. */
  async more(): Promise<void> {
    if (this.#next !== null && !this.#isLoading) await this.#read(this.#run, this.#entries);
  }

  select(id: string, isSelected: boolean): void {
    if (isSelected) this.#selected.add(id);
    else this.#selected.delete(id);
  }

  selectAll(): void {
    for (const { id } of this.#entries) this.#selected.add(id);
  }

  selectNone(): void {
    this.#selected.clear();
  }

  /** Delete what is selected. @returns the way to bring it back. */
  async removeSelected(): Promise<() => Promise<void>> {
    const removed = this.#entries.filter(({ id }) => this.#selected.has(id));
    const ids = removed.map(({ id }) => id);
    await device().history.remove(ids);
    looks.forget(ids);
    this.selectNone();
    await this.load();
    return async () => {
      for (const entry of removed) await device().history.add(entry);
      await this.load();
    };
  }

  async removeAll(): Promise<void> {
    const ids = this.#entries.map(({ id }) => id);
    await device().history.removeAll();
    looks.forget(ids);
    this.selectNone();
    await this.load();
  }

  async #read(run: number, before: readonly HistoryEntry[]): Promise<void> {
    this.#isLoading = true;
    try {
      const page = await device().history.list({
        limit: PAGE,
        after: this.#next,
        search: this.#search,
        favouritesOnly: this.#favouritesOnly,
      });
      // A newer filter is already being read.
      if (run !== this.#run) return;
      this.#entries = [...before, ...page.entries];
      this.#next = page.next;
      this.#error = null;
    } catch (caught) {
      if (run === this.#run) this.#error = toAppError(caught, 'bug', 'store');
    } finally {
      if (run === this.#run) {
        this.#isLoaded = true;
        this.#isLoading = false;
      }
    }
  }
}
