/**
 * @file What a delivery writes, file by file: where to, made of what, and how. Nothing is opened before it is written, so that ten thousand photos
 * cost no more memory than one. Thread: page or Node.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { AppError, toAppError, type ErrorCode } from '../contracts/errors.ts';
import type { PictureService } from '../contracts/picture-api.ts';
import type { RacePhoto } from '../contracts/race.ts';
import type { DeliveryPreset, DeliveryProblem } from '../contracts/race-delivery.ts';
import { nameFromPattern, safeName, splitName, TakenNames } from '../core/race/file-names.ts';
import { chosenRunners, runnersOf, type RaceContents, type Runner, type RunnerPhoto } from '../core/race/runner-photos.ts';
import { breather } from '../core/breather.ts';
import { openPhotoFile } from './photo-file.ts';
import { taggedCopy } from './race-tagged-copy.ts';
import type { PhotoFacts } from './race-xmp.ts';

/** A file that was made and is about to be written. */
export interface MadeFile {
  readonly body: Blob | ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly modifiedAtMs: number;
  /** Found while it was made, or (of a stream) while it is read. */
  readonly problems: readonly DeliveryProblem[];
}

/** A file that is to be written. */
export interface PlannedFile {
  /** Parts joined by `/`, safe on every file system; no two alike. */
  readonly path: string;
  /** What it is made of and how: the same key, the same file. */
  readonly key: string;
  /** @throws AppError when it cannot be made; it is named in the result by `problemOf` then. */
  readonly make: (signal: AbortSignal | undefined) => Promise<MadeFile>;
  /** Path to say when it cannot be made. */
  readonly about: string;
}

/** Where photos come from, and who makes pictures of them. */
export interface DeliveryPlaces {
  /** @throws AppError when the file is gone, changed, or out of reach. */
  readonly open: (photo: RacePhoto) => Promise<Blob>;
  readonly pictures: Pick<PictureService, 'make'>;
}

/** A delivery before it begins. */
export interface Delivery {
  readonly contents: RaceContents;
  readonly preset: DeliveryPreset;
  readonly places: DeliveryPlaces;
  /** Only these numbers; null: all. */
  readonly bibs: readonly string[] | null;
}

/** A delivery with what everything in it needs. */
export interface OpenDelivery extends Delivery {
  readonly runners: readonly Runner[];
  /** Of each delivered photo: everybody in it. */
  readonly runnersIn: ReadonlyMap<string, readonly Runner[]>;
  /** {@link factsOf} of photos that were asked for already: many show several runners. */
  readonly facts: Map<string, PhotoFacts>;
}

/** Find out who gets what. */
export async function openDelivery(delivery: Delivery): Promise<OpenDelivery> {
  const all = await runnersOf(delivery.contents, delivery.preset, breather());
  const runnersIn = new Map<string, Runner[]>();
  for (const runner of all)
    for (const { photo } of runner.photos) {
      const others = runnersIn.get(photo.id);
      if (others === undefined) runnersIn.set(photo.id, [runner]);
      else others.push(runner);
    }
  const runners = chosenRunners(all, { onlyBest: delivery.preset.onlyBest, bibs: delivery.bibs });
  return { ...delivery, facts: new Map(), runnersIn, runners };
}

/** A folder of a runner's photos, the best at the goal first. */
export interface RunnerFolder {
  readonly runner: Runner;
  readonly name: string;
  /** Paths without the folder. */
  readonly files: readonly PlannedFile[];
}

/** One folder for each runner. Ten thousand photos take seconds: the page gets its turns in between. */
export async function planFolders(delivery: OpenDelivery): Promise<RunnerFolder[]> {
  const breathe = breather();
  const folders = new TakenNames();
  const keys = new Map<string, string>();
  const planned: RunnerFolder[] = [];
  for (const runner of delivery.runners) {
    const names = new TakenNames();
    const files: PlannedFile[] = [];
    for (const [index, photo] of runner.photos.entries()) {
      files.push(planPhoto(delivery, runner, photo, index, names, keys));
      await breathe();
    }
    planned.push({ runner, name: folders.take(safeName(titleOf(runner, delivery.preset.withNames))), files });
  }
  return planned;
}

/** Folders as one list. */
export function filesOf(folders: readonly RunnerFolder[]): PlannedFile[] {
  return folders.flatMap(({ name, files }) => files.map((file) => ({ ...file, path: `${name}/${file.path}` })));
}

/** `123`, or `123 Sato Hanako` where names are wanted. */
export function titleOf({ bib, entrants }: Runner, withNames: boolean): string {
  const names = entrants.map(({ name }) => name).filter((name) => name !== '');
  return withNames && names.length > 0 ? `${bib} ${names.join(', ')}` : bib;
}

