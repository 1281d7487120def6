/** @file A worker with every habit, good and bad, for `worker-host.test.ts`. */
import { register } from 'tsx/esm/api';
import { parentEndpoint } from './parent-endpoint.mjs';

register();
const { AppError } = await import('../../../src/contracts/errors.ts');
const { serve, toSideMessage } = await import('../../../src/contracts/wire.ts');

const endpoint = parentEndpoint();

let setup = null;
endpoint.addEventListener('message', ({ data }) => {
  const message = toSideMessage(data);
  if (message?.mekiki === 'setup') setup = message.setup;
});

const cancelled = new Set();
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

serve(
  {
    echo: (value) => value,
    setup: () => setup,
    fail: () => {
      throw new AppError('model-integrity', 'bad hash', { cause: new Error('inner'), retryable: true, stage: 'model' });
    },
    crash: () => undefined.nothing,
    count: async (to, { onProgress }) => {
      for (let done = 1; done <= to; done++) {
        onProgress({ stage: 'read', done, total: to, unit: 'items' });
        await pause(1);
      }
    },
    region: ({ region }) => region,
    size: (buffer) => buffer.byteLength,
    work: async (ms, { taskId }) => {
      for (let passed = 0; passed < ms; passed += 5) {
        await pause(5);
        if (cancelled.has(taskId)) throw new AppError('cancelled', 'stopped');
      }
    },
    block: (ms) => {
      const until = Date.now() + ms;
      while (Date.now() < until);
    },
    die: () => {
      setTimeout(() => {
        throw new Error('killed by a test');
      }, 0);
      return pause(10_000);
    },
    cancel: (taskId) => void cancelled.add(taskId),
    ping: () => 'pong',
  },
  endpoint,
);
