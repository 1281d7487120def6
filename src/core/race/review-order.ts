/** @file In which order doubtful sightings are looked at. Pure; any thread. */

/** A doubtful sighting. */
export interface DoubtfulSighting {
  readonly photoId: string;
  readonly sightingId: string;
  readonly probability01: number;
  readonly burstId: string | null;
}

/**
 * Bursts in the order in which the photos were taken; of each burst what is most likely right comes first, for its answer settles the others.
 * @param photoIds in the order in which they were taken.
 */
export function reviewOrder<Row extends DoubtfulSighting>(rows: readonly Row[], photoIds: readonly string[]): Row[] {
  const placeOf = new Map(photoIds.map((id, place) => [id, place]));
  const place = ({ photoId }: Row): number => placeOf.get(photoId) ?? photoIds.length;
  const begin = new Map<string, number>();
  for (const row of rows) if (row.burstId !== null) begin.set(row.burstId, Math.min(begin.get(row.burstId) ?? Infinity, place(row)));
  const start = (row: Row): number => (row.burstId === null ? place(row) : begin.get(row.burstId)!);
  const name = ({ burstId, photoId, sightingId }: Row): string => burstId ?? `${photoId} ${sightingId}`;
  return [...rows].sort(
    (a, b) =>
      start(a) - start(b) ||
      (name(a) < name(b) ? -1 : name(a) > name(b) ? 1 : 0) ||
      b.probability01 - a.probability01 ||
      place(a) - place(b) ||
      (a.sightingId < b.sightingId ? -1 : 1),
  );
}
