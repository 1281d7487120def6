/** @file What reading photos of a race stands on: the page's pipeline, and what is known of its numbers. Loaded with the first photo. Thread: page. */
import { AppError } from '../../contracts/errors.ts';
import type { RacePhoto } from '../../contracts/race.ts';
import type { RaceNumberSource } from '../../contracts/start-list-api.ts';
import { BURST_PHOTOS, BURST_WINDOW_MS, settleBurst } from '../../core/race/settle-burst.ts';
import type { FinishedPhoto } from '../../store/race-photos.ts';
import type { SettleAnswers } from '../../store/race-readings.ts';
import { device } from '../device.ts';
import { engine } from '../engine.ts';
import { keepSpeeds } from '../model-speeds.ts';

/** How neighbouring photos change each other's answers. */
export const SETTLE: SettleAnswers = { windowMs: BURST_WINDOW_MS, photos: BURST_PHOTOS, settle: settleBurst };

/** Which numbers events have, as the start-list worker wants to know it. */
const numbers = new Map<string, Promise<RaceNumberSource>>();

/** The event's format or start list is another now: what is read from here on goes by it. */
export function forgetNumbers(eventId: string): void {
  numbers.delete(eventId);
}

/** @throws AppError as `readRacePhoto`; `invalid-input` when the event is gone */
export async function readPhoto(
  photo: RacePhoto,
  file: File,
  { signal, isAwaited }: { readonly signal: AbortSignal; readonly isAwaited: boolean },
): Promise<FinishedPhoto> {
  const [{ pipeline }, { readRacePhoto }, { startLists }, race, search] = await Promise.all([
    engine(),
    import('../../flow/read-race-photo.ts'),
    import('../../flow/start-lists.ts'),
    numbersOf(photo.eventId),
    device().raceFaces.search(photo.eventId),
  ]);
  return readRacePhoto(
    { photoId: photo.id, eventId: photo.eventId, file },
    pipeline,
    {
      decode: (scores) => startLists().decode(race, scores, { signal, priority: isAwaited ? 'interactive' : 'batch' }),
      withFaces: search !== null,
    },
    { signal, priority: isAwaited ? 'interactive' : 'batch' },
  );
}

/** What two copies of a file share. @throws AppError('invalid-input') for a file that is gone */
export async function hashOf(file: File): Promise<string> {
  const { contentHashOf } = await import('../../flow/photo-file.ts');
  return contentHashOf(file);
}

/** Remember how fast the nets ran, for the next start. */
export async function keepReadingSpeeds(): Promise<void> {
  const { pipeline } = await engine();
  keepSpeeds(await pipeline.vision.modelStatus());
}

function numbersOf(eventId: string): Promise<RaceNumberSource> {
  let known = numbers.get(eventId);
  if (known === undefined) {
    known = load(eventId);
    numbers.set(eventId, known);
    known.catch(() => numbers.delete(eventId));
  }
  return known;
}

/** The list of an event is its own and that of its parts. */
async function load(eventId: string): Promise<RaceNumberSource> {
  const { raceEvents } = device();
  const family = await raceEvents.family(eventId);
  const event = family.find(({ id }) => id === eventId);
  if (event === undefined) throw new AppError('invalid-input', 'the event is gone', { stage: 'store' });
  const prefixes = [...new Set(family.flatMap(({ format }) => format.prefixes))].slice(0, 50);
  const format = {
    ...event.format,
    prefixes,
    minDigits: Math.min(...family.map((each) => each.format.minDigits)),
    maxDigits: Math.max(...family.map((each) => each.format.maxDigits)),
  };
  return { version: crypto.randomUUID(), format, eventIds: family.map(({ id }) => id) };
}
