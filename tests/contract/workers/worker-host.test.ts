/** @file The host over a real thread: results, whole errors, progress, cancel, death, overflow, idle end. */
import { afterEach, expect, it } from 'vitest';
import { AppError } from '../../../src/contracts/errors.ts';
import type { Progress } from '../../../src/contracts/task.ts';
import { WorkerHost, type HostedWorker, type WorkerHostOptions } from '../../../src/clients/worker-host.ts';
import { startThread } from './thread.ts';

const SCRIPT = new URL('./echo-worker.mjs', import.meta.url);
const hosts: WorkerHost[] = [];
let threads = 0;

function start(): HostedWorker {
  threads++;
  return startThread(SCRIPT);
}

function host(options: Partial<WorkerHostOptions> = {}): WorkerHost {
  const made = new WorkerHost({
    name: 'echo',
    create: start,
    setup: () => ({ override: 'wasm', isIos: false }),
    budgetMs: () => 200,
    ...options,
  });
  hosts.push(made);
  return made;
}

afterEach(() => {
  for (const made of hosts.splice(0)) made.end();
  threads = 0;
});

it('starts with the first call and hands over the setup', async () => {
  const echo = host();
  expect(echo.isRunning).toBe(false);
  expect(await echo.call('echo', ['hello'])).toBe('hello');
  expect(await echo.ask('setup')).toEqual({ override: 'wasm', isIos: false });
  expect(threads).toBe(1);
});

it('brings an AppError over whole', async () => {
  const error = await host()
    .call('fail', [])
    .catch((caught: unknown) => caught as AppError);
  expect(error).toBeInstanceOf(AppError);
  expect(error).toMatchObject({ code: 'model-integrity', message: 'bad hash', retryable: true, stage: 'model' });
  expect(String((error as AppError).cause)).toContain('inner');
});

it('calls anything else a bug', async () => {
  await expect(host().call('crash', [])).rejects.toMatchObject({ code: 'bug' });
});

it('reports progress to the call that caused it', async () => {
  const echo = host();
  const heard: Progress[][] = [[], []];
  await Promise.all(heard.map((list) => echo.call('count', [3], { onProgress: (progress) => list.push(progress) })));
  for (const list of heard) expect(list.map(({ done }) => done)).toEqual([1, 2, 3]);
});

it('passes further task options on', async () => {
  expect(await host().call('region', [], { extra: { region: { x: 1 } } })).toEqual({ x: 1 });
});

it('moves what is to be transferred', async () => {
  const buffer = new ArrayBuffer(8);
  expect(await host().call('size', [buffer], { transfer: [buffer] })).toBe(8);
  expect(buffer.byteLength).toBe(0);
});

it('rejects at once on abort, and keeps a worker that stops in time', async () => {
  const echo = host({ budgetMs: () => 5000 });
  await echo.call('echo', ['warm']);
  const controller = new AbortController();
  const call = echo.call('work', [10_000], { signal: controller.signal });
  setTimeout(() => controller.abort(), 20);
  await expect(call).rejects.toMatchObject({ code: 'cancelled' });
  expect(await echo.call('echo', ['again'])).toBe('again');
  expect(threads).toBe(1);
});

it('ends a worker that does not stop within its budget, rejects the others, and goes on with a new one', async () => {
  const echo = host({ budgetMs: () => 50 });
  await echo.call('echo', ['warm']);
  const controller = new AbortController();
  const stuck = echo.call('block', [5000], { signal: controller.signal });
  const other = echo.call('echo', ['behind']);
  setTimeout(() => controller.abort(), 20);
  await expect(stuck).rejects.toMatchObject({ code: 'cancelled' });
  await expect(other).rejects.toMatchObject({ code: 'worker-died', retryable: true });
  expect(await echo.call('echo', ['again'])).toBe('again');
  expect(threads).toBe(2);
});

it('does not even send what was aborted before', async () => {
  const echo = host();
  await expect(echo.call('echo', [1], { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'cancelled' });
  expect(threads).toBe(0);
});

it('rejects everything when the worker dies, and starts again', async () => {
  let ended = 0;
  const echo = host({ onEnd: () => ended++ });
  const calls = [echo.call('work', [10_000]), echo.call('die', [])];
  for (const call of calls) await expect(call).rejects.toMatchObject({ code: 'worker-died', retryable: true });
  expect(ended).toBe(1);
  expect(await echo.call('echo', ['again'])).toBe('again');
});

it('notices a worker that falls silent', async () => {
  const echo = host({ silenceMs: 2000 });
  await echo.call('echo', ['warm']);
  await expect(echo.call('block', [20_000])).rejects.toMatchObject({ code: 'worker-died' });
});

it('gives up for a while after three deaths in a row, and forgets them after a success', async () => {
  const echo = host();
  for (let i = 0; i < 3; i++) await expect(echo.call('die', [])).rejects.toMatchObject({ code: 'worker-died' });
  expect(threads).toBe(3);
  await expect(echo.call('echo', [1])).rejects.toMatchObject({ code: 'worker-died' });
  expect(threads).toBe(3);
});

it('says busy instead of queueing without end', async () => {
  const echo = host({ maxPending: 2 });
  const pending = [echo.call('work', [50]), echo.call('work', [50])];
  await expect(echo.call('echo', [1])).rejects.toMatchObject({ code: 'busy', retryable: true });
  await Promise.all(pending);
  expect(await echo.call('echo', [1])).toBe(1);
});

it('ends an idle worker, unless it holds something', async () => {
  let holds = true;
  const echo = host({ idleMs: 30, canEnd: () => !holds });
  await echo.call('echo', [1]);
  await new Promise((resolve) => void setTimeout(resolve, 120));
  expect(echo.isRunning).toBe(true);
  holds = false;
  await expect.poll(() => echo.isRunning).toBe(false);
});

it('replaces a worker that has run often enough', async () => {
  const echo = host({ maxCalls: 2 });
  await echo.call('echo', [1]);
  await echo.call('echo', [2]);
  await expect.poll(() => echo.isRunning).toBe(false);
  expect(await echo.call('echo', [3])).toBe(3);
  expect(threads).toBe(2);
});
