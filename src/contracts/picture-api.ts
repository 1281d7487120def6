/** @file What the picture worker offers: photos made anew for those who get them, smaller and with a watermark. Thread: any. */
import type { PictureChange } from './race-delivery.ts';
import type { CallOptions, TaskOptions } from './task.ts';

/** A picture that was made. */
export interface MadePicture {
  /** JPEG without any metadata. */
  readonly blob: Blob;
  readonly widthPx: number;
  readonly heightPx: number;
}

export interface PictureApi {
  /**
   * @param photo any image that the browser decodes; EXIF orientation is applied.
   * @throws AppError('decode-unsupported' | 'out-of-memory' | 'cancelled')
   */
  make(photo: Blob, change: PictureChange, options: TaskOptions): Promise<MadePicture>;
  cancel(taskId: string): Promise<void>;
  ping(): Promise<'pong'>;
}

/** {@link PictureApi} for callers. */
export interface PictureService {
  make(photo: Blob, change: PictureChange, options?: CallOptions): Promise<MadePicture>;
  /** End the worker and free its memory. */
  end(): void;
}
