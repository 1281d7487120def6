/**
 * @file Publishes a runner's own page: what it says and small pictures of the runner alone, cut out on this device, everybody else's face blurred.
 * Each step may be done again: what the server has is not sent twice. Thread: page.
 */
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { VisionService } from '../contracts/client-api.ts';
import { CROP_LIMITS, type ThumbnailPayload } from '../contracts/egress.ts';
import { AppError } from '../contracts/errors.ts';
import type { PictureService } from '../contracts/picture-api.ts';
import type { RaceGallery, RunnerPage } from '../contracts/race-gallery.ts';
import type { DeliveryProblem, Watermark } from '../contracts/race-delivery.ts';
import { ServerRefusal } from '../contracts/server-api.ts';
import type { ServerClient } from '../clients/server-client.ts';
import type { RaceContents, Runner, RunnerPhoto } from '../core/race/runner-photos.ts';
import { thumbnailBox } from '../core/race/thumbnail-box.ts';
import { openPhotoFile } from './photo-file.ts';
import { problemOf, type DeliveryPlaces } from './race-plan.ts';

/** How pages look, and how long they stand. */
export interface PublishWish {
  readonly days: number;
  readonly withNames: boolean;
  readonly photographer: string;
  /** Null: none. */
  readonly watermark: Watermark | null;
}

/** What publishing stands on. */
export interface PublishPlaces {
  readonly open: DeliveryPlaces['open'];
  readonly vision: Pick<VisionService, 'open' | 'close' | 'cropImage'>;
  readonly pictures: Pick<PictureService, 'make'>;
  readonly server: Pick<ServerClient, 'publishGallery' | 'publishThumbnail'>;
  readonly lensId: string;
  /** Of this device: links come out of it. */
  readonly secret: Uint8Array;
  /** The user's key for the server; null: this machine's own server. */
  readonly key: string | null;
  readonly now?: () => number;
}

const DAY_MS = 86_400_000;
/** Shown of one runner; more than anybody looks at. */
const MAX_PHOTOS = 500;
/** Faces are found in it, and the cut is 512 px at most. */
const FRAME_SIDE_PX = 2048;
/** The last are small enough for any picture. */
const QUALITIES = [0.8, 0.6, 0.4, 0.3] as const;

/** @returns what the link ends with; the same for the same device and page. */
export function galleryToken(secret: Uint8Array, galleryId: string): string {
  return base64url(hmac(sha256, secret, utf8ToBytes(`runner page\n${galleryId}`)));
}

/** @param origin of the server. */
export function galleryLink(origin: string, secret: Uint8Array, galleryId: string): string {
  return `${origin}/v1/g/${galleryToken(secret, galleryId)}`;
}

/** @returns the same id for the same runner of the same race, which says neither. */
export function galleryIdOf(eventId: string, bib: string): string {
  return bytesToHex(sha256(utf8ToBytes(`runner page\n${eventId}\n${bib}`))).slice(0, 32);
}

/**
 * @param before what is known of the page. @param keep called when there is something new to remember, before and after pictures are sent.
 * @returns photos that could not be shown. @throws AppError('permission-denied') when not switched on; as the server client.
 */
export async function publishRunner(
  runner: Runner,
  { event }: Pick<RaceContents, 'event'>,
  wish: PublishWish,
  places: PublishPlaces,
  keep: (page: RunnerPage) => Promise<void>,
  signal?: AbortSignal,
): Promise<DeliveryProblem[]> {
  const { server, lensId, key, now = Date.now } = places;
  const galleryId = galleryIdOf(event.id, runner.bib);
  const shown = runner.photos.filter(({ sighting }) => thumbnailBox(sighting, CROP_LIMITS.maxFrameShare) !== null).slice(0, MAX_PHOTOS);
  const gallery = galleryOf(runner, event, shown, wish, galleryId, places);
  const page: RunnerPage = {
    ...{ id: `${event.id}.${runner.bib}`, eventId: event.id, bib: runner.bib, galleryId, state: 'sending', photos: shown.length },
    ...{ expiresAtMs: gallery.expiresAtMs, changedAtMs: now() },
  };
  if (shown.length === 0) return [];
  await keep(page);
  const options = signal === undefined ? {} : { signal };
  let published: Awaited<ReturnType<typeof server.publishGallery>>;
  try {
    published = await server.publishGallery(lensId, gallery, key, options);
  } catch (error) {
    if (!(error instanceof ServerRefusal) || error.status !== 410) throw error;
    await keep({ ...page, state: 'taken-down', changedAtMs: now() });
    return [];
  }
  if (published === null) throw notAllowed();
  const missing = new Set(published.missing);
  const problems: DeliveryProblem[] = [];
  for (const photo of shown) {
    const photoId = photoIdOf(photo);
    if (!missing.has(photoId)) continue;
    if (signal?.aborted === true) throw new AppError('cancelled', 'cancelled by the user');
    let picture: ThumbnailPayload;
    try {
      picture = await thumbnailOf(photo, wish, places, signal);
    } catch (error) {
      problems.push(problemOf(error, photo.photo.path));
      continue;
    }
    if (!(await server.publishThumbnail(lensId, { galleryId, photoId }, picture, key, options))) throw notAllowed();
  }
  await keep({ ...page, state: problems.length === 0 ? 'published' : 'sending', expiresAtMs: published.expiresAtMs, changedAtMs: now() });
  return problems;
}

