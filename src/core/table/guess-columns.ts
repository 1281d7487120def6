/** @file What the columns of a table mean, guessed from their names. Pure; any thread. */

/** Index of the column per field; fields that no column holds are absent. */
export type ColumnMapping<Field extends string> = Readonly<Partial<Record<Field, number>>>;

/** Names in use for each field, folded as {@link foldName} does; best first. */
export type ColumnNames<Field extends string> = Readonly<Record<Field, readonly string[]>>;

/**
 * @param header names of the columns.
 * @returns each column for one field at most; whole names before parts of names.
 */
export function guessColumns<Field extends string>(header: readonly string[], names: ColumnNames<Field>): ColumnMapping<Field> {
  const folded = header.map(foldName);
  const guesses: { field: Field; column: number; score: number }[] = [];
  for (const field of Object.keys(names) as Field[])
    folded.forEach((name, column) => {
      const score = scoreOf(name, names[field]);
      if (score > 0) guesses.push({ field, column, score });
    });
  const mapping: Partial<Record<Field, number>> = {};
  const taken = new Set<number>();
  for (const { field, column } of guesses.sort((a, b) => b.score - a.score || a.column - b.column)) {
    if (mapping[field] !== undefined || taken.has(column)) continue;
    mapping[field] = column;
    taken.add(column);
  }
  return mapping;
}

/** Whole name: 100 less its rank; part of it: the share that is understood. */
function scoreOf(name: string, names: readonly string[]): number {
  if (name === '') return 0;
  const rank = names.indexOf(name);
  if (rank >= 0) return 100 - rank;
  const part = names.filter((known) => known.length >= (/^\p{ASCII}*$/u.test(known) ? 4 : 2) && name.includes(known));
  const longest = Math.max(0, ...part.map((known) => known.length));
  return longest === 0 ? 0 : (30 * longest) / name.length;
}

/** Lower case, half width, without spaces, marks, counters and brackets: `Facings (wide)` and `facings_wide` are one. */
function foldName(name: string): string {
  return name
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[\s_\-.:()[\]「」【】#*"']/gu, '');
}
