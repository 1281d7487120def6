/** @file The page of one runner on a server: what it says (`gallery`), and the small pictures on it (`thumbnail`). Thread: any. */
import { z } from 'zod';

/** Made by the device: 128 bits of a digest of event and number, so that the same runner's page is the same page again. */
export const galleryIdSchema = z.string().regex(/^[0-9a-f]{32}$/);
/** 64 bits of a digest of the photo's id. */
export const galleryPhotoIdSchema = z.string().regex(/^[0-9a-f]{16}$/);
/** What the link ends with: 256 random bits. The server gets its SHA-256 only. */
export const galleryTokenSchema = z.string().regex(/^[\w-]{43}$/);

/** Everything that the page says. No picture is in it. */
export const raceGallerySchema = z.strictObject({
  format: z.literal('mekiki-race-gallery'),
  version: z.literal(1),
  id: galleryIdSchema,
  tokenHash: z.string().regex(/^[0-9a-f]{64}$/),
  event: z.string().min(1).max(200),
  day: z.string().regex(/^\d{4}-\d{2}-\d{2}$/),
  bib: z.string().min(1).max(16),
  /** Empty unless the photographer wants it there. */
  name: z.string().max(200),
  /** Whom to ask; may be empty. */
  photographer: z.string().max(200),
  /** The server may end it sooner. */
  expiresAtMs: z.number().int().nonnegative(),
  /** As they are shown. None: the page is withdrawn, and everything on it erased. */
  photos: z
    .array(
      z.strictObject({
        id: galleryPhotoIdSchema,
        /** Local time, such as `2026-11-21T09:30:00`; null: not known. */
        takenAt: z
          .string()
          .regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$/)
          .nullable(),
        isGoal: z.boolean(),
      }),
    )
    .max(500),
});
export type RaceGallery = z.infer<typeof raceGallerySchema>;

/** Largest page that may leave, bytes of its JSON; the server refuses more. */
export const MAX_GALLERY_BYTES = 128 * 1024;

/** What the server answers to a page. */
export const publishedGallerySchema = z.strictObject({
  id: galleryIdSchema,
  expiresAtMs: z.number().int().nonnegative(),
  /** Pictures that it does not have yet. */
  missing: z.array(galleryPhotoIdSchema).max(500),
});
export type PublishedGallery = z.infer<typeof publishedGallerySchema>;

/** What this device knows of a runner's page. */
export interface RunnerPage {
  /** Of the event, a dot, the number: as ids of everything in a race begin. */
  readonly id: string;
  readonly eventId: string;
  readonly bib: string;
  readonly galleryId: string;
  /** `sending`: not everything is there yet; `taken-down`: the runner wanted it so, and it cannot be published again. */
  readonly state: 'sending' | 'published' | 'taken-down' | 'withdrawn';
  readonly photos: number;
  readonly expiresAtMs: number;
  readonly changedAtMs: number;
}

export const publishGallerySchema = z.strictObject({ gallery: raceGallerySchema });

/** Pages that runners had taken down, newest first. */
export const takeDownsSchema = z.strictObject({
  items: z.array(z.strictObject({ id: galleryIdSchema, atMs: z.number().int().nonnegative() })).max(1000),
});
export type TakeDowns = z.infer<typeof takeDownsSchema>;
