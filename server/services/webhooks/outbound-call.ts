/**
 * @file The only calls that the server makes to others: webhooks and partners' models. [Note: Inside out] A caller chooses the address, so the
 * server must not become a door to the network it stands in: HTTPS only, public addresses only, looked up once and connected to as looked up
 * (a name cannot change its mind between check and call), no redirects, bounded time and answer. `--allow-loopback-calls` opens this
 * machine's own addresses, over plain HTTP too, for development.
 */
import type { LookupAddress } from 'node:dns';
import { lookup as lookUp } from 'node:dns/promises';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { AppError } from '../../../src/contracts/errors.ts';
import { HttpProblem } from '../http/problem.ts';

/** One call. */
export interface OutboundCall {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly timeoutMs: number;
  /** A longer answer is an error. */
  readonly maxAnswerBytes: number;
  readonly signal?: AbortSignal;
}

/** What came back. */
export interface OutboundAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: Buffer;
}

const MAX_URL_LENGTH = 2_000;
const LOOPBACK = 'loopback';
const PUBLIC = 'unicast';

type Resolve = (name: string, family: number) => Promise<readonly LookupAddress[]>;
const resolveBySystem: Resolve = (name, family) => lookUp(name, { all: true, family, verbatim: true });

/** Makes the calls. */
export class OutboundCaller {
  readonly #isLoopbackAllowed: boolean;
  readonly #resolve: Resolve;

  /** @param resolve looks names up; default: as the system does. */
  constructor({ isLoopbackAllowed }: { readonly isLoopbackAllowed: boolean }, resolve: Resolve = resolveBySystem) {
    this.#isLoopbackAllowed = isLoopbackAllowed;
    this.#resolve = resolve;
  }

  /** What can be said of an address without looking its name up. @throws HttpProblem 400 for one that is never called. */
  check(address: string): URL {
    const url = address.length <= MAX_URL_LENGTH && URL.canParse(address) ? new URL(address) : null;
    if (url === null) throw refused('It is no address.');
    if (url.username !== '' || url.password !== '') throw refused('It may hold no user name or password.');
    const host = hostOf(url);
    const isOwn = this.#isLoopbackAllowed && (host === 'localhost' || (isIP(host) !== 0 && rangeOf(host) === LOOPBACK));
    if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isOwn)) throw refused('It must begin with https://.');
    if (isIP(host) !== 0 && !this.#mayReach(host)) throw refused('It is not an address of the public internet.');
    if (/(^|\.)(localhost|local|internal|home\.arpa|lan)$/.test(host) && !isOwn) throw refused('Its name is of a private network.');
    return url;
  }

  /**
   * POST. Redirects are answers like others, and not followed.
   * @throws HttpProblem 400 as {@link check}; AppError('offline') when no answer came; AppError('permission-denied') for a private address.
   */
  async post(address: string, call: OutboundCall): Promise<OutboundAnswer> {
    const url = this.check(address);
    const { headers, body, timeoutMs, maxAnswerBytes, signal } = call;
    const limit = AbortSignal.timeout(timeoutMs);
    const options: RequestOptions = {
      method: 'POST',
      headers: { ...headers, 'content-length': String(body.byteLength) },
      agent: false,
      lookup: this.#lookup,
      signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
    };
    return new Promise((resolve, reject) => {
      const fail = (error: unknown): void => {
        if (error instanceof AppError) reject(error);
        else if (limit.aborted) reject(new AppError('offline', `No answer within ${timeoutMs / 1000} s.`));
        else reject(new AppError('offline', `The call failed: ${codeOf(error)}.`, { cause: error }));
      };
      const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, options, (response) => {
        const parts: Buffer[] = [];
        let bytes = 0;
        response.on('data', (part: Buffer) => {
          bytes += part.byteLength;
          if (bytes > maxAnswerBytes) response.destroy(new AppError('server-refused', 'The answer is too long.'));
          else parts.push(part);
        });
        response.on('error', fail);
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, contentType: response.headers['content-type'] ?? '', body: Buffer.concat(parts) }),
        );
      });
      request.on('error', fail);
      request.end(body);
    });
  }

  /** All addresses of a name must be fine: one private address among public ones is an attempt. */
  readonly #lookup: LookupFunction = (name, options, callback) => {
    this.#resolve(name, typeof options.family === 'number' ? options.family : 0).then(
      (found) => {
        const bad = found.find(({ address }) => !this.#mayReach(address));
        if (bad !== undefined || found.length === 0)
          callback(new AppError('permission-denied', 'The name leads to an address that is not of the public internet.'), '', 0);
        else if (options.all === true) callback(null, [...found]);
        else callback(null, found[0]!.address, found[0]!.family);
      },
      (error: unknown) => callback(error as NodeJS.ErrnoException, '', 0),
    );
  };

  #mayReach(address: string): boolean {
    const range = rangeOf(address);
    return range === PUBLIC || (range === LOOPBACK && this.#isLoopbackAllowed);
  }
}

function hostOf(url: URL): string {
  return url.hostname
    .replace(/^\[|\]$/g, '')
    .toLowerCase()
    .replace(/\.$/, '');
}

/** Kind of an IP address by the registries of special addresses; addresses that hold an IPv4 address count as that. */
function rangeOf(address: string): string {
  return ipaddr.process(address).range();
}

function refused(why: string): HttpProblem {
  return new HttpProblem(400, 'invalid-input', `This address is not called. ${why}`);
}

function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : 'no answer';
}
