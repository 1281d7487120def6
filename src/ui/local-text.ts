/** @file Text of the data (product names, explanations) in the language shown. Thread: page. */
import type { LocalisedText } from '../contracts/product.ts';
import { getLocale } from '../paraglide/runtime.js';

/** @returns the language shown, else the other one, else empty. */
export function localText({ en, ja }: LocalisedText): string {
  return (getLocale() === 'ja' ? (ja ?? en) : (en ?? ja)) ?? '';
}
