/** @file From a finished analysis to a history entry. Thread: page. */
import type { PhotoAnalysis } from '../contracts/analysis.ts';
import type { VisionService } from '../contracts/client-api.ts';
import { AppError } from '../contracts/errors.ts';
import { WHOLE_FRAME } from '../contracts/geometry.ts';
import type { HistoryEntry, RememberedCandidate } from '../contracts/history.ts';
import type { LensSpec } from '../contracts/lens.ts';
import type { MediaRef } from '../contracts/media.ts';
import type { Candidate, Product } from '../contracts/product.ts';
import type { HistoryStore } from '../store/history.ts';

const PHOTO_SIDE_PX = 1280;
const THUMBNAIL_SIDE_PX = 256;

/**
 * Store what was seen. The photo is kept downsized, on this device only; faces stay as they are (it is the user's own album).
 * @param analysis complete, its frame still open in `vision`.
 * @throws AppError('quota-exceeded') with nothing stored.
 */
export async function remember(
  analysis: PhotoAnalysis,
  media: Pick<MediaRef, 'id' | 'capturedAtMs'>,
  lens: LensSpec,
  vision: VisionService,
  history: HistoryStore,
): Promise<HistoryEntry> {
  if (analysis.frame === null) throw new AppError('bug', 'nothing to remember: the photo was not decoded');
  const { frameId } = analysis.frame;
  const asJpeg = (maxSidePx: number) =>
    vision
      .cropImage(frameId, { box: WHOLE_FRAME, maxSidePx, type: 'image/jpeg', blurFaces: false, lookForFaces: false })
      .then(({ blob }) => blob);
  const entry: HistoryEntry = {
    id: media.id,
    lensId: lens.id,
    atMs: media.capturedAtMs,
    photo: await asJpeg(PHOTO_SIDE_PX),
    thumbnail: await asJpeg(THUMBNAIL_SIDE_PX),
    box: analysis.identification?.box ?? null,
    candidates: (analysis.identification?.candidates ?? []).slice(0, 10).map(toRemembered),
    certainty: analysis.identification?.certainty ?? 'not-sure',
    barcodes: analysis.barcodes,
    text: analysis.text,
    editedText: null,
    judgement: analysis.judgement,
    isFavourite: false,
    correctedProductId: null,
    backends: analysis.backends,
  };
  await history.add(entry);
  return entry;
}

/** Any language's name, the visitor's own script is chosen on screen. */
export function nameOf(product: Product): string {
  return product.name.ja ?? product.name.en ?? product.id;
}

function toRemembered({ product, probability01, evidence, computedOn }: Candidate): RememberedCandidate {
  return { productId: product.id, name: nameOf(product), probability01, evidence, computedOn };
}
