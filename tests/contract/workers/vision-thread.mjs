/** @file The vision worker's interface in a Node thread, over tiny nets; for `vision-client.test.ts`. */
import { parentPort } from 'node:worker_threads';
import { register } from 'tsx/esm/api';
import { parentEndpoint } from './parent-endpoint.mjs';

register();
const { serve } = await import('../../../src/contracts/wire.ts');
const { createVision } = await import('../../../workers/stages/vision.ts');
const { createTinyRuntime } = await import('./tiny-runtime.ts');

const RUN_MS = 5;
serve(createVision(createTinyRuntime(RUN_MS)), parentEndpoint());
// Last: the port begins to deliver with its first listener.
parentPort.on('message', (message) => message === 'end' && process.exit(0));
