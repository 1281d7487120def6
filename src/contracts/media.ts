/** @file What the pipeline starts from: a photo as captured, and the same photo decoded. Thread: any. */

/** How a photo came in. */
export type CaptureSource = 'camera' | 'file' | 'paste' | 'drop' | 'demo';

/** A still as captured, not decoded yet. */
export interface MediaRef {
  readonly id: string;
  readonly blob: Blob;
  readonly name: string;
  readonly source: CaptureSource;
  /** Milliseconds since 1970 (UTC). */
  readonly capturedAtMs: number;
}

/** Upright pixels, RGBA, H×W×4 u8, not premultiplied. Lives in a worker or in Node, never on the page. */
export interface Frame {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly data: Uint8ClampedArray<ArrayBuffer>;
}

/** Handle of a frame that the vision worker holds. Pixels do not cross to the page. */
export interface OpenedFrame {
  readonly frameId: string;
  /** Size of the upright working frame in pixels (the photo, downsized to at most `MAX_FRAME_SIDE_PX`). */
  readonly widthPx: number;
  readonly heightPx: number;
  /** Size of the photo as stored, upright. */
  readonly originalWidthPx: number;
  readonly originalHeightPx: number;
}

/** Longest side of a working frame: a 12-megapixel photo (4032 × 3024) keeps all its pixels. */
export const MAX_FRAME_SIDE_PX = 4096;

/** Photos with more pixels than this are refused before they are decoded (`AppError('decode-unsupported')`). */
export const MAX_PHOTO_PIXELS = 120_000_000;

/** Photos with more bytes than this are refused before they are decoded. */
export const MAX_PHOTO_BYTES = 80 * 1024 * 1024;
