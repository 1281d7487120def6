/**
 * @file A process that describes photos for `npm run ingest`, one at a time, until its parent lets go of it. A process of its own, so that
 * a file which brings the decoder down takes nothing else with it. Talks over Node's channel: {@link PhotoTask} in, {@link PhotoAnswer} out.
 */
import { readFile, stat } from 'node:fs/promises';
import { AppError, toAppError, type ErrorCode } from '../../src/contracts/errors.ts';
import { MAX_PHOTO_BYTES } from '../../src/contracts/media.ts';
import type { Product } from '../../src/contracts/product.ts';
import { toGalleryMetadata } from '../../src/core/gallery-metadata.ts';
import { encodeKeypoints } from '../../src/core/keypoint-bytes.ts';
import { directVision } from '../../src/flow/direct-service.ts';
import { enrolFrame } from '../../src/flow/enrol.ts';
import { createVision } from '../../workers/stages/vision.ts';
import { createNodeRuntime } from '../runtime/node-runtime.ts';

/** Longest side of the picture that is kept: shown on phones at most so large. */
const THUMBNAIL_SIDE_PX = 240;

/** What to do with one file. */
export interface PhotoTask {
  readonly number: number;
  readonly path: string;
  readonly kind: Product['kind'];
  readonly hasWords: boolean;
  /** `only`: nothing but the thumbnail, of a photo that was described before. */
  readonly thumbnail: boolean | 'only';
}

/** What a photo shows. */
export interface DescribedPhoto {
  readonly space: string;
  readonly vector: Float32Array;
  /** Colour and words, as `toGalleryMetadata` writes them. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly keypoints: Uint8Array | null;
  readonly thumbnail: Uint8Array | null;
}

/** One answer for each task. Described is null for `thumbnail: 'only'`. */
export type PhotoAnswer =
  | { readonly number: number; readonly described: DescribedPhoto }
  | { readonly number: number; readonly code: ErrorCode; readonly problem: string };

// One thread: there are as many of these processes as cores.
const vision = directVision(createVision(createNodeRuntime({ threads: 1 })));

async function describe({ path, kind, hasWords, thumbnail }: PhotoTask): Promise<DescribedPhoto> {
  const { size } = await stat(path);
  if (size > MAX_PHOTO_BYTES) throw new AppError('decode-unsupported', `The file has ${size} bytes, more than ${MAX_PHOTO_BYTES}`);
  const { frameId } = await vision.open(new Blob([await readFile(path)]));
  try {
    const box = await vision.proposeBox(frameId);
    const picture = thumbnail === false ? null : await vision.cropImage(frameId, pictureOf(box));
    const bytes = picture === null ? null : new Uint8Array(await picture.blob.arrayBuffer());
    if (thumbnail === 'only') return { space: '', vector: new Float32Array(0), metadata: {}, keypoints: null, thumbnail: bytes };
    const item = await enrolFrame(vision, frameId, { galleryId: '', product: { id: '', kind }, source: '', box, hasWords });
    const keypoints = item.features === null || item.features.count === 0 ? null : encodeKeypoints(item.features);
    return { space: item.space, vector: item.vector, metadata: toGalleryMetadata(item), keypoints, thumbnail: bytes };
  } finally {
    await vision.close(frameId);
  }
}

/** Faces of whoever stood behind the product are nobody's business. */
function pictureOf(box: Parameters<typeof vision.cropImage>[1]['box']): Parameters<typeof vision.cropImage>[1] {
  return { box, maxSidePx: THUMBNAIL_SIDE_PX, type: 'image/webp', blurFaces: true };
}

process.on('message', (task: PhotoTask) => {
  describe(task).then(
    (described) => answer({ number: task.number, described }),
    (error: unknown) => {
      const { code, message } = toAppError(error, 'bug');
      answer({ number: task.number, code, problem: message });
    },
  );
});
// Ctrl-C reaches the whole group: the parent decides what is finished.
process.on('SIGINT', () => {});
process.on('disconnect', () => process.exit(0));

function answer(given: PhotoAnswer): void {
  if (process.connected) process.send?.(given);
}
