/**
 * @file Pages of runners: taken in, shown to whoever has the link, taken down, ended. What a page says and each of its pictures are encrypted with
 * keys of their own. Pictures lie among the thumbnails, so that they are erased as those are.
 */
import { createHash } from 'node:crypto';
import type { FastifyBaseLogger } from 'fastify';
import { CROP_LIMITS } from '../../../src/contracts/egress.ts';
import { raceGallerySchema, type PublishedGallery, type RaceGallery, type TakeDowns } from '../../../src/contracts/race-gallery.ts';
import { GALLERY_COLLECTION } from '../../../src/contracts/records-api.ts';
import type { RaceGalleries, StoredGallery } from '../../repositories/race-galleries.ts';
import type { ItemPlace } from '../../repositories/records.ts';
import { seal, unseal } from '../secrets/envelope.ts';
import type { ErasureService, ErasureWish } from '../records/erasure.ts';
import { HttpProblem } from '../http/problem.ts';
import type { ThumbnailService } from '../records/thumbnail-service.ts';

const DAY_MS = 86_400_000;
const SWEEP_MS = 3_600_000;
const SWEEP_GALLERIES = 500;
const MAX_TAKE_DOWNS = 1000;
/** What operators may fill. */
const MAX = { galleries: 200_000, bytes: 8 * 2 ** 30 } as const;

/** What it stands on. */
export interface RaceGalleryParts {
  readonly galleries: RaceGalleries;
  readonly thumbnails: Pick<ThumbnailService, 'put' | 'get'>;
  readonly erasure: Pick<ErasureService, 'request' | 'isErasing'>;
  /** 32 bytes. */
  readonly masterKey: Uint8Array;
  readonly keepsDays: number;
  readonly logger: FastifyBaseLogger;
  readonly max?: { readonly galleries: number; readonly bytes: number };
  readonly now?: () => number;
}

/** A page as its link shows it: everything, that it was taken down, or null where there is none (any more). */
export type ShownGallery = { readonly gallery: RaceGallery; readonly arrived: ReadonlySet<string> } | 'taken-down' | null;

/** Pages of runners on this server. */
export class RaceGalleryService {
  readonly #parts: RaceGalleryParts;
  readonly #timer: NodeJS.Timeout;

  constructor(parts: RaceGalleryParts) {
    this.#parts = parts;
    this.#timer = setInterval(() => void this.sweep(), SWEEP_MS).unref();
  }

  /**
   * Take a page in, or what it says now. On disk when this resolves; the same again changes nothing.
   * @throws HttpProblem 403 for a page of somebody else; 409 for a link that another page has; 410 once the runner had it taken down; 507.
   */
  async publish(gallery: RaceGallery, owner: string, requestedBy: string): Promise<PublishedGallery> {
    const { galleries, masterKey, keepsDays, max = MAX } = this.#parts;
    const { id, tokenHash, photos } = gallery;
    const before = await this.#own(id, owner);
    const holder = await galleries.byToken(tokenHash);
    if (holder !== null && holder.id !== id) throw new HttpProblem(409, 'invalid-input', 'Another page has this link.');
    const wanted = new Set(photos.map((photo) => photo.id));
    const dropped = (await galleries.photosOf(id)).filter((photoId) => !wanted.has(photoId));
    if (photos.length === 0) {
      if (before !== null) await this.#end([before], { reason: 'items', requestedBy });
      return { id, expiresAtMs: 0, missing: [] };
    }
    if (before === null) {
      const { galleries: count, bytes } = await galleries.size();
      if (count >= max.galleries || bytes >= max.bytes)
        throw new HttpProblem(507, 'storage-full', 'There is no room for more pages. This one was not taken.');
    }
    const changedAtMs = this.#now();
    const expiresAtMs = Math.min(gallery.expiresAtMs, changedAtMs + keepsDays * DAY_MS);
    if (expiresAtMs <= changedAtMs) throw new HttpProblem(400, 'invalid-input', 'The page would be over already.');
    const sealed = seal(masterKey, nameOf(id), Buffer.from(JSON.stringify(gallery)));
    await galleries.put({ id, owner, tokenHash, changedAtMs, expiresAtMs, takenDownAtMs: null, sealed });
    if (dropped.length > 0) await this.#erasePhotos([id], { reason: 'items', requestedBy }, dropped);
    const there = new Set(await galleries.photosOf(id));
    return { id, expiresAtMs, missing: photos.map((photo) => photo.id).filter((photoId) => !there.has(photoId)) };
  }

  /**
   * Keep one picture of a page, re-encoded without metadata. @param bytes JPEG or WebP.
   * @throws HttpProblem as `publish`; 404 for a picture that the page does not name; 409 while it is being erased; 413, 415 as thumbnails.
   */
  async putPhoto(id: string, photoId: string, bytes: Uint8Array, owner: string): Promise<void> {
    const { galleries, thumbnails, erasure, max = MAX } = this.#parts;
    const stored = await this.#own(id, owner);
    const gallery = stored === null || stored.expiresAtMs <= this.#now() ? null : this.#open(stored);
    if (gallery?.photos.some((photo) => photo.id === photoId) !== true)
      throw new HttpProblem(404, 'invalid-input', 'No page names this picture.');
    const place = placeOf(id, photoId);
    if (erasure.isErasing(place)) throw new HttpProblem(409, 'busy', 'This picture is being erased. Try again in some minutes.');
    if ((await galleries.size()).bytes >= max.bytes) throw new HttpProblem(507, 'storage-full', 'There is no room for more pictures.');
    const kept = await thumbnails.put(place, bytes, CROP_LIMITS.maxSidePx);
    await galleries.notePhoto(id, photoId, kept);
    // Taken down while it was written: it must not outlive its page.
    if ((await galleries.get(id))?.sealed == null) await this.#erasePhotos([id], { reason: 'items', requestedBy: 'server' }, [photoId]);
  }

