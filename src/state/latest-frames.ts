/** @file The live picture as frames to be awaited: one at a time, always the newest. Thread: page. */
import type { CameraSession } from '../capture/camera.ts';

/** Enough for a barcode that fills a third of the view. */
const SIDE_PX = 960;

/** Frames until `signal` aborts; each belongs to whoever takes it. */
export async function* latestFrames(
  session: CameraSession,
  video: HTMLVideoElement,
  signal: AbortSignal,
): AsyncGenerator<ImageBitmap, void, void> {
  let give: ((bitmap: ImageBitmap | null) => void) | null = null;
  let taken: (() => void) | null = null;
  const stop = session.watchFrames(
    video,
    (bitmap) =>
      new Promise<void>((resolve) => {
        if (give === null) {
          // Nobody waits: this frame is old before it is wanted.
          bitmap.close();
          resolve();
          return;
        }
        taken = resolve;
        give(bitmap);
        give = null;
      }),
    SIDE_PX,
  );
  const end = (): void => {
    give?.(null);
    taken?.();
  };
  signal.addEventListener('abort', end, { once: true });
  try {
    while (!signal.aborted) {
      const next = new Promise<ImageBitmap | null>((resolve) => (give = resolve));
      (taken as (() => void) | null)?.();
      const bitmap = await next;
      if (bitmap === null) return;
      yield bitmap;
    }
  } finally {
    signal.removeEventListener('abort', end);
    stop();
    end();
  }
}
