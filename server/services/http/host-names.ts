/** @file Names and addresses that requests carry: which are ours, which are this machine. */
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import type { FastifyRequest } from 'fastify';
import type { ServerConfig } from '../../config.ts';
import { HttpProblem } from './problem.ts';

/** @returns true for a connection from this machine. */
export function isLoopback(address: string | undefined): boolean {
  return address === '::1' || /^(::ffff:)?127\.\d+\.\d+\.\d+$/.test(address ?? '');
}

/** @param host as {@link hostOf} gives it. */
export function isLocalName(host: string | null): boolean {
  return host !== null && (host === 'localhost' || isLoopback(host));
}

/** @returns the host of `host[:port]` without brackets, lower case; null when it is malformed. */
export function hostOf(authority: string): string | null {
  const found = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9_.-]+))(?::\d{1,5})?$/i.exec(authority);
  return (found?.[1] ?? found?.[2])?.toLowerCase() ?? null;
}

/**
 * [Note: DNS rebinding] A page of another site may make its own name point here and so call us as if it were ours. An address cannot be
 * rebound, so every address is fine.
 * @throws HttpProblem 421 for a host name that is not this server's.
 */
export function requireOwnHost(request: FastifyRequest, config: ServerConfig): void {
  const host = hostOf(request.headers.host ?? '');
  if (host !== null && (isIP(host) !== 0 || ownNames(config).has(host) || host.endsWith('.localhost'))) return;
  throw new HttpProblem(421, 'server-refused', 'This server does not answer to that host name. Start it with --allow-host to change that.');
}

/** @returns what a client is counted by: an IPv4 address, or the half of an IPv6 address that names its network. */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(address)?.[1];
  if (mapped !== undefined || !address.includes(':')) return mapped ?? address;
  const [head = '', tail] = address.split('%')[0]!.split('::');
  const groups = head === '' ? [] : head.split(':');
  const rest = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - groups.length - rest.length);
  return [...groups, ...Array.from({ length: zeros }, () => '0'), ...rest].slice(0, 4).join(':');
}

function ownNames(config: ServerConfig): ReadonlySet<string> {
  const name = hostname().toLowerCase();
  return new Set(['localhost', name, `${name}.local`, ...config.allowedHosts.map((host) => host.toLowerCase())]);
}
