/** @file One photo as an ingest keeps it: what a pack needs to know it again, and a small picture. Runs in a recogniser process. */
import type { GalleryItem, Product } from '../../src/contracts/product.ts';
import { toGalleryMetadata } from '../../src/core/gallery-metadata.ts';
import { encodeKeypoints } from '../../src/core/keypoint-bytes.ts';
import { directVision } from '../../src/flow/direct-service.ts';
import { enrolFrame } from '../../src/flow/enrol.ts';
import { createVision, type VisionRuntime } from '../../workers/stages/vision.ts';

/** Longest side of the picture: shown on phones at most so large. */
const THUMBNAIL_SIDE_PX = 240;

/** How to describe a photo. */
export interface EnrolTask {
  readonly kind: 'enrol';
  readonly product: Product['kind'];
  /** Read the words on it: most of the work. */
  readonly hasWords: boolean;
  /** `only`: nothing but the picture, of a photo that was described before. */
  readonly thumbnail: boolean | 'only';
}

/** What a photo shows. */
export interface EnrolledPhoto {
  /** Null for `thumbnail: 'only'`. */
  readonly item: {
    readonly space: string;
    readonly vector: Float32Array;
    /** Colour and words, as `toGalleryMetadata` writes them. */
    readonly metadata: Readonly<Record<string, string>>;
    /** [Note: Layout of keypoints]; null for a photo without. */
    readonly keypoints: Uint8Array | null;
  } | null;
  /** WebP, faces of bystanders blurred. */
  readonly thumbnail: Uint8Array | null;
}

/** @throws AppError as the stages do; `decode-unsupported` for what is no photo. */
export async function enrolPhoto(
  photo: Blob,
  { product, hasWords, thumbnail }: EnrolTask,
  runtime: VisionRuntime,
): Promise<{ widthPx: number; heightPx: number; enrolled: EnrolledPhoto }> {
  const vision = directVision(createVision(runtime));
  const { frameId, originalWidthPx: widthPx, originalHeightPx: heightPx } = await vision.open(photo);
  const box = await vision.proposeBox(frameId);
  const picture =
    thumbnail === false
      ? null
      : await vision.cropImage(frameId, { box, maxSidePx: THUMBNAIL_SIDE_PX, type: 'image/webp', blurFaces: true });
  const bytes = picture === null ? null : new Uint8Array(await picture.blob.arrayBuffer());
  if (thumbnail === 'only') return { widthPx, heightPx, enrolled: { item: null, thumbnail: bytes } };
  const item = await enrolFrame(vision, frameId, { galleryId: '', product: { id: '', kind: product }, source: '', box, hasWords });
  const { space, vector } = item;
  const kept = { space, vector, metadata: toGalleryMetadata(item), keypoints: keypointsOf(item) };
  return { widthPx, heightPx, enrolled: { item: kept, thumbnail: bytes } };
}

function keypointsOf({ features }: GalleryItem): Uint8Array | null {
  return features === null || features.count === 0 ? null : encodeKeypoints(features);
}
