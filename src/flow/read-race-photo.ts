/**
 * @file One photo of a race → who is in it: open small → people and bibs → numbers → whose bib is whose → what bodies look like → thumbnail.
 * Thread: page or Node; every stage that computes runs in a worker (or in Node's runtime).
 */
import type { VisionService } from '../contracts/client-api.ts';
import { WHOLE_FRAME, type Box } from '../contracts/geometry.ts';
import type { OpenedFrame } from '../contracts/media.ts';
import type {
  BibAnswer,
  BibDetection,
  BibScores,
  PhotoFaces,
  RacePhotoFacts,
  RacePhotoReading,
  RunnerLook,
  Sighting,
  SightingLooks,
} from '../contracts/race.ts';
import type { CallOptions } from '../contracts/task.ts';
import { plainBox } from '../core/plain-box.ts';
import { BODY_SPACE } from '../core/race/body-look.ts';
import { bodyAround, pairBibs, type RunnerFound } from '../core/race/pair-bibs.ts';
import { photoSharpness } from '../core/race/sharpness.ts';
import { describeRunners } from './describe-race-faces.ts';
import { contentHashOf, openPhotoFile } from './photo-file.ts';

/** Longest side at which people and bibs are found: a bib of 100 px in a 12-megapixel photo has 50 here. */
const SMALL_SIDE_PX = 2048;
/** Bibs lower than this there are read from all the pixels that the photo has. */
const SMALL_BIB_PX = 40;
/** … where the photo has so many more that it helps. */
const WORTH_REOPENING = 1.3;
const THUMBNAIL_SIDE_PX = 320;
/** Most runners of one photo, see `racePhotoReadingSchema`. */
const MAX_SIGHTINGS = 200;

/** What reading needs of the place that it runs in. */
export interface RacePlaces {
  readonly vision: Pick<VisionService, 'open' | 'close' | 'detectRunners' | 'readBibs' | 'lookAtRunners' | 'describeFaces' | 'cropImage'>;
}

/** What is known of the event. */
export interface RaceContext {
  /** Numbers of all bibs of one photo from their scores, with the event's format and start list; null: a bib that nothing was read on. */
  readonly decode: (scores: readonly (BibScores | null)[]) => readonly BibAnswer[] | Promise<readonly BibAnswer[]>;
  /** The race is searched by selfie: faces are described, too. Default false: nobody looks at them. */
  readonly withFaces?: boolean;
}

/** A photo that is to be read. */
export interface RacePhotoFile {
  readonly photoId: string;
  readonly eventId: string;
  /** JPEG, RAW or what else the browser decodes; read in pieces. */
  readonly file: Blob;
}

/** Everything that one photo tells. */
export interface ReadRacePhoto {
  readonly reading: RacePhotoReading;
  readonly looks: SightingLooks;
  readonly facts: RacePhotoFacts;
  /** Longest side 320 px, upright. */
  readonly thumbnail: Blob;
  /** Absent unless they were asked for. */
  readonly faces?: PhotoFaces;
}

/**
 * Two photos may be read at a time: the next one is then decoded while this one is looked at; more only takes memory (the worker keeps six frames).
 * @returns sightings from left to right; `answer` is `read` until neighbours were heard (`core/race/bursts.ts`).
 * @throws AppError('decode-unsupported') for what is no photo, is damaged, or cannot be decoded here (HEIC in most browsers); 'invalid-input' for a
 * file that is gone; 'cancelled'; what the workers throw.
 */
