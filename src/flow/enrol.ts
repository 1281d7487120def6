/** @file One gallery photo of a product: box → embedding, colour, local features and words. Used by learning, ingests, the demo and evaluation. Thread: page or Node. */
import type { VisionService } from '../contracts/client-api.ts';
import type { Box } from '../contracts/geometry.ts';
import type { GalleryItem, Product } from '../contracts/product.ts';
import type { Look } from '../contracts/results.ts';
import type { CallOptions } from '../contracts/task.ts';
import { AppError, toAppError } from '../contracts/errors.ts';
import { photoWords } from '../core/photo-words.ts';

/** What to enrol. */
export interface Enrolment {
  readonly galleryId: string;
  readonly product: Pick<Product, 'id' | 'kind'>;
  /** `demo`, `user` or `pack:<id>`. */
  readonly source: string;
  /** Region that shows the product; default: as proposed by the vision worker. */
  readonly box?: Box;
  /** What the region looks like, where that is known already: it is not embedded again. Only with `box`. */
  readonly look?: Look;
  /** False: its words are not read, which is most of the work. Default: true. */
  readonly hasWords?: boolean;
}

/**
 * Describe an open frame as a gallery photo.
 * @param frameId open in `vision`; stays open.
 */
export async function enrolFrame(
  vision: VisionService,
  frameId: string,
  { galleryId, product, source, box: givenBox, look: known, hasWords = true }: Enrolment,
  call: CallOptions = {},
): Promise<GalleryItem> {
  const box = givenBox ?? (await vision.proposeBox(frameId, call));
  const look = known ?? (await vision.embed(frameId, [box], call))[0];
  if (look === undefined) throw new AppError('bug', 'embed returned nothing for one box', { stage: 'embed' });
  const { space, vector } = look.embedding;
  const ofAny = { id: galleryId, productId: product.id, space, vector, colour: look.colour, source };
  // Fronts, keypoints and words tell packs apart; loose goods have none of their own.
  if (product.kind === 'loose') return { ...ofAny, features: null };
  const item = look.front === undefined ? ofAny : { ...ofAny, front: look.front };
  const features = await vision.extractFeatures(frameId, box, call);
  const words = !hasWords ? null : await readWords(vision, frameId, box, call);
  return words === null ? { ...item, features } : { ...item, features, words };
}

/** @returns null when reading failed: a photo without words still teaches its look. @throws AppError('cancelled') */
async function readWords(vision: VisionService, frameId: string, region: Box, call: CallOptions): Promise<string[] | null> {
  try {
    return photoWords(await vision.readText(frameId, { script: 'auto', region }, call));
  } catch (caught) {
    if (toAppError(caught).code === 'cancelled') throw caught;
    return null;
  }
}

/** {@link enrolFrame} for a photo that is not open yet. */
export async function enrolPhoto(vision: VisionService, photo: Blob, enrolment: Enrolment, call: CallOptions = {}): Promise<GalleryItem> {
  const { frameId } = await vision.open(photo, call);
  try {
    return await enrolFrame(vision, frameId, enrolment, call);
  } finally {
    await vision.close(frameId);
  }
}
