/** @file One gallery photo of a product: box → embedding, colour and local features. Used by learning, packs and evaluation. Thread: page or Node. */
import type { VisionService } from '../contracts/client-api.ts';
import type { Box } from '../contracts/geometry.ts';
import type { GalleryItem, Product } from '../contracts/product.ts';
import type { CallOptions } from '../contracts/task.ts';
import { AppError } from '../contracts/errors.ts';

/** What to enrol. */
export interface Enrolment {
  readonly galleryId: string;
  readonly product: Pick<Product, 'id' | 'kind'>;
  /** `demo`, `user` or `pack:<id>`. */
  readonly source: string;
  /** Region that shows the product; default: as proposed by the vision worker. */
  readonly box?: Box;
}

/**
 * Describe an open frame as a gallery photo.
 * @param frameId open in `vision`; stays open.
 */
export async function enrolFrame(
  vision: VisionService,
  frameId: string,
  { galleryId, product, source, box: givenBox }: Enrolment,
  call: CallOptions = {},
): Promise<GalleryItem> {
  const box = givenBox ?? (await vision.proposeBox(frameId, call));
  const [look] = await vision.embed(frameId, [box], call);
  if (look === undefined) throw new AppError('bug', 'embed returned nothing for one box', { stage: 'embed' });
  // Keypoints tell packs apart; loose goods have none that repeat.
  const features = product.kind === 'packaged' ? await vision.extractFeatures(frameId, box, call) : null;
  const { space, vector } = look.embedding;
  return { id: galleryId, productId: product.id, space, vector, colour: look.colour, features, source };
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
