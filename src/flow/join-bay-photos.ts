/** @file The photos of one bay as one reading, where they overlap. Thread: page. */
import type { Compliance, ShelfReading } from '../contracts/shelf.ts';
import type { BayPhoto, PhotoReading } from '../contracts/visit.ts';
import type { BayHeights } from '../core/shelf/eye-level.ts';
import { lookVector } from '../core/shelf/look-vector.ts';
import { mergeReadings } from '../core/shelf/merge-readings.ts';
import type { BayPhotoStore } from '../store/bay-photos.ts';

/** A photo that was read. */
export interface ReadPhoto {
  readonly photo: BayPhoto;
  readonly reading: PhotoReading;
}

/** What the photos show together. */
export interface JoinedPhotos {
  /** One, when there is one photo or all could be laid over each other; else one for each photo, and what two of them show counts twice. */
  readonly readings: readonly ShelfReading[];
  /** Ids of one facing in all photos, by the id that stands for it; empty when nothing was joined. */
  readonly sameFacings: ReadonlyMap<string, readonly string[]>;
}

/** @param photos of one bay, as the user left them. @param heights of the bay, null for usual ones. */
export async function joinBayPhotos(
  photos: readonly ReadPhoto[],
  bayPhotos: Pick<BayPhotoStore, 'looks'>,
  heights: BayHeights | null,
): Promise<JoinedPhotos> {
  const apart: JoinedPhotos = { readings: photos.map(({ reading }) => reading.current), sameFacings: new Map() };
  if (photos.length < 2) return apart;
  const parts = await Promise.all(
    photos.map(async ({ photo, reading }) => ({
      reading: reading.current,
      widthPx: photo.widthPx,
      heightPx: photo.heightPx,
      looks: new Map((await bayPhotos.looks(photo.id)).map(({ facingId, look }) => [facingId, lookVector(look)])),
    })),
  );
  const { merged } = mergeReadings(parts, heights === null ? {} : { bay: heights });
  return merged === null ? apart : { readings: [merged.reading], sameFacings: merged.sameFacings };
}

/** Differences name a facing by its ids in all photos, so that each photo can show it. */
export function inAllPhotos(compliance: Compliance, sameFacings: ReadonlyMap<string, readonly string[]>): Compliance {
  if (sameFacings.size === 0) return compliance;
  const differences = compliance.differences.map((difference) => ({
    ...difference,
    facingIds: difference.facingIds.flatMap((id) => sameFacings.get(id) ?? [id]),
  }));
  return { ...compliance, differences };
}
