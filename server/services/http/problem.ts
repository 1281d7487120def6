/** @file Errors as they leave the server: RFC 9457 problem details with one of our error codes. */
import type { ErrorCode } from '../../../src/contracts/errors.ts';
import type { Problem } from '../../../src/contracts/server-api.ts';

/** Media type of problem details. */
export const PROBLEM_TYPE = 'application/problem+json';

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad request',
  401: 'Key needed',
  403: 'Not allowed',
  404: 'Not found',
  405: 'Method not allowed',
  408: 'Request took too long',
  409: 'Conflict',
  413: 'Request too large',
  415: 'Unsupported media type',
  410: 'Gone',
  416: 'Range not satisfiable',
  421: 'Misdirected request',
  422: 'Cannot be processed',
  429: 'Too many requests',
  500: 'Internal error',
  502: 'Another server failed',
  503: 'Busy',
  507: 'Storage full',
};

/** Thrown by routes and services; becomes the answer. `detail` is shown to the caller: no internals in it. */
export class HttpProblem extends Error {
  readonly status: number;
  readonly code: ErrorCode;

  constructor(status: number, code: ErrorCode, detail: string) {
    super(detail);
    this.name = 'HttpProblem';
    this.status = status;
    this.code = code;
  }
}

/** @returns what a status means, in a few words. */
export function titleOf(status: number): string {
  return TITLES[status] ?? TITLES[status < 500 ? 400 : 500]!;
}

/** @returns the body for a status and code. */
export function problemBody(status: number, code: ErrorCode, detail?: string): Problem {
  return {
    type: `urn:mekiki:problem:${code}`,
    title: titleOf(status),
    status,
    ...(detail === undefined ? {} : { detail }),
    code,
  };
}
