import { expect, it } from 'vitest';
import { runnersOf } from '../../../src/core/race/runner-photos.ts';
import { answerOf, photoOf, raceContents, readingOf, sightingOf } from './race-fixtures.ts';

const SURE = { certainty: 'sure', withDuplicates: false, minSharpness01: 0 } as const;
const idsOf = (choice: Parameters<typeof runnersOf>[1], contents = raceContents()) =>
  runnersOf(contents, choice).map(({ bib, photos }) => [bib, photos.map(({ photo }) => photo.id)]);

it('gives every runner what is sure or confirmed, the best photo at the goal first, the rest by corrected time', () => {
  expect(idsOf(SURE)).toEqual([
    ['7', ['p3', 'p2', 'p4', 'p1']],
    ['A3', ['p4']],
  ]);
});

it('gives what is doubtful, duplicates and blurred photos only when they are asked for', () => {
  expect(idsOf({ ...SURE, certainty: 'check' }).map(([bib]) => bib)).toEqual(['7', '12', 'A3']);
  expect(idsOf({ ...SURE, withDuplicates: true })[0]![1]).toContain('p5');
  expect(idsOf({ ...SURE, minSharpness01: 0.5 })[0]![1]).toEqual(['p3', 'p4', 'p1']);
});

it('takes a photo once that shows a number twice, and none that failed or is not wanted', () => {
  const contents = raceContents();
  const twice = [sightingOf('x', answerOf('7', { certainty: 'check', saidBy: 'user' })), sightingOf('y', answerOf('7'))];
  const photos = [photoOf('p1', 'a.jpg'), photoOf('p2', 'b.jpg', { state: 'skipped' }), photoOf('p3', 'c.jpg', { state: 'failed' })];
  const readings = photos.map(({ id }) => readingOf(id, twice));
  const [runner] = runnersOf({ ...contents, photos, readings }, SURE);
  expect(runner!.photos.map(({ photo, sighting }) => [photo.id, sighting.id])).toEqual([['p1', 'y']]);
});

it('says who holds a number: nobody, one, or several when the list has it twice', () => {
  const contents = raceContents();
  const doubled = { ...contents, entrants: [...contents.entrants, { ...contents.entrants[0]!, id: 'again', name: 'Other' }] };
  const [seven, three] = runnersOf(doubled, SURE);
  expect(seven!.entrants.map(({ name }) => name)).toEqual(['佐藤 花子', 'Other']);
  expect(three!.entrants).toEqual([]);
});
