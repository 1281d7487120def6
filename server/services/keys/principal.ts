/** @file Who asks: a key, a program on this machine, or anybody. */
import type { FastifyRequest } from 'fastify';
import type { ServerConfig } from '../../config.ts';
import type { StoredKey } from '../../repositories/api-keys.ts';
import { hostOf, isLocalName, isLoopback } from '../http/host-names.ts';
import type { KeyService } from './key-service.ts';

/** Who made a request. */
export type Principal =
  | { readonly kind: 'key'; readonly id: string; readonly key: StoredKey }
  /** A program on this machine, or a page of this server in a browser on it. */
  | { readonly kind: 'local'; readonly id: 'local' }
  | { readonly kind: 'anonymous'; readonly id: 'anonymous' }
  /** Sent a key that does not work. */
  | { readonly kind: 'refused'; readonly id: 'anonymous'; readonly reason: string };

declare module 'fastify' {
  interface FastifyRequest {
    /** Set before anything else of the API runs; null outside of it. */
    principal: Principal;
  }
}

const REASONS = {
  unknown: 'The key is not known here.',
  expired: 'The key has expired.',
  revoked: 'The key was revoked.',
} as const;

/** @returns whom something belongs to that is asked for again later: a key and those that replace it, or whoever needs none. */
export function ownerOf(principal: Principal): string {
  return principal.kind === 'key' ? principal.key.family : principal.id;
}

/** @returns true for a server that copies from this one: it asks every second, and for many products. */
export function isReader(principal: Principal): boolean {
  return principal.kind === 'key' && principal.key.role === 'replica';
}

/** Find out who asks. Never throws: limits are counted first, then access is decided. */
export async function identify(request: FastifyRequest, config: ServerConfig, keys: KeyService): Promise<Principal> {
  const { authorization } = request.headers;
  if (authorization !== undefined) {
    const secret = /^Bearer ([\w-]{1,200})$/i.exec(authorization)?.[1];
    if (secret === undefined) return { kind: 'refused', id: 'anonymous', reason: 'Send the key as: Authorization: Bearer <key>.' };
    const found = await keys.authenticate(secret);
    return typeof found === 'string'
      ? { kind: 'refused', id: 'anonymous', reason: REASONS[found] }
      : { kind: 'key', id: found.id, key: found };
  }
  return isLocal(request, config) ? { kind: 'local', id: 'local' } : { kind: 'anonymous', id: 'anonymous' };
}

/**
 * [Note: This machine] A request counts as local when its connection comes from this machine, nothing says that it was forwarded (behind
 * a proxy every request comes from this machine), and no page of another site sent it.
 */
function isLocal(request: FastifyRequest, config: ServerConfig): boolean {
  const { headers, socket } = request;
  const isForwarded = headers['x-forwarded-for'] !== undefined || headers['forwarded'] !== undefined || headers['via'] !== undefined;
  return isLoopback(socket.remoteAddress) && !isForwarded && !config.isKeyAlwaysRequired && !isForeign(request);
}

/** @returns true when a browser says that a page of another site sent this. */
export function isForeign({ headers }: Pick<FastifyRequest, 'headers'>): boolean {
  if (headers['sec-fetch-site'] === 'cross-site') return true;
  const { origin, host } = headers;
  if (origin === undefined) return false;
  const originHost = hostOf(origin.replace(/^https?:\/\//, ''));
  const ownHost = hostOf(host ?? '');
  // The development server is another port of this machine.
  const isBothLocal = isLocalName(originHost) && isLocalName(ownHost);
  return (originHost === null || originHost !== ownHost) && !isBothLocal;
}
