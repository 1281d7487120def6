/**
 * @file Who may do what until keys and roles exist: everybody who reaches the server may read; writing needs this machine itself or the
 * operator token. [Note: Hostile pages] A page of another site may make a browser on this machine call us: names that are not ours are
 * refused (DNS rebinding), writes from another origin are refused, and no CORS header is ever sent.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { FastifyRequest } from 'fastify';
import type { ServerConfig } from '../config.ts';
import { HttpProblem } from './problem.ts';

/** @returns the operator token of a data folder; made at first use, readable by its owner only. */
export function operatorToken(dataFolder: string): string {
  const path = join(dataFolder, 'operator-token');
  try {
    const token = readFileSync(path, 'utf8').trim();
    if (/^[\w-]{43}$/.test(token)) return token;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  mkdirSync(dataFolder, { recursive: true });
  const token = randomBytes(32).toString('base64url');
  writeFileSync(path, `${token}\n`, { mode: 0o600 });
  chmodSync(path, 0o600);
  return token;
}

/** @returns true for a connection from this machine. */
export function isLoopback(address: string | undefined): boolean {
  return address === '::1' || /^(::ffff:)?127\.\d+\.\d+\.\d+$/.test(address ?? '');
}

/** @throws HttpProblem 421 for a host name that is not this server's. An address cannot be rebound, so every address is fine. */
export function requireOwnHost(request: FastifyRequest, config: ServerConfig): void {
  const host = hostOf(request.headers.host ?? '');
  if (host !== null && (isIP(host) !== 0 || ownNames(config).has(host) || host.endsWith('.localhost'))) return;
  throw new HttpProblem(421, 'server-refused', 'This server does not answer to that host name. Start it with --allow-host to change that.');
}

/** @throws HttpProblem 401 | 403 unless the request may write. */
export function requireWriter(request: FastifyRequest, config: ServerConfig, token: string): void {
  const { origin, host, authorization } = request.headers;
  const originHost = origin === undefined ? null : hostOf(origin.replace(/^https?:\/\//, ''));
  const isForeign = origin !== undefined && (originHost === null || originHost !== hostOf(host ?? ''));
  const isBothLocal = isLocalName(originHost) && isLocalName(hostOf(host ?? ''));
  if ((isForeign && !isBothLocal) || request.headers['sec-fetch-site'] === 'cross-site')
    throw new HttpProblem(403, 'permission-denied', 'Pages of other sites may not write here.');
  const given = /^Bearer ([\w-]{1,200})$/.exec(authorization ?? '')?.[1];
  if (given !== undefined) {
    if (isEqual(given, token)) return;
    throw new HttpProblem(401, 'permission-denied', 'The operator token is wrong.');
  }
  // Behind a proxy every request comes from this machine: a forwarded one does not count as local.
  const isForwarded = request.headers['x-forwarded-for'] !== undefined || request.headers['forwarded'] !== undefined;
  if (isLoopback(request.socket.remoteAddress) && !isForwarded && !config.isTokenAlwaysRequired) return;
  throw new HttpProblem(401, 'permission-denied', 'Writing needs the operator token: Authorization: Bearer <token>.');
}

function ownNames(config: ServerConfig): ReadonlySet<string> {
  const name = hostname().toLowerCase();
  return new Set(['localhost', name, `${name}.local`, ...config.allowedHosts.map((host) => host.toLowerCase())]);
}

function isLocalName(host: string | null): boolean {
  return host !== null && (host === 'localhost' || isLoopback(host));
}

/** @returns the host of `host[:port]` without brackets, lower case; null when it is malformed. */
function hostOf(authority: string): string | null {
  const found = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9_.-]+))(?::\d{1,5})?$/i.exec(authority);
  return (found?.[1] ?? found?.[2])?.toLowerCase() ?? null;
}

function isEqual(given: string, wanted: string): boolean {
  const a = Buffer.from(given);
  const b = Buffer.from(wanted);
  return a.length === b.length && timingSafeEqual(a, b);
}