export async function readRacePhoto(
  { photoId, eventId, file }: RacePhotoFile,
  { vision }: RacePlaces,
  { decode, withFaces = false }: RaceContext,
  options: CallOptions = {},
): Promise<ReadRacePhoto> {
  const timer = new StageTimer();
  const { picture, facts } = await timer.stage('file', () => openPhotoFile(file));
  const contentHash = await timer.stage('file', () => contentHashOf(file));
  const frame = await timer.stage('decode', () => vision.open(picture, { ...options, maxSidePx: SMALL_SIDE_PX }));
  try {
    const found = await timer.stage('detect', () => vision.detectRunners(frame.frameId, options));
    const runners = pairBibs(found.people, found.bibs).slice(0, MAX_SIGHTINGS);
    const bibs = runners.flatMap(({ bib }) => (bib === null ? [] : [bib]));
    const scores = bibs.length === 0 ? [] : await readBibs(picture, frame, bibs, vision, timer, options);
    const answers = await timer.stage('decide', () => Promise.resolve(decode(scores)));
    const read = believed(runners, answers);
    const bodies = read.map(({ runner }) => bodyOf(runner, frame));
    const looks = await timer.stage('look', () =>
      vision.lookAtRunners(frame.frameId, bodies.length === 0 ? [WHOLE_FRAME] : bodies, options),
    );
    const { blob: thumbnail } = await timer.stage('thumbnail', () =>
      vision.cropImage(
        frame.frameId,
        { box: WHOLE_FRAME, maxSidePx: THUMBNAIL_SIDE_PX, type: 'image/jpeg', blurFaces: false, lookForFaces: false },
        options,
      ),
    );
    const sightings = sightingsOf(photoId, read);
    const faces = withFaces
      ? await timer.stage('faces', () => describeRunners({ photoId, eventId, sightings }, frame, vision, options))
      : undefined;
    return {
      reading: {
        photoId,
        eventId,
        sightings,
        readAtMs: Date.now(),
        durationsMs: timer.durationsMs,
      },
      looks: { photoId, eventId, space: BODY_SPACE, looks: bodies.map((_, i) => looks[i]!.look) },
      facts: {
        cameraLabel: facts.cameraLabel,
        cameraAtMs: facts.cameraAtMs,
        cameraUtcOffsetMinutes: facts.cameraUtcOffsetMinutes,
        widthPx: frame.originalWidthPx,
        heightPx: frame.originalHeightPx,
        sharpness01: sharpnessOf(bodies, looks),
        contentHash,
      },
      thumbnail,
      ...(faces === undefined ? {} : { faces }),
    };
  } finally {
    // The worker may be gone already; then its frames are gone too.
    await vision.close(frame.frameId).catch(() => {});
  }
}

/** Small bibs need the photo's own pixels; decoding all of them costs more than everything else, so only photos with such bibs pay for it. */
async function readBibs(
  picture: Blob,
  frame: OpenedFrame,
  bibs: readonly BibDetection[],
  vision: RacePlaces['vision'],
  timer: StageTimer,
  options: CallOptions,
): Promise<readonly (BibScores | null)[]> {
  const boxes = bibs.map(({ box }) => box);
  const read = (frameId: string) => timer.stage('read', () => vision.readBibs(frameId, boxes, options));
  const isSmall = ({ box, isFaint }: BibDetection) => !isFaint && box.height * frame.heightPx < SMALL_BIB_PX;
  const isEnough = !bibs.some(isSmall);
  if (isEnough || frame.originalWidthPx < frame.widthPx * WORTH_REOPENING) return read(frame.frameId);
  const full = await timer.stage('decode', () => vision.open(picture, options));
  try {
    return await read(full.frameId);
  } finally {
    await vision.close(full.frameId).catch(() => {});
  }
}

function bodyOf({ person, bib }: RunnerFound, frame: OpenedFrame): Box {
  return person?.box ?? bodyAround(bib!.box, frame);
}

/** A runner, and what the bib says. */
interface RunnerRead {
  readonly runner: RunnerFound;
  readonly read: BibAnswer;
}

/** Everybody with their answers; faint bibs that nothing was read on are forgotten. */
function believed(runners: readonly RunnerFound[], answers: readonly BibAnswer[]): RunnerRead[] {
  let next = 0;
  return runners.flatMap((runner): RunnerRead[] => {
    const { person, bib } = runner;
    const read = (bib === null ? undefined : answers[next++]) ?? NO_NUMBER;
    const isBelieved = bib === null || !bib.isFaint || read.bib !== null || read.partial !== null;
    if (isBelieved) return [{ runner, read }];
    return person === null ? [] : [{ runner: { person, bib: null }, read: NO_NUMBER }];
  });
}

/** Ids are of place, so that the same photo read again gives the same ones. */
function sightingsOf(photoId: string, read: readonly RunnerRead[]): Sighting[] {
  return read.map(({ runner: { person, bib }, read: answer }, i) => {
    return {
      id: `${photoId}/${i}`,
      personBox: person === null ? null : plainBox(person.box),
      bibBox: bib === null ? null : plainBox(bib.box),
      confidence01: Math.max(person?.confidence01 ?? 0, bib?.confidence01 ?? 0),
      read: answer,
      answer,
      burstId: null,
    };
  });
}

const NO_NUMBER: BibAnswer = { bib: null, certainty: 'none', probability01: 0, partial: null, candidates: [], saidBy: 'print' };

function sharpnessOf(bodies: readonly Box[], looks: readonly RunnerLook[]): number | null {
  return photoSharpness(looks.map(({ sharpness01 }, i) => ({ height: bodies[i]?.height ?? 1, sharpness01 })));
}

/** Milliseconds of each stage; one that runs twice is added up. */
class StageTimer {
  readonly durationsMs: Record<string, number> = {};

  async stage<Result>(name: string, run: () => Promise<Result>): Promise<Result> {
    const startedAtMs = performance.now();
    const result = await run();
    this.durationsMs[name] = (this.durationsMs[name] ?? 0) + performance.now() - startedAtMs;
    return result;
  }
}
