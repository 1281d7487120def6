/** @file The picture worker: photos made anew for those who get them. Wiring only. */
import { AppError } from '../src/contracts/errors.ts';
import type { PictureApi } from '../src/contracts/picture-api.ts';
import { serve } from '../src/contracts/wire.ts';
import { Lane } from '../src/core/lane.ts';
import { makePicture } from './make-picture.ts';
import { listenForSetup } from './setup.ts';

listenForSetup();
const cancelled = new Set<string>();
/** One after the other: each holds a whole photo. */
const lane = new Lane();

const api = {
  make: (photo, change, { taskId }) =>
    lane.run(() => {
      if (cancelled.delete(taskId)) throw new AppError('cancelled', 'the task was cancelled', { stage: 'crop' });
      return makePicture(photo, change);
    }),
  cancel(taskId) {
    cancelled.add(taskId);
    return Promise.resolve();
  },
  ping: () => Promise.resolve('pong'),
} satisfies PictureApi;

serve(api, self);
