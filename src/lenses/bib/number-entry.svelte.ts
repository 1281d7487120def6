/** @file A number or a name being typed, and who on the start list it may mean. Thread: page. */
import type { Entrant } from '../../contracts/race.ts';

const MOST_FOUND = 8;
const MOST_LETTERS = 16;

/** Made while a component is: it looks up while that stands. */
export class NumberEntry {
  typed = $state('');
  #found = $state.raw<readonly Entrant[]>([]);
  /** As printed: capitals, half width, no spaces. */
  readonly bib = $derived(this.typed.normalize('NFKC').toUpperCase().replace(/\s/gu, ''));
  readonly isNumber = $derived(/\d/u.test(this.bib) && this.bib.length <= MOST_LETTERS);

  constructor(search: (query: string) => Promise<readonly Entrant[]>) {
    $effect(() => {
      const query = this.typed.trim();
      if (query === '') {
        this.#found = [];
        return;
      }
      let isGone = false;
      search(query).then(
        (entrants) => {
          if (!isGone) this.#found = entrants.slice(0, MOST_FOUND);
        },
        // A number can be taken without the list.
        () => {},
      );
      return () => (isGone = true);
    });
  }

  get found(): readonly Entrant[] {
    return this.#found;
  }

  /** Typed in full, and nobody on the list has it. */
  get isUnlisted(): boolean {
    return this.isNumber && !this.#found.some(({ bib }) => bib === this.bib);
  }

  /** What Enter means: the number, or whoever alone has the name; null: not clear yet. */
  get meant(): string | null {
    if (this.isNumber) return this.bib;
    return this.#found.length === 1 ? this.#found[0]!.bib : null;
  }
}
