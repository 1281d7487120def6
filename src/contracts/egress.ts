/** @file What may leave the device, and the ledger row that records it. Thread: page. */
import type { Box } from './geometry.ts';
import type { RaceGallery } from './race-gallery.ts';
import type { EmbeddingSpace } from './results.ts';
import type { VisitReport } from './visit-report.ts';

/** The only kinds of user data that can leave. No type for a full frame exists. */
export const PAYLOAD_TYPES = ['vector', 'crop', 'text', 'count', 'report', 'gallery', 'thumbnail', 'clip'] as const;
export type PayloadType = (typeof PAYLOAD_TYPES)[number];

/** An embedding to be searched or stored on the server. */
export interface VectorPayload {
  readonly type: 'vector';
  readonly space: EmbeddingSpace;
  readonly vector: Float32Array<ArrayBuffer>;
}

/** An anonymised image clip. */
export interface CropPayload {
  readonly type: 'crop';
  /** JPEG or WebP, at most 512 px and 200 kB. */
  readonly blob: Blob;
  readonly widthPx: number;
  readonly heightPx: number;
  /** Detection class that it was cut for. */
  readonly detectionClass: string;
  /** Region of its frame; covers at most 60 % of it. */
  readonly box: Box;
  /** Faces found in it by the face detector; a crop with a face that should have none is blocked. */
  readonly faceCount: number;
}

/** Text that the user chose to send, e.g. a barcode number to look up. */
export interface TextPayload {
  readonly type: 'text';
  readonly text: string;
}

/** Numbers only. */
export interface CountPayload {
  readonly type: 'count';
  readonly counts: Readonly<Record<string, number>>;
}

/** A visit in numbers and names that the user chose to hand in; at most `MAX_REPORT_BYTES`. */
export interface ReportPayload {
  readonly type: 'report';
  readonly report: VisitReport;
}

/** What a runner's own page says; at most `MAX_GALLERY_BYTES`. No picture. */
export interface GalleryPayload {
  readonly type: 'gallery';
  readonly gallery: RaceGallery;
}

/** One runner, cut out of a photo for the runner's own page. The limits of a crop hold, so it is never the photo. */
export interface ThumbnailPayload {
  readonly type: 'thumbnail';
  /** JPEG or WebP. */
  readonly blob: Blob;
  readonly widthPx: number;
  readonly heightPx: number;
  /** Region of its photo. */
  readonly box: Box;
  /** Faces in it that are neither blurred nor the runner's own; one such face blocks it. */
  readonly othersShown: number;
}

/** Everything that `egress.send` accepts. `clip` gets its shape with the video lens. */
export type EgressPayload = VectorPayload | CropPayload | TextPayload | CountPayload | ReportPayload | GalleryPayload | ThumbnailPayload;

/** Limits of a crop; the server refuses anything beyond. */
export const CROP_LIMITS = { maxSidePx: 512, maxBytes: 200_000, maxFrameShare: 0.6 } as const;

/** One departure. Rows are hash-chained: `hash = sha256(previousHash + canonical JSON of the row without hash)`. */
export interface LedgerRow {
  readonly sequence: number;
  readonly atMs: number;
  readonly lensId: string;
  readonly destination: string;
  readonly type: PayloadType;
  /** Bytes of the request body as sent. */
  readonly bytes: number;
  /** Exactly what left, as text (vectors in full) or as a data URL. */
  readonly preview: string;
  /** `sent` is written before the first byte leaves; the outcome is added by a second row that names the first. */
  readonly status: 'sending' | 'sent' | 'failed' | 'blocked';
  /** Sequence of the `sending` row that this row completes. */
  readonly completes: number | null;
  readonly previousHash: string;
  readonly hash: string;
}
