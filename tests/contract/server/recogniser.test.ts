/** @file The processes that recognise: their queue, and what happens when one ends, is given up, or has nothing to do. */
import { afterEach, expect, it } from 'vitest';
import { AppError } from '../../../src/contracts/errors.ts';
import { Recogniser, type RecogniserOptions } from '../../../server/services/recognition/recogniser.ts';
import type { RecogniserTask } from '../../../server/runtime/recogniser-messages.ts';
import { barcodePhoto, demoPhoto, plainImage } from './drawn-images.ts';

const READ: RecogniserTask = { kind: 'recognise', model: 'zxing' };
const opened: Recogniser[] = [];
function open(options: Partial<RecogniserOptions> = {}): Recogniser {
  const recogniser = new Recogniser({ logger: { warn: () => {} }, processes: 1, ...options });
  opened.push(recogniser);
  return recogniser;
}
afterEach(async () => {
  for (const recogniser of opened.splice(0)) await recogniser.close();
});
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'done',
    (error: unknown) => (error instanceof AppError ? error.code : 'not ours'),
  );

it('refuses what is too much, and takes more when there is room', async () => {
  const recogniser = open({ maxWaiting: 1 });
  const photo = await barcodePhoto();
  const first = recogniser.run(photo, READ);
  const second = recogniser.run(photo, READ);
  expect(recogniser.running).toBe(1);
  expect(recogniser.waiting).toBe(1);
  expect(await codeOf(recogniser.run(photo, READ))).toBe('busy');
  await Promise.all([first, second]);
  expect(await codeOf(recogniser.run(photo, READ))).toBe('done');
});

it('puts whoever waits for an answer before jobs', async () => {
  const recogniser = open();
  const photo = await plainImage('png');
  const order: string[] = [];
  const run = (name: string, priority: 'interactive' | 'batch') => recogniser.run(photo, READ, { priority }).then(() => order.push(name));
  await Promise.all([run('running', 'batch'), run('job', 'batch'), run('asked', 'interactive')]);
  expect(order).toEqual(['running', 'asked', 'job']);
});

it('outlives a process that takes too long or is killed, and works on with another', async () => {
  const recogniser = open({ timeLimitMs: 60 });
  expect(await codeOf(recogniser.run(demoPhoto('beef-curry-label.jpg'), { kind: 'recognise', model: 'japanese-text' }))).toBe(
    'worker-died',
  );
  expect(recogniser.running).toBe(0);
  const patient = open({ idleMs: 1 });
  const photo = await plainImage('png');
  expect(await codeOf(patient.run(photo, READ))).toBe('done');
  // By now the first process was sent away.
  await new Promise((resolve) => void setTimeout(resolve, 50));
  expect(await codeOf(patient.run(photo, READ))).toBe('done');
});

it('gives up what nobody waits for: at once while it waits, between two steps while it runs', async () => {
  const recogniser = open();
  const photo = demoPhoto('beef-curry-label.jpg');
  const running = new AbortController();
  const waiting = new AbortController();
  const text: RecogniserTask = { kind: 'recognise', model: 'japanese-text' };
  const first = codeOf(recogniser.run(photo, text, { signal: running.signal }));
  const second = codeOf(recogniser.run(photo, text, { signal: waiting.signal }));
  waiting.abort();
  expect(await second).toBe('cancelled');
  expect(recogniser.waiting).toBe(0);
  running.abort();
  expect(await first).toBe('cancelled');
  expect(await codeOf(recogniser.run(await plainImage('png'), READ))).toBe('done');
});

it('says what went wrong inside by the project’s own codes', async () => {
  const recogniser = open();
  expect(await codeOf(recogniser.run(Buffer.from('no image'), READ))).toBe('decode-unsupported');
  expect(await codeOf(recogniser.run(await plainImage('png'), { kind: 'recognise', model: 'no-such-model' }))).toBe('model-unavailable');
  expect(await codeOf(recogniser.run(await plainImage('png'), { kind: 'recognise', model: 'opencv' }))).toBe('invalid-input');
});

it('makes small copies without metadata', async () => {
  const recogniser = open();
  const { image, encoded } = await recogniser.run(await barcodePhoto(), {
    ...{ kind: 'reencode', maxSidePx: 300, type: 'image/jpeg', quality01: 0.8 },
  });
  expect(image).toEqual({ widthPx: 900, heightPx: 600 });
  expect(encoded?.subarray(0, 3)).toEqual(new Uint8Array([0xff, 0xd8, 0xff]));
  expect(Buffer.from(encoded ?? []).includes('Exif')).toBe(false);
});

it('goes on with a fresh process when one has done its share', async () => {
  const recogniser = open({ imagesPerProcess: 1 });
  const photo = await barcodePhoto();
  const codes = await Promise.all([1, 2, 3].map(() => codeOf(recogniser.run(photo, READ))));
  expect(codes).toEqual(['done', 'done', 'done']);
});

it('ends everything when it closes', async () => {
  const recogniser = open();
  const photo = await barcodePhoto();
  const given = [codeOf(recogniser.run(photo, READ)), codeOf(recogniser.run(photo, READ))];
  await recogniser.close();
  expect(await Promise.all(given)).toEqual(['busy', 'busy']);
  expect(await codeOf(recogniser.run(photo, READ))).toBe('busy');
});
