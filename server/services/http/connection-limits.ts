/**
 * @file What one client may hold open. [Note: Slow clients] Requests must arrive whole within a time (Node's `requestTimeout`), a connection on
 * which nothing moves is closed, and one address has only so many of them: who sends a byte a minute, or never reads its answer, takes
 * no place from others. Programs on this machine, e.g. a proxy in front, are not counted by address.
 */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { isLoopback, networkOf } from './host-names.ts';

/** Limits of a listening server. */
export interface ConnectionLimits {
  /** Of all clients together; more are turned away. */
  readonly total: number;
  /** Of one address, or of one network where addresses are plentiful. */
  readonly perAddress: number;
  /** Whom the second one is not for. Default: this machine. */
  readonly isExempt?: (address: string | undefined) => boolean;
}

/** What is open to everybody unless said otherwise. A browser opens six. */
export const CONNECTION_LIMITS: ConnectionLimits = { total: 4_096, perAddress: 256 };

/** Turn connections away, from now on. */
export function limitConnections(server: Pick<Server, 'maxConnections' | 'on'>, limits: ConnectionLimits): void {
  const { total, perAddress, isExempt = isLoopback } = limits;
  const open = new Map<string, number>();
  server.maxConnections = total;
  server.on('connection', (socket: Socket) => {
    const { remoteAddress } = socket;
    if (isExempt(remoteAddress)) return;
    const network = networkOf(remoteAddress ?? '');
    const count = (open.get(network) ?? 0) + 1;
    open.set(network, count);
    socket.once('close', () => {
      const left = (open.get(network) ?? 1) - 1;
      if (left === 0) open.delete(network);
      else open.set(network, left);
    });
    if (count > perAddress) socket.destroy();
  });
}
