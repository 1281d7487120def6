/** @file The characters that the bib reader knows. Pure; any thread. */

/** Class `n` of the net is `BIB_ALPHABET[n - 1]`; class 0 is CTC's blank. The order is the net's (training/bib-reader/net.py). */
export const BIB_ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-';

/** Classes of the net, blank included. */
export const BIB_CLASSES = BIB_ALPHABET.length + 1;

/** Class of a character; 0 for one that the reader does not know. */
export function classOf(character: string): number {
  return character === '' ? 0 : BIB_ALPHABET.indexOf(character) + 1;
}

/** Text of classes. */
export function textOf(classes: readonly number[]): string {
  return classes.map((one) => BIB_ALPHABET[one - 1] ?? '').join('');
}
