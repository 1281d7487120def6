/** @file What a product is called, in the language of the screen. Thread: page. */
import type { Product } from '../contracts/product.ts';
import { preferences } from './preferences.svelte.ts';

/** @returns its name in the language shown, else in the other one, else its id. */
export function nameOfProduct({ id, name: { en, ja } }: Product): string {
  return (preferences.locale === 'ja' ? (ja ?? en) : (en ?? ja)) ?? id;
}