/** Take a page back: everything on it is erased. @throws as `publishRunner` */
export async function withdrawRunner(
  page: RunnerPage,
  { event }: Pick<RaceContents, 'event'>,
  { server, lensId, key, secret, now = Date.now }: Pick<PublishPlaces, 'server' | 'lensId' | 'key' | 'secret' | 'now'>,
): Promise<RunnerPage> {
  const gallery: RaceGallery = {
    ...{ format: 'mekiki-race-gallery', version: 1, id: page.galleryId, tokenHash: hashOf(galleryToken(secret, page.galleryId)) },
    ...{ event: event.name, day: event.day, bib: page.bib, name: '', photographer: '', expiresAtMs: now(), photos: [] },
  };
  try {
    if ((await server.publishGallery(lensId, gallery, key)) === null) throw notAllowed();
  } catch (error) {
    if (!(error instanceof ServerRefusal) || error.status !== 410) throw error;
    return { ...page, state: 'taken-down', changedAtMs: now() };
  }
  return { ...page, state: 'withdrawn', changedAtMs: now() };
}

function galleryOf(
  { bib, entrants }: Runner,
  event: RaceContents['event'],
  shown: readonly RunnerPhoto[],
  { days, withNames, photographer }: PublishWish,
  id: string,
  { secret, now = Date.now }: PublishPlaces,
): RaceGallery {
  return {
    ...{
      format: 'mekiki-race-gallery',
      version: 1,
      id,
      tokenHash: hashOf(galleryToken(secret, id)),
      event: event.name,
      day: event.day,
      bib,
    },
    // Two names for one number: nobody knows whose page it is.
    name: withNames && entrants.length === 1 ? entrants[0]!.name : '',
    photographer,
    expiresAtMs: now() + days * DAY_MS,
    photos: shown.map((photo) => ({
      id: photoIdOf(photo),
      takenAt: photo.localAtMs === null ? null : new Date(photo.localAtMs).toISOString().slice(0, 19),
      isGoal: photo.camera?.place === 'goal',
    })),
  };
}

async function thumbnailOf(
  { photo, sighting }: RunnerPhoto,
  { watermark }: PublishWish,
  { open, vision, pictures }: PublishPlaces,
  signal: AbortSignal | undefined,
): Promise<ThumbnailPayload> {
  const cut = thumbnailBox(sighting, CROP_LIMITS.maxFrameShare);
  if (cut === null) throw new AppError('invalid-input', 'nothing says where the runner is');
  const options = { ...(signal === undefined ? {} : { signal }), priority: 'batch' as const };
  const { picture } = await openPhotoFile(await open(photo));
  const { frameId } = await vision.open(picture, { ...options, maxSidePx: FRAME_SIDE_PX });
  try {
    const crop = await vision.cropImage(
      frameId,
      { box: cut.box, maxSidePx: CROP_LIMITS.maxSidePx, type: 'image/jpeg', blurFaces: true, sparedPerson: cut.person },
      options,
    );
    // Made anew: with the watermark, and small enough.
    for (const quality01 of QUALITIES) {
      const made = await pictures.make(crop.blob, { maxSidePx: CROP_LIMITS.maxSidePx, quality01, watermark }, options);
      if (made.blob.size <= CROP_LIMITS.maxBytes)
        return { type: 'thumbnail', blob: made.blob, widthPx: made.widthPx, heightPx: made.heightPx, box: cut.box, othersShown: 0 };
    }
    throw new AppError('invalid-input', 'the picture is too large');
  } finally {
    await vision.close(frameId);
  }
}

function photoIdOf({ photo }: RunnerPhoto): string {
  return bytesToHex(sha256(utf8ToBytes(`runner photo\n${photo.id}`))).slice(0, 16);
}

function hashOf(token: string): string {
  return bytesToHex(sha256(utf8ToBytes(token)));
}

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

function notAllowed(): AppError {
  return new AppError('permission-denied', 'pages of runners are not switched on', { stage: 'egress' });
}
