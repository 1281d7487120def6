/** @file Which numbers a list of runners shows. Pure; any thread. */

/** `seen`: some photo shows them; `unseen`: on the start list, and on no photo yet. */
export type RunnerFilter = 'seen' | 'unseen' | 'all';

/**
 * @param listed numbers of the start list, in order; a number may stand there twice. @param seen numbers that photos show, in order.
 * @returns each number once; those that are on no list come last.
 */
export function listedBibs(listed: readonly string[], seen: readonly string[], filter: RunnerFilter): string[] {
  if (filter === 'seen') return [...seen];
  const isSeen = new Set(seen);
  if (filter === 'unseen') return [...new Set(listed)].filter((bib) => !isSeen.has(bib));
  return [...new Set([...listed, ...seen])];
}
