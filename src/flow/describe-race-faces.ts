/**
 * @file Faces of a race's runners and of a selfie as numbers: on this device only, and only where the race's switch says so. Thread: page or Node; the
 * nets run in a worker.
 */
import type { VisionService } from '../contracts/client-api.ts';
import { AppError } from '../contracts/errors.ts';
import type { OpenedFrame } from '../contracts/media.ts';
import type { PhotoFaces, Sighting } from '../contracts/race.ts';
import type { EmbeddingSpace, FaceDescription } from '../contracts/results.ts';
import type { CallOptions } from '../contracts/task.ts';
import { isTellable } from '../core/faces/face-likeness.ts';
import { headRegion, ownFaces } from '../core/race/head-region.ts';
import { plainBox } from '../core/plain-box.ts';
import { bodyAround } from '../core/race/pair-bibs.ts';
import { evenMargin, widenBox } from '../core/widen-box.ts';
import { modelSpec } from '../models/registry.ts';
import { openPhotoFile } from './photo-file.ts';

/** Models that describing faces needs; to be fetched before the first photo, so that it works offline from then on. */
export const FACE_MODELS = ['blazeface', 'face-embedding'] as const;

/** Longest side at which faces are described: as large as the frame that numbers are read in, so that one decoding serves both. */
const PHOTO_SIDE_PX = 2048;
/** A person of fewer pixels has too few between the eyes, however much of the body is hidden. */
const MIN_PERSON_PX = 160;
/** Most faces of one photo; the tallest runners first. */
const MAX_FACES = 24;

/** Longest side of a selfie, and the detail in which faces are sought: they fill much of it. */
const SELFIE_SIDE_PX = 1600;
/** Around a face that was found, as shares of its box, so that its points are found again. */
const AROUND = evenMargin(1);
/** Most faces of a selfie to choose among. */
const MAX_CHOICES = 8;

/** Space that faces are described in. @throws AppError('bug') */
export function faceSpace(): EmbeddingSpace {
  const { id, embeddingSpace } = modelSpec('face-embedding');
  if (embeddingSpace === undefined) throw new AppError('bug', `${id} declares no space`);
  return embeddingSpace;
}

/** A photo as it is known. */
interface ReadPhoto {
  readonly photoId: string;
  readonly eventId: string;
  readonly sightings: readonly Pick<Sighting, 'id' | 'personBox' | 'bibBox'>[];
}

/**
 * Faces of the runners of an open photo; those too small or too blurred to be told apart are left out.
 * @throws what the worker throws
 */
export async function describeRunners(
  { photoId, eventId, sightings }: ReadPhoto,
  frame: OpenedFrame,
  vision: Pick<VisionService, 'describeFaces'>,
  options: CallOptions = {},
): Promise<PhotoFaces> {
  const bodies = sightings
    .flatMap(({ id, personBox, bibBox }) => {
      const body = personBox ?? (bibBox === null ? null : bodyAround(bibBox, frame));
      return body !== null && body.height * frame.heightPx >= MIN_PERSON_PX ? [{ id, body }] : [];
    })
    .sort((a, b) => b.body.height - a.body.height)
    .slice(0, MAX_FACES);
  const regions = bodies.map(({ body }) => headRegion(body, frame));
  const found = regions.length === 0 ? [] : ownFaces(await vision.describeFaces(frame.frameId, regions, options), regions);
  const faces = found.flatMap((face, i) =>
    face !== null && isTellable(face) ? [{ sightingId: bodies[i]!.id, box: plainBox(face.box), vector: face.embedding.vector }] : [],
  );
  return { photoId, eventId, space: faceSpace(), faces };
}

/**
 * Faces of a photo that was read before.
 * @param open called only if there is anybody in it.
 * @throws what `open` throws; AppError('decode-unsupported' | 'invalid-input' | 'cancelled'); what the worker throws
 */
export async function describePhoto(
  open: () => Promise<Blob>,
  photo: ReadPhoto,
  vision: Pick<VisionService, 'open' | 'close' | 'describeFaces'>,
  options: CallOptions = {},
): Promise<PhotoFaces> {
  if (photo.sightings.length === 0) return { photoId: photo.photoId, eventId: photo.eventId, space: faceSpace(), faces: [] };
  const { picture } = await openPhotoFile(await open());
  const frame = await vision.open(picture, { ...options, maxSidePx: PHOTO_SIDE_PX });
  try {
    return await describeRunners(photo, frame, vision, options);
  } finally {
    await vision.close(frame.frameId).catch(() => {});
  }
}

/**
 * Faces of a picture that somebody took of themselves, largest first; nothing of it is kept.
 * @throws AppError('decode-unsupported' | 'cancelled'); what the worker throws
 */
export async function describeSelfie(
  picture: Blob,
  vision: Pick<VisionService, 'open' | 'close' | 'detectFaces' | 'describeFaces'>,
  options: CallOptions = {},
): Promise<FaceDescription[]> {
  const frame = await vision.open(picture, { ...options, maxSidePx: SELFIE_SIDE_PX });
  try {
    const faces = (await vision.detectFaces(frame.frameId, options))
      .sort((a, b) => b.box.width * b.box.height - a.box.width * a.box.height)
      .slice(0, MAX_CHOICES);
    if (faces.length === 0) return [];
    const regions = faces.map(({ box }) => widenBox(box, AROUND));
    return ownFaces(await vision.describeFaces(frame.frameId, regions, options), regions).filter((face) => face !== null);
  } finally {
    await vision.close(frame.frameId).catch(() => {});
  }
}
