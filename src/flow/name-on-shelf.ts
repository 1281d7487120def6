/**
 * @file A name given on one photo of a visit, and what follows from it on all of them: learnt, compared with every facing of the visit without
 * embedding anything again, and taken back whole. Thread: page.
 */
import type { Product } from '../contracts/product.ts';
import type { Facing, FacingLook, FacingNews } from '../contracts/shelf.ts';
import type { CallOptions } from '../contracts/task.ts';
import type { PhotoReading, ShelfEdit } from '../contracts/visit.ts';
import { Lane } from '../core/lane.ts';
import { withEdit, withNames, withoutLast, type Heights } from '../core/shelf/edit-history.ts';
import { nameFacings, type EditStamp } from '../core/shelf/edit-reading.ts';
import { withNews } from '../core/shelf/facing-news.ts';
import { identifyFacings } from '../core/shelf/identify-facings.ts';
import { rematch, type GalleryChange } from '../core/shelf/rematch.ts';
import type { BayPhotoStore } from '../store/bay-photos.ts';
import type { Memory } from './learn.ts';
import { lookAtFacings } from './look-at-facings.ts';
import { teachFacings, unteachFacings, type ShelfProduct } from './teach-facings.ts';

/** Facings of one photo that the user names. */
export interface Naming {
  readonly reading: PhotoReading;
  readonly facingIds: readonly string[];
  /** Id of a known product, or a new one. */
  readonly target: string | ShelfProduct;
  readonly stamp: EditStamp;
}

/** Where names go. */
export interface NamingPlaces extends Memory {
  readonly bayPhotos: BayPhotoStore;
  readonly heightsOf: (bayId: string) => Heights;
}

/**
 * @returns the readings that changed, kept already: that of the photo first.
 * @throws AppError as `teachFacings`; `quota-exceeded` when the readings could not be kept: what was learnt is taken back then.
 */
export async function nameOnShelf(
  { reading, facingIds, target, stamp }: Naming,
  places: NamingPlaces,
  call: CallOptions = {},
): Promise<{ readonly product: Product; readonly changed: readonly PhotoReading[] }> {
  const { bayPhotos } = places;
  const { photoId } = reading;
  const wanted = new Set(facingIds);
  const facings = reading.current.facings.filter(({ id }) => wanted.has(id));
  const photo = await bayPhotos.picture(photoId, 'screen');
  const known = await bayPhotos.looks(photoId);
  const seen = new Set(known.map(({ facingId }) => facingId));
  const looks = await withLooksAt(
    photo,
    facings.filter(({ id }) => !seen.has(id)),
    known,
    places,
    call,
  );
  const teaching = await teachFacings({ photoId, photo, facings, looks }, target, places, call);
  const { product, corrections, change } = teaching;
  const edit: ShelfEdit = { ...nameFacings(reading.current, facingIds, product.id, stamp), teaching: { product, corrections } };
  const named = withEdit(reading, edit, places.heightsOf(reading.bayId));
  try {
    return { product, changed: await applyAgain(named, looks, change, places) };
  } catch (error) {
    await unteachFacings(teaching, places, call).catch(() => {});
    throw error;
  }
}

/** Take the last edit of a photo back, which taught something. @returns as {@link nameOnShelf}. */
export async function unnameOnShelf(reading: PhotoReading, places: NamingPlaces, call: CallOptions = {}): Promise<readonly PhotoReading[]> {
  const last = reading.edits.at(-1);
  const back = withoutLast(reading, places.heightsOf(reading.bayId));
  if (last?.teaching === undefined) return [back];
  const change = await unteachFacings({ corrections: last.teaching.corrections }, places, call);
  return applyAgain(back, null, change, places);
}

/** Look at facings that the user drew, moved or split. @returns looks of the whole photo, not kept yet. */
export async function lookAgain(
  photoId: string,
  facings: readonly Facing[],
  places: Pick<NamingPlaces, 'bayPhotos' | 'vision' | 'index'>,
  call: CallOptions = {},
): Promise<readonly FacingLook[]> {
  const anew = new Set(facings.map(({ id }) => id));
  const known = (await places.bayPhotos.looks(photoId)).filter(({ facingId }) => !anew.has(facingId));
  return withLooksAt(await places.bayPhotos.picture(photoId, 'screen'), facings, known, places, call);
}

/** Name the facings of a photo by their looks; what the user said stays. */
export async function namedByLooks(
  photo: PhotoReading,
  looks: readonly FacingLook[],
  { products, heightsOf }: Pick<NamingPlaces, 'products' | 'heightsOf'>,
): Promise<PhotoReading> {
  const catalogue = await products.byIds([...new Set(looks.flatMap(({ matches }) => matches.map(({ productId }) => productId)))]);
  return withNames(photo, identifyFacings(photo.current.facings, looks, catalogue), heightsOf(photo.bayId));
}

/**
 * Something was found out about facings: it is kept with their looks, and the photo named anew by them.
 * @returns as kept; null when the photo is gone. @throws AppError('quota-exceeded')
 */
export async function takeNews(
  photoId: string,
  news: readonly FacingNews[],
  places: Pick<NamingPlaces, 'bayPhotos' | 'products' | 'heightsOf'>,
): Promise<PhotoReading | null> {
  const looks = await places.bayPhotos.amendLooks(photoId, (known) => withNews(known, news));
  return lane.run(async () => {
    const before = await places.bayPhotos.reading(photoId);
    if (before === null) return null;
    const named = await namedByLooks(before, looks, places);
    await places.bayPhotos.put([named]);
    return named;
  });
}

/** Keep a photo that was named by its looks, and them with it. @throws AppError('quota-exceeded') */
export function keepNamed(photo: PhotoReading, looks: readonly FacingLook[], bayPhotos: BayPhotoStore): Promise<void> {
  return bayPhotos.put([photo], new Map([[photo.photoId, looks]]));
}

/** Compare every facing of the visit with what the gallery is now. */
function applyAgain(
  first: PhotoReading,
  /** Of its photo; null: as they are kept. */
  given: readonly FacingLook[] | null,
  change: GalleryChange,
  places: NamingPlaces,
): Promise<readonly PhotoReading[]> {
  const { bayPhotos } = places;
  return lane.run(async () => {
    const kept = await bayPhotos.readingsOf(first.visitId);
    const others = kept.filter(({ photoId }) => photoId !== first.photoId);
    const looks = new Map(await bayPhotos.looksOf(first.visitId));
    if (given !== null) looks.set(first.photoId, given);
    const compared = new Map([...looks].map(([photoId, each]) => [photoId, rematch(each, change)] as const));
    const changed: PhotoReading[] = [];
    for (const photo of [first, ...others]) changed.push(await namedByLooks(photo, compared.get(photo.photoId) ?? [], places));
    await bayPhotos.put(changed, compared);
    return changed;
  });
}

/** Readings are read, named and written by one at a time: packs are read in the background while the user names. */
const lane = new Lane();

async function withLooksAt(
  photo: Blob | null,
  facings: readonly Facing[],
  known: readonly FacingLook[],
  places: Pick<NamingPlaces, 'vision' | 'index'>,
  call: CallOptions,
): Promise<readonly FacingLook[]> {
  if (facings.length === 0 || photo === null) return known;
  const { frameId } = await places.vision.open(photo, call);
  try {
    return [...known, ...(await lookAtFacings(frameId, facings, places, call))];
  } finally {
    await places.vision.close(frameId).catch(() => {});
  }
}
