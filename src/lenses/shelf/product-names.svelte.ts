/** @file Names of products that facings may be, looked up as they come into view. Thread: page. */
import { SvelteMap } from 'svelte/reactivity';
import type { Product } from '../../contracts/product.ts';
import type { ShelfReading } from '../../contracts/shelf.ts';
import { device } from '../../state/device.ts';
import { localText } from '../../ui/local-text.ts';

/** What a screen calls products. */
export class ProductNames {
  readonly #known = new SvelteMap<string, Product>();
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- Nothing is drawn from it.
  readonly #asked = new Set<string>();

  /** Look up whatever a reading names. Those that are gone stay their ids. */
  want(reading: ShelfReading | null, more: Iterable<string> = []): void {
    // eslint-disable-next-line svelte/prefer-svelte-reactivity -- Nothing is drawn from it.
    const ids = new Set(more);
    for (const { identity } of reading?.facings ?? []) for (const { productId } of identity?.candidates ?? []) ids.add(productId);
    for (const { identity } of reading?.facings ?? []) if (identity?.productId != null) ids.add(identity.productId);
    for (const { expectedProductId } of reading?.layout.gaps ?? []) if (expectedProductId !== null) ids.add(expectedProductId);
    const missing = [...ids].filter((id) => !this.#asked.has(id));
    if (missing.length === 0) return;
    for (const id of missing) this.#asked.add(id);
    device()
      .products.byIds(missing)
      .then(
        (found) => {
          for (const [id, product] of found) this.#known.set(id, product);
        },
        // Asked again with the next reading.
        () => {
          for (const id of missing) this.#asked.delete(id);
        },
      );
  }

  /** What was just learnt need not be looked up. */
  learn(product: Product): void {
    this.#asked.add(product.id);
    this.#known.set(product.id, product);
  }

  product(id: string): Product | null {
    return this.#known.get(id) ?? null;
  }

  /** @returns the name in the language shown; the id itself while nobody knows one. */
  nameOf(id: string): string {
    const product = this.#known.get(id);
    return product === undefined ? id : localText(product.name);
  }
}
