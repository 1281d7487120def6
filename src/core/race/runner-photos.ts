/** @file Which photos belong to which runner, and in which order they are shown. Pure; any thread. */
import type { Box } from '../../contracts/geometry.ts';
import type { Entrant, PhotoSource, RaceCamera, RaceEvent, RacePhoto, RacePhotoReading, Sighting } from '../../contracts/race.ts';
import type { DeliverySummary, RunnerChoice, SightingChoice } from '../../contracts/race-delivery.ts';
import { intersectionOverUnion } from '../nms.ts';

/** Everything that is known of an event. */
export interface RaceContents {
  readonly event: RaceEvent;
  readonly entrants: readonly Entrant[];
  readonly cameras: readonly RaceCamera[];
  readonly sources: readonly PhotoSource[];
  readonly photos: readonly RacePhoto[];
  readonly readings: readonly RacePhotoReading[];
}

/** One photo that shows a runner. */
export interface RunnerPhoto {
  readonly photo: RacePhoto;
  readonly sighting: Sighting;
  readonly camera: RaceCamera | null;
  /** Time of day at the place of the race, as if it were UTC; null where the file does not tell. */
  readonly localAtMs: number | null;
  /** Photo that shows the runner almost alike, and better; null: it is the best, or there is no other. */
  readonly betterId: string | null;
}

/** A number with its photos, best first: {@link byPlaceAndTime}. */
export interface Runner {
  readonly bib: string;
  /** Who holds the number; none: not on the list; several: the list has it twice. */
  readonly entrants: readonly Entrant[];
  readonly photos: readonly RunnerPhoto[];
}

/** One camera took two shots that are almost the same within this time… */
const ALIKE_MS = 2_000;
/** … when the runner's boxes overlap so much. */
const ALIKE_IOU = 0.6;

/**
 * @param breathe awaited after each small step: ten thousand photos take long enough to be felt.
 * @returns numbers in their natural order (2 before 10), each with at least one photo.
 */
export async function runnersOf(
  contents: RaceContents,
  choice: SightingChoice,
  breathe: () => Promise<void> | undefined = () => undefined,
): Promise<Runner[]> {
  const photos = new Map(contents.photos.map((photo) => [photo.id, photo]));
  const cameras = new Map(contents.cameras.map((camera) => [camera.id, camera]));
  const found = new Map<string, Map<string, RunnerPhoto>>();
  for (const { photoId, sightings } of contents.readings) {
    await breathe();
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
      ofRunner.set(photoId, { photo, sighting, camera, localAtMs: localTime(photo, camera), betterId: null });
    }
  }
  const entrants = new Map<string, Entrant[]>();
  for (const entrant of contents.entrants) {
    await breathe();
    if (found.has(entrant.bib)) entrants.set(entrant.bib, [...(entrants.get(entrant.bib) ?? []), entrant]);
  }
  const inOrder = [...found]
    .map(([bib, own]): [string, string, Map<string, RunnerPhoto>] => [orderOf(bib), bib, own])
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const runners: Runner[] = [];
  for (const [, bib, own] of inOrder) {
    await breathe();
    runners.push({ bib, entrants: entrants.get(bib) ?? [], photos: byPlaceAndTime(judgeAlike([...own.values()])) });
  }
  return runners;
}

/** @returns runners that are asked for, with the photos that are. */
export function chosenRunners(runners: readonly Runner[], { onlyBest, bibs }: Pick<RunnerChoice, 'onlyBest' | 'bibs'>): readonly Runner[] {
  const wanted = bibs === null ? null : new Set(bibs);
  const asked = wanted === null ? runners : runners.filter(({ bib }) => wanted.has(bib));
  if (!onlyBest) return asked;
  return asked.map((runner) => ({ ...runner, photos: runner.photos.filter(({ betterId }) => betterId === null) }));
}

export function deliverySummary(runners: readonly Runner[]): DeliverySummary {
  const shown = new Set<string>();
  let pictures = 0;
  for (const { photos } of runners) {
    pictures += photos.length;
    for (const { photo } of photos) shown.add(photo.id);
  }
  return { runners: runners.length, pictures, photos: shown.size };
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

/** Say of shots of one runner which are almost the same as another, better one. Each is compared with the first of its kind, so that a slow change ends it. */
function judgeAlike(photos: readonly RunnerPhoto[]): RunnerPhoto[] {
  const kinds: RunnerPhoto[][] = [];
  for (const photo of photos.toSorted(byTime)) {
    const kind = kinds.findLast(([first]) => areAlike(first!, photo));
    if (kind === undefined) kinds.push([photo]);
    else kind.push(photo);
  }
  return kinds.flatMap((kind) => {
    const best = kind.reduce((most, next) => (worth(next) > worth(most) ? next : most));
    return kind.map((photo) => (photo === best ? photo : { ...photo, betterId: best.photo.id }));
  });
}

function areAlike(a: RunnerPhoto, b: RunnerPhoto): boolean {
  if (a.photo.cameraId !== b.photo.cameraId || a.localAtMs === null || b.localAtMs === null) return false;
  if (Math.abs(a.localAtMs - b.localAtMs) > ALIKE_MS) return false;
  const [one, other] = [a.sighting, b.sighting];
  const [here, there] = one.personBox === null || other.personBox === null ? [one.bibBox, other.bibBox] : [one.personBox, other.personBox];
  return here !== null && there !== null && intersectionOverUnion(here, there) >= ALIKE_IOU;
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
