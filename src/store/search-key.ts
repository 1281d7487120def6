/** @file Folding of names so that a search finds them however they are typed. Thread: any. */

/**
 * Fold: full and half width, case, accents, katakana to hiragana, no spaces or middle dots. `ﾐﾙｸ チョコ` and `みるくちょこ` are equal.
 */
export function searchKey(text: string): string {
  return (
    text
      .normalize('NFKC')
      .toLowerCase()
      .normalize('NFD')
      // Latin accents only: the kana voicing marks (U+3099, U+309A) tell words apart.
      .replace(/[\u0300-\u036f]/g, '')
      .normalize('NFC')
      .replace(/[\u30a1-\u30f6]/g, (kana) => String.fromCharCode(kana.charCodeAt(0) - 0x60))
      .replace(/[\s・･·]+/g, '')
  );
}

/** Words of a query, folded; empty when there is nothing to search for. */
export function searchWords(query: string): string[] {
  return query
    .normalize('NFKC')
    .split(/\s+/)
    .map(searchKey)
    .filter((word) => word !== '');
}
