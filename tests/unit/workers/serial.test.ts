/** @file One at a time; failures and hangs stay with their job. */
import { expect, it } from 'vitest';
import { Serial } from '../../../workers/runtime/serial.ts';

it('runs jobs one at a time, in order', async () => {
  const serial = new Serial(1000);
  const events: string[] = [];
  const job = (name: string) =>
    serial.run(async () => {
      events.push(`${name} begins`);
      await new Promise((resolve) => void setTimeout(resolve, 2));
      events.push(`${name} ends`);
    });
  await Promise.all([job('a'), job('b')]);
  expect(events).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
});

it('lets the next job run after a failed and after a hung one', async () => {
  const serial = new Serial(20);
  const failed = serial.run(() => Promise.reject(new Error('boom')));
  const hung = serial.run(() => new Promise<never>(() => {}));
  const fine = serial.run(() => Promise.resolve(7));
  await expect(failed).rejects.toThrow('boom');
  await expect(hung).rejects.toMatchObject({ code: 'worker-died' });
  await expect(fine).resolves.toBe(7);
});

it('gives waiting messages a turn between jobs that end at once', async () => {
  const serial = new Serial(1000);
  let heardAfter = -1;
  let done = 0;
  setTimeout(() => (heardAfter = done), 0);
  await Promise.all(Array.from({ length: 200 }, () => serial.run(() => Promise.resolve(done++))));
  expect(heardAfter).toBeGreaterThanOrEqual(0);
  expect(heardAfter).toBeLessThan(200);
});
