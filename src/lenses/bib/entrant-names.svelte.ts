/** @file Who starts with a number, looked up as numbers come into view. Thread: page. */
import { SvelteMap } from 'svelte/reactivity';
import { device } from '../../state/device.ts';

/** Names of one race and the races that it is seen with. */
export class EntrantNames {
  readonly #eventIds: () => readonly string[];
  readonly #names = new SvelteMap<string, string>();
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- Nothing is drawn from it.
  readonly #asked = new Set<string>();

  constructor(eventIds: () => readonly string[]) {
    this.#eventIds = eventIds;
  }

  /** @returns both names when two hold the number; empty while nobody is known to. */
  of(bib: string): string {
    const name = this.#names.get(bib);
    if (name === undefined) this.#ask(bib);
    return name ?? '';
  }

  #ask(bib: string): void {
    if (this.#asked.has(bib)) return;
    this.#asked.add(bib);
    device()
      .entrants.withBib(this.#eventIds(), bib)
      .then(
        (entrants) =>
          this.#names.set(
            bib,
            entrants
              .map(({ name }) => name)
              .filter((name) => name !== '')
              .join(' / '),
          ),
        // Asked again when it is drawn again.
        () => this.#asked.delete(bib),
      );
  }
}
