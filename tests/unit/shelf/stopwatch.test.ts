import { expect, it } from 'vitest';
import type { BayPhoto } from '../../../src/contracts/visit.ts';
import { bayStopwatch, visitStopwatch } from '../../../src/core/shelf/stopwatch.ts';

type Timed = Pick<BayPhoto, 'addedAtMs' | 'readAtMs' | 'state'>;
const read = (addedAtMs: number, readAtMs: number): Timed => ({ addedAtMs, readAtMs, state: 'read' });
const waiting = (addedAtMs: number): Timed => ({ addedAtMs, readAtMs: null, state: 'waiting' });

it('runs from the first photo to the last report', () => {
  expect(visitStopwatch([])).toBeNull();
  expect(visitStopwatch([read(2000, 9000), read(1000, 5000)])).toEqual({ captureAtMs: 1000, reportAtMs: 9000, photos: 2 });
  expect(visitStopwatch([read(1000, 5000), waiting(2000)])).toEqual({ captureAtMs: 1000, reportAtMs: null, photos: 2 });
  expect(visitStopwatch([{ addedAtMs: 1, readAtMs: null, state: 'failed' }])).toBeNull();
});

it('counts the last run at a bay only: a photo an hour later starts anew', () => {
  const hour = 3_600_000;
  expect(bayStopwatch([read(1000, 5000), read(4000, 9000)])).toEqual({ captureAtMs: 1000, reportAtMs: 9000, photos: 2 });
  expect(bayStopwatch([read(1000, 5000), read(40_000, 45_000)])).toMatchObject({ captureAtMs: 1000, reportAtMs: 45_000 });
  expect(bayStopwatch([read(hour, hour + 5000), read(1000, 5000)])).toEqual({ captureAtMs: hour, reportAtMs: hour + 5000, photos: 1 });
  expect(bayStopwatch([read(1000, 5000), waiting(hour)])).toEqual({ captureAtMs: hour, reportAtMs: null, photos: 1 });
});