function planPhoto(
  delivery: OpenDelivery,
  runner: Runner,
  shown: RunnerPhoto,
  index: number,
  names: TakenNames,
  keys: Map<string, string>,
): PlannedFile {
  const { preset, contents } = delivery;
  const { photo, camera, localAtMs } = shown;
  const { stem, ending } = splitName(photo.path);
  const [entrant] = runner.entrants;
  const name = nameFromPattern(preset.fileName, {
    number: runner.bib,
    name: preset.withNames ? (entrant?.name ?? '') : '',
    category: entrant?.category ?? '',
    team: entrant?.team ?? '',
    wave: entrant?.wave ?? '',
    event: contents.event.name,
    day: contents.event.day,
    time: localAtMs === null ? '' : new Date(localAtMs).toISOString().slice(11, 19).replaceAll(':', ''),
    camera: camera?.label ?? '',
    place: camera?.place ?? '',
    original: stem,
    index: String(index + 1).padStart(3, '0'),
  });
  const path = names.take(safeName(name, preset.picture === null ? ending : '.jpg'));
  const key = keys.get(photo.id) ?? keyOf(delivery, photo);
  keys.set(photo.id, key);
  return { path, about: photo.path, key, make: (signal) => makeCopy(delivery, photo, signal) };
}

/** The same file for the same photo, the same words in it and the same changes. */
export function keyOf(delivery: OpenDelivery, photo: RacePhoto, purpose = ''): string {
  const { picture, withKeywords, removeGps } = delivery.preset;
  return digest([
    purpose,
    photo.id,
    photo.sizeBytes,
    photo.modifiedAtMs,
    picture,
    removeGps,
    withKeywords ? factsOf(delivery, photo) : null,
  ]);
}

/** @returns 64 bits of a value's JSON as hexadecimal digits. */
export function digest(value: unknown): string {
  return bytesToHex(sha256(utf8ToBytes(JSON.stringify(value)))).slice(0, 16);
}

/** @throws AppError */
async function makeCopy(delivery: OpenDelivery, photo: RacePhoto, signal: AbortSignal | undefined): Promise<MadeFile> {
  const { preset, places } = delivery;
  const facts = preset.withKeywords ? factsOf(delivery, photo) : null;
  const original = await places.open(photo);
  const modifiedAtMs = photo.modifiedAtMs;
  if (preset.picture !== null) {
    const { picture } = await openPhotoFile(original);
    const { blob } = await places.pictures.make(picture, preset.picture, {
      ...(signal === undefined ? {} : { signal }),
      priority: 'batch',
    });
    return { body: await taggedCopy(blob, { facts, removeGps: false }), modifiedAtMs, problems: [] };
  }
  try {
    return { body: await taggedCopy(original, { facts, removeGps: preset.removeGps }), modifiedAtMs, problems: [] };
  } catch (error) {
    const known = toAppError(error);
    const hasNoPlaceForWords = known.code === 'decode-unsupported' || known.code === 'invalid-input';
    if (!hasNoPlaceForWords) throw known;
    // With its place still in it, it must not be handed out.
    if (preset.removeGps) throw new AppError('decode-unsupported', 'its place cannot be taken out', { cause: known });
    return { body: original, modifiedAtMs, problems: [{ path: photo.path, reason: 'no-keywords' }] };
  }
}

/** What the metadata of a photo says: everybody in it who is delivered. */
export function factsOf(delivery: OpenDelivery, photo: RacePhoto): PhotoFacts {
  const known = delivery.facts.get(photo.id) ?? newFacts(delivery, photo);
  delivery.facts.set(photo.id, known);
  return known;
}

function newFacts({ runnersIn, preset, contents }: OpenDelivery, photo: RacePhoto): PhotoFacts {
  const runners = runnersIn.get(photo.id) ?? [];
  const people = preset.withNames ? runners.flatMap(({ entrants }) => entrants.map(({ name }) => name)).filter((name) => name !== '') : [];
  const camera = contents.cameras.find(({ id }) => id === photo.cameraId);
  const source = contents.sources.find(({ id }) => id === photo.sourceId);
  const localAtMs = photo.cameraAtMs === null ? null : photo.cameraAtMs + (camera?.clockOffsetMs ?? 0);
  return {
    keywords: [...runners.map(({ bib }) => bib), ...people],
    people,
    event: contents.event.name,
    takenAt: localAtMs === null ? null : new Date(localAtMs).toISOString().slice(0, 19),
    creator: preset.creator || camera?.photographer || source?.photographer || '',
    copyright: preset.copyright,
  };
}

/** What ends a delivery; anything else is one file's affair. */
const FATAL: readonly ErrorCode[] = ['cancelled', 'permission-denied', 'storage-full', 'quota-exceeded', 'bug'];

/** @returns how a failure is named at the end. @throws the error itself when nothing else would succeed either. */
export function problemOf(error: unknown, about: string): DeliveryProblem {
  const known = toAppError(error, 'invalid-input');
  const { code } = known;
  if (FATAL.includes(code)) throw known;
  return { path: about, reason: code === 'decode-unsupported' || code === 'out-of-memory' ? 'unreadable' : 'gone' };
}
