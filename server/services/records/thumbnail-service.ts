/** @file Thumbnails of items: checked, re-encoded without metadata, encrypted, opened. */
import sharp from 'sharp';
import { THUMBNAIL_LIMITS } from '../../../src/contracts/records-api.ts';
import type { ItemPlace } from '../../repositories/records.ts';
import type { Thumbnails } from '../../repositories/thumbnails.ts';
import type { DamageReport } from '../storage/damage.ts';
import { seal, unseal } from '../secrets/envelope.ts';
import { HttpProblem } from '../http/problem.ts';

const FORMATS: ReadonlySet<string> = new Set(['jpeg', 'webp']);
const QUALITY = 80;

/** Stores and opens thumbnails. */
export class ThumbnailService {
  readonly #thumbnails: Thumbnails;
  readonly #masterKey: Uint8Array;
  readonly #damage: DamageReport;

  /** @param masterKey 32 bytes. */
  constructor(thumbnails: Thumbnails, masterKey: Uint8Array, damage: DamageReport) {
    this.#thumbnails = thumbnails;
    this.#masterKey = masterKey;
    this.#damage = damage;
  }

  /**
   * @param bytes JPEG or WebP. @returns bytes that are kept. @throws HttpProblem 415 for anything else; 413 for a picture with a side longer than
   * `maxSidePx`.
   */
  async put(place: ItemPlace, bytes: Uint8Array, maxSidePx: number = THUMBNAIL_LIMITS.maxSidePx): Promise<number> {
    const body = await reencoded(bytes, maxSidePx);
    await this.#thumbnails.put(place, { type: 'image/webp', ...seal(this.#masterKey, nameOf(place), body) });
    this.#damage.clear('thumbnail', `${place.collection}/${place.id}`);
    return body.byteLength;
  }

  /** Ids of items that have one, in order. */
  list(collection: string, after: string, limit: number): Promise<string[]> {
    return this.#thumbnails.list(collection, after, limit);
  }

  /** @returns the picture, or null. @throws AppError('model-integrity') when it was damaged or changed; it is named then. */
  async get(place: ItemPlace): Promise<{ type: string; bytes: Buffer } | null> {
    const stored = await this.#thumbnails.get(place);
    if (stored === null) return null;
    try {
      return { type: stored.type, bytes: unseal(this.#masterKey, nameOf(place), stored) };
    } catch (error) {
      const { collection, id } = place;
      const reason = `A thumbnail of collection "${collection}" does not open: it was damaged or changed. Send it again.`;
      this.#damage.note({ kind: 'thumbnail', name: `${collection}/${id}`, collection, reason }, error);
      throw error;
    }
  }
}

/** Decoding drops metadata, and whatever else hides behind a picture. */
async function reencoded(bytes: Uint8Array, maxSidePx: number): Promise<Buffer> {
  const image = sharp(bytes, { limitInputPixels: maxSidePx * maxSidePx, failOn: 'error' });
  let size;
  try {
    size = await image.metadata();
  } catch (error) {
    // The header alone tells of too many pixels; nothing was decoded.
    if (error instanceof Error && /pixel limit/i.test(error.message)) throw tooLarge(maxSidePx);
    throw notAPicture();
  }
  if (!FORMATS.has(size.format)) throw notAPicture();
  if (size.width > maxSidePx || size.height > maxSidePx) throw tooLarge(maxSidePx);
  try {
    return await image.rotate().webp({ quality: QUALITY }).toBuffer();
  } catch {
    throw notAPicture();
  }
}

function notAPicture(): HttpProblem {
  return new HttpProblem(415, 'invalid-input', 'A thumbnail is a JPEG or a WebP.');
}

function tooLarge(maxSidePx: number): HttpProblem {
  return new HttpProblem(413, 'invalid-input', `A thumbnail has at most ${maxSidePx} pixels a side.`);
}

function nameOf({ collection, id }: ItemPlace): string {
  return `${collection}\n${id}`;
}
