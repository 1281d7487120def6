/** @file Who waits at the screen goes first; the background waits between its runs, and can be cancelled while it waits. */
import { expect, it } from 'vitest';
import { AppError } from '../../../src/contracts/errors.ts';
import type { OrtModel, Runtime, TfjsModel } from '../../../src/contracts/runtime.ts';
import { givingWay, Precedence } from '../../../workers/stages/precedence.ts';

const pause = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));
const never = (): void => {};

function runtimeOf(model: Partial<OrtModel>, graph?: TfjsModel): Runtime {
  const unused = (): never => {
    throw new Error('not part of this test');
  };
  const ort: OrtModel = { modelId: 'net', backend: 'cpu', inputNames: [], outputNames: [], run: unused, ...model };
  return {
    ort: () => Promise.resolve(ort),
    tfjs: graph === undefined ? unused : () => Promise.resolve(graph),
    tesseract: unused,
    barcodes: unused,
    openCv: unused,
    decode: unused,
    encode: unused,
  };
}

it('lets the background run when nobody waits', async () => {
  await new Precedence().turn(never);
});

it('holds a run of the background until the interactive task and the gap after it are over', async () => {
  const precedence = new Precedence(40);
  const events: string[] = [];
  const run = async (): Promise<Record<string, never>> => {
    events.push('run');
    return {};
  };
  const model = await givingWay(runtimeOf({ run }), precedence, never).ort('net');
  const leave = precedence.enter();
  const running = model.run({});
  await pause(60);
  leave();
  events.push('left');
  // The next task of the same look begins within the gap: the background still waits.
  const leaveAgain = precedence.enter();
  await pause(60);
  leaveAgain();
  events.push('left');
  await running;
  expect(events).toEqual(['left', 'left', 'run']);
});

it('holds graph models, too', async () => {
  const precedence = new Precedence(0);
  const events: string[] = [];
  const graph: TfjsModel = {
    modelId: 'graph',
    backend: 'wasm',
    run: async () => {
      events.push('run');
      return [];
    },
  };
  const model = await givingWay(runtimeOf({}, graph), precedence, never).tfjs('graph');
  const leave = precedence.enter();
  const running = model.run({ type: 'float32', data: new Float32Array(0), dims: [0] });
  await pause(40);
  events.push('left');
  leave();
  await running;
  expect(events).toEqual(['left', 'run']);
});

it('gives a waiting task up as soon as it is cancelled', async () => {
  const precedence = new Precedence();
  const leave = precedence.enter();
  let isCancelled = false;
  const waiting = precedence.turn(() => {
    if (isCancelled) throw new AppError('cancelled', 'stopped');
  });
  isCancelled = true;
  await expect(waiting).rejects.toMatchObject({ code: 'cancelled' });
  leave();
});

it('shows the backend that the model is on now', async () => {
  let backend: OrtModel['backend'] = 'webgpu';
  const runtime = runtimeOf({});
  const moving: OrtModel = {
    ...(await runtime.ort('net')),
    get backend() {
      return backend;
    },
  };
  const seen = await givingWay({ ...runtime, ort: () => Promise.resolve(moving) }, new Precedence(), never).ort('net');
  backend = 'wasm';
  expect(seen.backend).toBe('wasm');
});
