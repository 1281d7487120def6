/** @file A photo of a bay is analysed and kept: what was read, what its facings look like, and a smaller photo to look at. Thread: page. */
import { WHOLE_FRAME } from '../contracts/geometry.ts';
import { AppError } from '../contracts/errors.ts';
import type { ShelfAnalysis, ShelfReading } from '../contracts/shelf.ts';
import type { CallOptions } from '../contracts/task.ts';
import type { BayPhoto, PhotoReading } from '../contracts/visit.ts';
import { withFound, type Heights } from '../core/shelf/edit-history.ts';
import type { BayPhotoStore } from '../store/bay-photos.ts';
import { analyseShelf, type ShelfPlaces } from './analyse-shelf.ts';

/** Large enough to read a price tag of a dense shelf; a twelve-megapixel photo takes about 1 MB so. */
const SCREEN_SIDE_PX = 2560;
const THUMBNAIL_SIDE_PX = 256;
/** An answer that lost its worker half-way is not left at that. */
const WORTH_ANOTHER_TRY: ReadonlySet<string> = new Set(['worker-died', 'gpu-lost', 'busy']);

const NOTHING_FOUND: ShelfReading = { facings: [], layout: { rows: [], placements: [], blocks: [], gaps: [] }, tags: [] };

/** Options of {@link readBayPhoto}. */
export interface ReadBayPhotoOptions extends CallOptions {
  readonly onUpdate?: (analysis: ShelfAnalysis) => void;
  /** Of the bay; default: as usual. */
  readonly heights?: Heights;
}

/**
 * @param blob the photo as it came.
 * @returns the photo as it is kept now. What the user changed in an earlier reading of it is applied to the new one.
 * @throws AppError as `analyseShelf`; of `detect`, which nothing can do without; of a worker that died; `quota-exceeded` with nothing written:
 * the photo as it came then still waits.
 */
export async function readBayPhoto(
  photo: BayPhoto,
  blob: Blob,
  places: ShelfPlaces,
  store: BayPhotoStore,
  { heights = null, ...options }: ReadBayPhotoOptions = {},
): Promise<BayPhoto> {
  const analysis = await analyseShelf({ id: photo.id, blob }, places, { ...options, keepFrame: true });
  const { frame, reading } = analysis;
  if (frame === null) throw new AppError('bug', 'an analysis without its photo');
  try {
    const failed = analysis.errors.detect ?? Object.values(analysis.errors).find(({ code }) => WORTH_ANOTHER_TRY.has(code));
    if (failed !== undefined) throw failed;
    const asJpeg = async (maxSidePx: number): Promise<Blob> =>
      (
        await places.vision.cropImage(
          frame.frameId,
          { box: WHOLE_FRAME, maxSidePx, type: 'image/jpeg', blurFaces: false, lookForFaces: false },
          options,
        )
      ).blob;
    const screen = await asJpeg(SCREEN_SIDE_PX);
    const thumbnail = await asJpeg(THUMBNAIL_SIDE_PX);
    const before = await store.reading(photo.id);
    return await store.finish(photo.id, {
      ...{ widthPx: frame.originalWidthPx, heightPx: frame.originalHeightPx, screen, thumbnail, looks: analysis.looks },
      reading: readingOf(photo, reading ?? NOTHING_FOUND, before, analysis.durationsMs, heights),
    });
  } finally {
    await places.vision.close(frame.frameId).catch(() => {});
  }
}

function readingOf(
  { id, visitId, bayId }: BayPhoto,
  found: ShelfReading,
  before: PhotoReading | null,
  durationsMs: PhotoReading['durationsMs'],
  heights: Heights,
): PhotoReading {
  const readAtMs = Date.now();
  if (before !== null && before.edits.length > 0) return { ...withFound(before, found, heights), durationsMs, readAtMs };
  return { photoId: id, visitId, bayId, found, current: found, edits: [], undone: [], durationsMs, readAtMs };
}
