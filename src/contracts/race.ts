/**
 * @file A race and its photos: who starts, which photos there are, who is in them, and how sure that is. Thread: any.
 * Times are milliseconds since 1970 (UTC), but for `cameraAtMs`. Boxes are 0..1 of the upright photo.
 */
import { z } from 'zod';
import type { Box, Quad } from './geometry.ts';
import type { EmbeddingSpace } from './results.ts';

const idSchema = z.string().min(1).max(100);
const timeSchema = z.number().int().nonnegative();
const nameSchema = z.string().trim().min(1).max(200);

/** What a number of this race looks like. */
export const bibFormatSchema = z.strictObject({
  /** Letters that may stand before the digits, as printed; empty: none. */
  prefixes: z.array(z.string().trim().min(1).max(6)).max(50),
  /** Digits of a number, without its prefix. */
  minDigits: z.number().int().min(1).max(8),
  maxDigits: z.number().int().min(1).max(8),
  /** Background colour of the bibs of a wave, `#rrggbb`. */
  waveColours: z.array(z.strictObject({ wave: nameSchema, colour: z.string().regex(/^#[0-9a-f]{6}$/) })).max(50),
});
export type BibFormat = z.infer<typeof bibFormatSchema>;

/** Any number of one to five digits. */
export const ANY_BIB: BibFormat = { prefixes: [], minDigits: 1, maxDigits: 5, waveColours: [] };

/** One who starts. `bib` is as printed, in capitals, half width, without spaces. Two may hold the same number: that is a fault of the list. */
export const entrantSchema = z.strictObject({
  id: idSchema,
  eventId: idSchema,
  bib: z.string().min(1).max(16),
  name: z.string().max(200),
  category: z.string().max(100),
  team: z.string().max(200),
  wave: z.string().max(100),
});
export type Entrant = z.infer<typeof entrantSchema>;

/** A race, or a part of one (a distance, a day) that has numbers of its own. */
export const raceEventSchema = z.strictObject({
  id: idSchema,
  name: nameSchema,
  /** `2026-11-21`. */
  day: z.string().regex(/^\d{4}-\d{2}-\d{2}$/),
  /** Event that this is a part of; null: none. */
  parentId: idSchema.nullable(),
  format: bibFormatSchema,
  /** Minutes that the place of the race is ahead of UTC. */
  utcOffsetMinutes: z.number().int().min(-840).max(840),
  updatedAtMs: timeSchema,
});
export type RaceEvent = z.infer<typeof raceEventSchema>;

/** A camera that photos of an event were taken with. */
export const raceCameraSchema = z.strictObject({
  id: idSchema,
  eventId: idSchema,
  /** As its photos name it: make, model and, where they tell, serial number. */
  label: z.string().max(200),
  photographer: z.string().max(200),
  /** Added to what its clock said, to be right. */
  clockOffsetMs: z.number().int(),
  /** Where it stood: its photos are shown first when it stood at the goal. */
  place: z.enum(['goal', 'course', 'start', 'other']),
});
export type RaceCamera = z.infer<typeof raceCameraSchema>;

/** Where photos come from: a folder that the browser remembers, or files that were picked or dropped (`handle` is kept apart, by this id). */
export const photoSourceSchema = z.strictObject({
  id: idSchema,
  eventId: idSchema,
  name: nameSchema,
  kind: z.enum(['folder', 'files']),
  photographer: z.string().max(200),
  addedAtMs: timeSchema,
});
export type PhotoSource = z.infer<typeof photoSourceSchema>;

/**
 * One photo of an event, without its pixels. The file itself stays where it is; only a thumbnail is kept.
 * `waiting`: known, not read yet (also while its source is out of reach, see {@link SourceReach}); `read`; `failed`: cannot be read, `problem` says
 * why; `gone`: its file was deleted or moved before it was read; `skipped`: not wanted, by the user or because it is a file that is there already.
 */
export const racePhotoSchema = z.strictObject({
  id: idSchema,
  eventId: idSchema,
  sourceId: idSchema,
  /** Below its source, `/` between folders; with size and time it says which file this is. */
  path: z.string().min(1).max(1000),
  sizeBytes: z.number().int().nonnegative(),
  modifiedAtMs: timeSchema,
  state: z.enum(['waiting', 'read', 'failed', 'gone', 'skipped']),
  /** Code of `contracts/errors.ts`; null unless failed. */
  problem: z.string().max(60).nullable(),
  /** Times that reading it began and did not end: a photo that kills the tab is not tried for ever. */
  attempts: z.number().int().nonnegative(),
  readAtMs: timeSchema.nullable(),
  cameraId: idSchema.nullable(),
  /** What the camera's clock said, as if it were UTC; null where the file does not tell. */
  cameraAtMs: timeSchema.nullable(),
  /** Upright; 0 until it was read. */
  widthPx: z.number().int().nonnegative(),
  heightPx: z.number().int().nonnegative(),
  /** 0..1, see `core/race/sharpness.ts`; null until it was read. */
  sharpness01: z.number().min(0).max(1).nullable(),
  /** Photo of the same event that shows the same file or the same moment; null: none. */
  duplicateOf: idSchema.nullable(),
});
export type RacePhoto = z.infer<typeof racePhotoSchema>;

/** A person or a bib as the net finds it. */
export interface RaceDetection {
  readonly box: Box;
  /** 0..1. */
  readonly confidence01: number;
}

/** A bib; those far behind the others count for less than the net says, see `workers/stages/detect-runners.ts`. */
export interface BibDetection extends RaceDetection {
  /** By its looks alone it is hardly a bib: it is one only if something can be read on it. */
  readonly isFaint: boolean;
}

/** What one photo shows before anything is read; confidence descending. */
export interface RaceDetections {
  readonly people: readonly RaceDetection[];
  readonly bibs: readonly BibDetection[];
}

/**
 * What the reader saw on one bib, before anybody asks which number it is: scores of every character at every step, so that a start list can
 * still have a say. Class 0 is CTC's blank; class `n` is `alphabet[n - 1]`.
 */
export interface BibScores {
  readonly alphabet: string;
  readonly steps: number;
  /** steps × (alphabet.length + 1), natural logarithms of probabilities. */
  readonly logProbabilities: Float32Array<ArrayBuffer>;
  /** Further looks at this bib, if there were any: the bib reader's from farther off, or that of a reader of any line. */
  readonly moreLooks?: readonly BibLook[];
  /** Where the line of the number stands. */
  readonly quad: Quad;
  /** 0..1: how likely it is that a part of the number is hidden or cut off (at its left, at its right). */
  readonly cut01: readonly [number, number];
  /** Width of the bib as found over its height, in pixels: what an arm covers makes it narrow. */
  readonly aspect: number;
  /** How far the number is from the middle of the bib: difference of the spaces at its left and right, in heights of the number. */
  readonly offCentre: number;
}

/** One more look at a bib. */
export interface BibLook {
  readonly reader: 'bib' | 'line';
  /** Its own number of steps × (alphabet.length + 1), as in {@link BibScores}. */
  readonly logProbabilities: Float32Array<ArrayBuffer>;
}

/** A number that a bib may show. */
export const bibCandidateSchema = z.strictObject({
  bib: z.string().min(1).max(16),
  probability01: z.number().min(0).max(1),
});
export type BibCandidate = z.infer<typeof bibCandidateSchema>;

/** `sure`: shown as the answer; `check`: for a person to look at; `none`: nothing can be said. */
export type BibCertainty = 'sure' | 'check' | 'none';

const boxSchema = z.strictObject({
  x: z.number(),
  y: z.number(),
  width: z.number().nonnegative(),
  height: z.number().nonnegative(),
});

/** Which number one runner of a photo carries. */
export const bibAnswerSchema = z.strictObject({
  /** Null when there is none to tell. */
  bib: z.string().min(1).max(16).nullable(),
  certainty: z.enum(['sure', 'check', 'none']),
  probability01: z.number().min(0).max(1),
  /** What can be read of a number that is partly hidden, `?` for each hidden end, e.g. `?45`; null when it is whole, or nothing is legible. */
  partial: z.string().max(16).nullable(),
  /** Probability descending, at most 5. */
  candidates: z.array(bibCandidateSchema).max(5),
  /** Who says so: the print, a neighbouring photo of the same runner, body and clothes, or the user. */
  saidBy: z.enum(['print', 'burst', 'body', 'user']),
});
export type BibAnswer = z.infer<typeof bibAnswerSchema>;

/** One runner of one photo. */
export const sightingSchema = z.strictObject({
  id: idSchema,
  /** Null where only a bib was found. */
  personBox: boxSchema.nullable(),
  /** Null where none can be seen. */
  bibBox: boxSchema.nullable(),
  /** 0..1, of the better found of the two. */
  confidence01: z.number().min(0).max(1),
  /** What this photo alone says. */
  read: bibAnswerSchema,
  /** What holds, with its neighbours and the user heard. */
  answer: bibAnswerSchema,
  /** The same runner, frame after frame; null when seen once. */
  burstId: idSchema.nullable(),
});
export type Sighting = z.infer<typeof sightingSchema>;

/** Everything that was seen in one photo. */
export const racePhotoReadingSchema = z.strictObject({
  photoId: idSchema,
  eventId: idSchema,
  sightings: z.array(sightingSchema).max(200),
  readAtMs: timeSchema,
  /** Milliseconds per stage. */
  durationsMs: z.record(z.string().max(40), z.number().nonnegative()),
});
export type RacePhotoReading = z.infer<typeof racePhotoReadingSchema>;

/** What the user said about one sighting. Its inverse has `before` and `after` swapped. */
export const bibDecisionSchema = z.strictObject({
  id: idSchema,
  eventId: idSchema,
  photoId: idSchema,
  sightingId: idSchema,
  atMs: timeSchema,
  before: bibAnswerSchema,
  after: bibAnswerSchema,
});
export type BibDecision = z.infer<typeof bibDecisionSchema>;

/** How one runner looks in one photo, before anybody compares it. */
export interface RunnerLook {
  /** Colours of body and clothes, see `core/race/body-look.ts`. */
  readonly look: Float32Array<ArrayBuffer>;
  /** 0 blurred … 1 sharp, see `core/race/sharpness.ts`; null where nothing has an edge. */
  readonly sharpness01: number | null;
}

/** What a photo's file says of itself, and what was measured beside its runners. */
export interface RacePhotoFacts {
  /** Make, model and, where it tells, serial number; null where the file does not say. */
  readonly cameraLabel: string | null;
  /** What the camera's clock said, as if it were UTC; null where the file does not say. */
  readonly cameraAtMs: number | null;
  /** Minutes that the camera believed to be ahead of UTC; null where the file does not say. */
  readonly cameraUtcOffsetMinutes: number | null;
  /** Of the picture, upright; of a RAW's embedded preview. */
  readonly widthPx: number;
  readonly heightPx: number;
  /** Of the main runners, or of the whole photo without any; null where nothing has an edge. */
  readonly sharpness01: number | null;
  /** 64 hexadecimal digits that two copies of a file share: of its size, its beginning and its end. */
  readonly contentHash: string;
}

/** What bodies look like, kept beside a reading: row `i` belongs to the reading's sighting `i`; empty row: not looked at. */
export interface SightingLooks {
  readonly photoId: string;
  readonly eventId: string;
  /** Which description this is; those of two versions are never compared. */
  readonly space: string;
  readonly looks: readonly Float32Array<ArrayBuffer>[];
}

/** One runner's face in one photo. */
export interface SightingFace {
  readonly sightingId: string;
  readonly box: Box;
  /** L2-normalised. */
  readonly vector: Float32Array<ArrayBuffer>;
}

/**
 * Faces of a photo's runners as numbers: biometric data, kept only while the race's search by selfie is on, on this device only. In no export, backup,
 * page or request.
 */
export interface PhotoFaces {
  readonly photoId: string;
  readonly eventId: string;
  /** Which description this is; those of two versions are never compared. */
  readonly space: EmbeddingSpace;
  /** Those large enough to be told apart; none is an answer, too. */
  readonly faces: readonly SightingFace[];
}

/** That photos of a race may be found by selfie. Absent: off. Of this device alone, so not a part of the race itself. */
export interface FaceSearch {
  readonly eventId: string;
  /** Description that its faces are kept in. */
  readonly space: EmbeddingSpace;
  readonly sinceMs: number;
}

/**
 * Whether the files of a source can be opened now. `asks`: the browser wants the user to allow the folder again (after a reload, or because it was
 * revoked); `absent`: the files have to be picked again, or the card to be plugged in again.
 */
export type SourceReach = 'open' | 'asks' | 'absent';

/**
 * What a photo says as a whole. `unread`; `nobody`: no runner in it; `nameless`: runners, and no number; `doubtful`: somebody should look at a
 * number; `named`: numbers, none doubtful.
 */
export type PhotoOutcome = 'unread' | 'nobody' | 'nameless' | 'doubtful' | 'named';

/** What an event or one of its sources holds; kept with every change, never counted anew. */
export interface RaceCounts {
  readonly photos: Readonly<Record<RacePhoto['state'], number>>;
  readonly outcomes: Readonly<Record<PhotoOutcome, number>>;
  readonly sightings: Readonly<Record<BibCertainty, number>>;
  readonly thumbnailBytes: number;
}

/** A folder that holds a file of this name was written by the app itself (a delivery): an import passes it over. */
export const DELIVERY_MARK = 'MEKIKI-DELIVERY.txt';

/** What two cameras say of each other. */
export interface ClockProposal {
  /** To be added to the second camera's clock, ms. */
  readonly offsetMs: number;
  /** `together`: they stood side by side and saw the same runners at once; `zone`: apart, but off by whole hours. */
  readonly basis: 'together' | 'zone';
  /** Runners that both saw. */
  readonly runners: number;
}

/** A camera whose clock seems wrong, and the one that says so. */
export interface CameraProposal extends ClockProposal {
  readonly cameraId: string;
  readonly otherId: string;
}
