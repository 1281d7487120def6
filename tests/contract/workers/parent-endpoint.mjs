/** @file A thread's way to its parent, as `serve` wants it. */
import { parentPort } from 'node:worker_threads';

/** @returns an endpoint over `parentPort`. */
export function parentEndpoint() {
  const listeners = new Map();
  return {
    postMessage: (message, transfer = []) => parentPort.postMessage(message, transfer),
    addEventListener: (type, listener) => {
      const heard = (data) => listener({ data, origin: '' });
      listeners.set(listener, heard);
      parentPort.on(type, heard);
    },
    removeEventListener: (type, listener) => parentPort.off(type, listeners.get(listener)),
  };
}