  /** @param token what the link ends with. */
  async show(token: string): Promise<ShownGallery> {
    const stored = await this.#parts.galleries.byToken(hashOf(token));
    if (stored === null || stored.expiresAtMs <= this.#now()) return null;
    const gallery = this.#open(stored);
    return gallery === null ? 'taken-down' : { gallery, arrived: new Set(await this.#parts.galleries.photosOf(stored.id)) };
  }

  /** @returns a picture of the page that the link shows, or null. */
  async photo(token: string, photoId: string): Promise<{ type: string; bytes: Buffer } | null> {
    const shown = await this.show(token);
    if (shown === null || shown === 'taken-down' || !shown.gallery.photos.some((photo) => photo.id === photoId)) return null;
    return this.#parts.thumbnails.get(placeOf(shown.gallery.id, photoId));
  }

  /** The runner wants it gone: hidden and without keys when this resolves, erased soon after. @returns the page's id; null where there is none. */
  async takeDown(token: string): Promise<string | null> {
    const { galleries } = this.#parts;
    const stored = await galleries.byToken(hashOf(token));
    if (stored === null || stored.expiresAtMs <= this.#now()) return null;
    if (stored.takenDownAtMs !== null) return stored.id;
    await galleries.takeDown(stored.id, this.#now());
    await this.#erasePhotos([stored.id], { reason: 'person', personId: stored.id, requestedBy: 'anonymous' });
    return stored.id;
  }

  /** Pages of this owner that runners had taken down. */
  async takeDowns(owner: string): Promise<TakeDowns> {
    return { items: await this.#parts.galleries.takenDown(owner, MAX_TAKE_DOWNS) };
  }

  /** End what is over, and finish take-downs that a stop cut short. A failure is tried again at the next sweep. */
  async sweep(): Promise<void> {
    const { galleries, logger } = this.#parts;
    try {
      const due = await galleries.due(this.#now(), SWEEP_GALLERIES);
      const over = due.filter(({ expiresAtMs }) => expiresAtMs <= this.#now());
      // One erasure for all: each looks through the whole data folder.
      if (over.length > 0) await this.#end(over, { reason: 'expired', requestedBy: 'server' });
      for (const { id } of due.filter((stored) => !over.includes(stored)))
        await this.#erasePhotos([id], { reason: 'person', personId: id, requestedBy: 'anonymous' });
    } catch (error) {
      logger.error({ err: error }, 'pages of runners that are over could not be ended');
    }
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** Hidden first, then without pictures, then gone: whatever cuts it short, the next sweep goes on. */
  async #end(stored: readonly StoredGallery[], wish: Omit<ErasureWish, 'targets'>): Promise<void> {
    const { galleries } = this.#parts;
    for (const { id, takenDownAtMs } of stored) if (takenDownAtMs === null) await galleries.takeDown(id, this.#now());
    await this.#erasePhotos(
      stored.map(({ id }) => id),
      wish,
    );
    for (const { id } of stored) await galleries.remove(id);
  }

  /** @param only these; default: all of the pages. */
  async #erasePhotos(ids: readonly string[], wish: Omit<ErasureWish, 'targets'>, only: readonly string[] | null = null): Promise<void> {
    const { galleries, erasure } = this.#parts;
    const photos = await Promise.all(ids.map(async (id) => ({ id, photoIds: only ?? (await galleries.photosOf(id)) })));
    // Without pictures too: the erasure empties the database's log of what the page said.
    await erasure.request({ ...wish, targets: photos.flatMap(({ id, photoIds }) => photoIds.map((photoId) => placeOf(id, photoId))) });
    for (const { id, photoIds } of photos) if (photoIds.length > 0) await galleries.forgetPhotos(id, photoIds);
  }

  /** @throws HttpProblem 403, 410 */
  async #own(id: string, owner: string): Promise<StoredGallery | null> {
    const stored = await this.#parts.galleries.get(id);
    if (stored !== null && stored.owner !== owner) throw new HttpProblem(403, 'permission-denied', 'Somebody else published this page.');
    if (stored !== null && stored.takenDownAtMs !== null)
      throw new HttpProblem(410, 'permission-denied', 'The runner had this page taken down. It cannot be published again.');
    return stored;
  }

  #open({ id, sealed }: StoredGallery): RaceGallery | null {
    if (sealed === null) return null;
    return raceGallerySchema.parse(JSON.parse(unseal(this.#parts.masterKey, nameOf(id), sealed).toString('utf8')));
  }

  #now(): number {
    return (this.#parts.now ?? Date.now)();
  }
}

function placeOf(id: string, photoId: string): ItemPlace {
  return { collection: GALLERY_COLLECTION, id: `${id}/${photoId}` };
}

function nameOf(id: string): string {
  return `race gallery\n${id}`;
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
