/** @file OpenCV.js, a chunk of its own that is fetched at first use. Thread: vision worker. */
import { AppError } from '../../src/contracts/errors.ts';
import type { OpenCv } from '../../src/contracts/runtime.ts';

interface OpenCvModule {
  Mat?: unknown;
  then?: unknown;
  onRuntimeInitialized?: () => void;
}

/** @throws AppError('model-unavailable') */
export async function startOpenCv(): Promise<OpenCv> {
  // The module's own `then` answers with itself; awaiting the module, even by returning it from here, would never end.
  const holder = await import('@techstark/opencv-js').then(
    (imported: unknown) => ({ cv: (imported as { default: OpenCvModule }).default }),
    (error: unknown) => {
      throw new AppError('model-unavailable', 'OpenCV could not be fetched', { cause: error, stage: 'model' });
    },
  );
  const { cv } = holder;
  await new Promise<void>((resolve) => {
    if (typeof cv.Mat === 'function') resolve();
    else cv.onRuntimeInitialized = () => resolve();
  });
  delete cv.then;
  const ready: OpenCv = cv;
  return ready;
}
