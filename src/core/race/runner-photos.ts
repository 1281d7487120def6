/** @file Which photos belong to which runner, and in which order they are shown. Pure; any thread. */
import type { Box } from '../../contracts/geometry.ts';
import type { Entrant, PhotoSource, RaceCamera, RaceEvent, RacePhoto, RacePhotoReading, Sighting } from '../../contracts/race.ts';

/** Everything that is known of an event. */
export interface RaceContents {
  readonly event: RaceEvent;
  readonly entrants: readonly Entrant[];
  readonly cameras: readonly RaceCamera[];
  readonly sources: readonly PhotoSource[];
  readonly photos: readonly RacePhoto[];
  readonly readings: readonly RacePhotoReading[];
}

/** Which sightings count. */
export interface SightingChoice {
  /** `sure`: sure or said by the user; `check`: also numbers that nobody has looked at yet. */
  readonly certainty: 'sure' | 'check';
  readonly withDuplicates: boolean;
  readonly minSharpness01: number;
}

/** One photo that shows a runner. */
export interface RunnerPhoto {
  readonly photo: RacePhoto;
  readonly sighting: Sighting;
  readonly camera: RaceCamera | null;
  /** Time of day at the place of the race, as if it were UTC; null where the file does not tell. */
  readonly localAtMs: number | null;
}

/** A number with its photos, best first: {@link byPlaceAndTime}. */
export interface Runner {
  readonly bib: string;
  /** Who holds the number; none: not on the list; several: the list has it twice. */
  readonly entrants: readonly Entrant[];
  readonly photos: readonly RunnerPhoto[];
}

/** @returns numbers in their natural order (2 before 10), each with at least one photo. */
export function runnersOf(contents: RaceContents, choice: SightingChoice): Runner[] {
  const photos = new Map(contents.photos.map((photo) => [photo.id, photo]));
  const cameras = new Map(contents.cameras.map((camera) => [camera.id, camera]));
  const found = new Map<string, Map<string, RunnerPhoto>>();
  for (const { photoId, sightings } of contents.readings) {
    const photo = photos.get(photoId);
    if (photo === undefined || !isWanted(photo, choice)) continue;
    const camera = photo.cameraId === null ? null : (cameras.get(photo.cameraId) ?? null);
    for (const sighting of sightings) {
      const bib = deliveredBib(sighting, choice.certainty);
      if (bib === null) continue;
      const ofRunner = found.get(bib) ?? new Map<string, RunnerPhoto>();
      found.set(bib, ofRunner);
      const before = ofRunner.get(photoId);
      // Two of one number in one photo: a relay, or a mirror. The photo counts once, with the one that is seen better.
      if (before !== undefined && prominence(before.sighting) >= prominence(sighting)) continue;
      ofRunner.set(photoId, { photo, sighting, camera, localAtMs: localTime(photo, camera) });
    }
  }
  const entrants = new Map<string, Entrant[]>();
  for (const entrant of contents.entrants) entrants.set(entrant.bib, [...(entrants.get(entrant.bib) ?? []), entrant]);
  return [...found]
    .map(([bib, own]): [string, string, Map<string, RunnerPhoto>] => [orderOf(bib), bib, own])
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, bib, own]) => ({ bib, entrants: entrants.get(bib) ?? [], photos: byPlaceAndTime([...own.values()]) }));
}

/** How much there is to deliver. */
export interface DeliverySummary {
  readonly runners: number;
  /** Pairs of runner and photo. */
  readonly pictures: number;
  readonly photos: number;
}

/** The same sums as over {@link runnersOf}, in a fraction of the time. @param isAsked whether a number is to be delivered. */
export function deliverySummary(
  { photos, readings }: RaceContents,
  choice: SightingChoice,
  isAsked: (bib: string) => boolean,
): DeliverySummary {
  const wanted = new Set(photos.filter((photo) => isWanted(photo, choice)).map(({ id }) => id));
  const runners = new Set<string>();
  let pictures = 0;
  let shown = 0;
  for (const { photoId, sightings } of readings) {
    if (!wanted.has(photoId)) continue;
    const bibs = new Set<string>();
    for (const sighting of sightings) {
      const bib = deliveredBib(sighting, choice.certainty);
      if (bib !== null && isAsked(bib)) bibs.add(bib);
    }
    for (const bib of bibs) runners.add(bib);
    pictures += bibs.size;
    if (bibs.size > 0) shown += 1;
  }
  return { runners: runners.size, pictures, photos: shown };
}

/** @returns the number that a sighting is delivered under; null: it is not. */
export function deliveredBib({ answer }: Sighting, certainty: SightingChoice['certainty']): string | null {
  if (answer.bib === null || answer.certainty === 'none') return null;
  return certainty === 'check' || answer.certainty === 'sure' || answer.saidBy === 'user' ? answer.bib : null;
}

/** @returns what the camera's clock should have said. */
export function localTime(photo: RacePhoto, camera: RaceCamera | null): number | null {
  return photo.cameraAtMs === null ? null : photo.cameraAtMs + (camera?.clockOffsetMs ?? 0);
}

/** `9` before `10`. */
function orderOf(bib: string): string {
  return bib.replaceAll(/\d+/g, (digits) => digits.padStart(8, '0'));
}

function isWanted(photo: RacePhoto, { withDuplicates, minSharpness01 }: SightingChoice): boolean {
  if (photo.state === 'skipped' || photo.state === 'failed') return false;
  if (!withDuplicates && photo.duplicateOf !== null) return false;
  return photo.sharpness01 === null || photo.sharpness01 >= minSharpness01;
}

/**
 * The best photo at the goal first, then the others from there, then the rest; each in order of time, those without a time last. Of several at
 * the goal the best is the one where the runner is large and the photo sharp.
 */
function byPlaceAndTime(photos: readonly RunnerPhoto[]): RunnerPhoto[] {
  const atGoal = photos.filter(({ camera }) => camera?.place === 'goal').sort(byTime);
  const best = atGoal.reduce<RunnerPhoto | null>((first, next) => (first === null || worth(next) > worth(first) ? next : first), null);
  const others = photos.filter(({ camera }) => camera?.place !== 'goal').sort(byTime);
  return best === null ? others : [best, ...atGoal.filter((photo) => photo !== best), ...others];
}

function byTime(a: RunnerPhoto, b: RunnerPhoto): number {
  if (a.localAtMs !== b.localAtMs) return (a.localAtMs ?? Infinity) - (b.localAtMs ?? Infinity);
  return a.photo.path < b.photo.path ? -1 : 1;
}

function worth({ photo, sighting }: RunnerPhoto): number {
  return (photo.sharpness01 ?? 0.5) * Math.sqrt(areaOf(sighting.personBox ?? sighting.bibBox));
}

function prominence({ personBox, bibBox, answer }: Sighting): number {
  return (answer.certainty === 'sure' ? 1 : 0) + areaOf(personBox ?? bibBox);
}

function areaOf(box: Box | null): number {
  return box === null ? 0 : box.width * box.height;
}
