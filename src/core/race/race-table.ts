/** @file Who is in which photo, as a table: one row for each runner in each photo. Pure; any thread. */
import type { RaceTableWords } from '../../contracts/race-delivery.ts';
import type { Cell, Table } from '../table.ts';
import type { RaceContents, Runner } from './runner-photos.ts';

/** Rows by number, each runner's photos as they are shown. Times are those of the place of the race, clocks corrected. */
export function raceTable(runners: readonly Runner[], { sources }: RaceContents, words: RaceTableWords, withNames: boolean): Table {
  const sourceOf = new Map(sources.map((source) => [source.id, source]));
  const joined = (values: readonly string[]): string => [...new Set(values.filter((value) => value !== ''))].join('; ');
  const rows = runners.flatMap(({ bib, entrants, photos }) =>
    photos.map(({ photo, camera, localAtMs, sighting: { answer } }): Cell[] => {
      const source = sourceOf.get(photo.sourceId);
      return [
        bib,
        ...(withNames ? [joined(entrants.map(({ name }) => name))] : []),
        joined(entrants.map(({ category }) => category)),
        joined(entrants.map(({ team }) => team)),
        joined(entrants.map(({ wave }) => wave)),
        photo.path,
        source?.name ?? '',
        camera?.photographer || source?.photographer || '',
        camera?.label ?? '',
        camera === null ? '' : words.places[camera.place],
        localAtMs === null ? null : new Date(localAtMs).toISOString().slice(0, 19).replace('T', ' '),
        words.certainties[answer.certainty],
        Math.round(answer.probability01 * 1000) / 1000,
        words.voices[answer.saidBy],
      ];
    }),
  );
  const { number, name, category, team, wave, file, source, photographer, camera, place, time, certainty, probability, saidBy } = words;
  const columns = [number, ...(withNames ? [name] : []), category, team, wave, file, source, photographer, camera, place, time];
  return { title: words.title, columns: [...columns, certainty, probability, saidBy], rows };
}
