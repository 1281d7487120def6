/** @file OpenCV.js as its package ships it. Node. */
import { createRequire } from 'node:module';
import { toAppError } from '../../src/contracts/errors.ts';
import type { OpenCv } from '../../src/contracts/runtime.ts';

interface OpenCvModule {
  Mat?: unknown;
  then?: (ready: (module: OpenCvModule) => void) => void;
  onRuntimeInitialized?: () => void;
}

/** @throws AppError('model-unavailable') */
export async function startOpenCv(): Promise<OpenCv> {
  try {
    const cv = createRequire(import.meta.url)('@techstark/opencv-js') as OpenCvModule;
    await new Promise<void>((resolve) => {
      if (typeof cv.Mat === 'function') resolve();
      else cv.onRuntimeInitialized = () => resolve();
    });
    // Emscripten's `then` answers with the module itself, which still has a `then`: awaiting it would never end.
    delete cv.then;
    const ready: OpenCv = cv;
    return ready;
  } catch (error) {
    throw toAppError(error, 'model-unavailable', 'model');
  }
}
