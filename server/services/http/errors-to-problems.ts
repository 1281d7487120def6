/** @file Every error of a route or of Fastify itself becomes problem details; what went wrong inside stays in the log. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { AppError, type ErrorCode } from '../../../src/contracts/errors.ts';
import { isDatabaseDamaged } from '../../repositories/database.ts';
import { HttpProblem, PROBLEM_TYPE, problemBody } from './problem.ts';
import { isStorageFull, STORAGE_FULL } from '../storage/storage-full.ts';

/** Statuses of our own codes when they come out of a service. */
const STATUS_OF_CODE: Readonly<Partial<Record<ErrorCode, number>>> = {
  'invalid-input': 400,
  busy: 503,
  'quota-exceeded': 507,
  'storage-full': 507,
  'model-integrity': 503,
  'permission-denied': 403,
  'decode-unsupported': 422,
  'model-unavailable': 503,
  // Of others that were asked for the answer.
  'server-refused': 502,
  offline: 502,
};

/** Details of Fastify's own refusals, by status. */
const DETAILS: Readonly<Record<number, string>> = {
  413: 'The body is larger than this route accepts.',
  415: 'This route reads JSON only. Images are not accepted.',
};

/** Send problem details. */
export function sendProblem(reply: FastifyReply, status: number, code: ErrorCode, detail?: string): FastifyReply {
  if (status === 401) void reply.header('www-authenticate', 'Bearer');
  if (status === 503) void reply.header('retry-after', '1');
  // A string body keeps Fastify from looking for the problem in the route's response schemas.
  return reply
    .code(status)
    .type(PROBLEM_TYPE)
    .header('cache-control', 'no-store')
    .serializer(String)
    .send(JSON.stringify(problemBody(status, code, detail)));
}

/** Install the error handler. */
export function answerWithProblems(app: FastifyInstance): void {
  app.setErrorHandler((error, request, reply) => {
    const { status, code, detail } = classify(error);
    if (status >= 500) request.log.error({ err: error, route: request.routeOptions.url }, 'failed');
    return sendProblem(reply, status, code, detail);
  });
}

function classify(error: unknown): { status: number; code: ErrorCode; detail: string | undefined } {
  if (error instanceof HttpProblem) return { status: error.status, code: error.code, detail: error.message };
  if (error instanceof AppError) {
    const status = STATUS_OF_CODE[error.code] ?? 500;
    return { status, code: error.code, detail: status === 500 ? undefined : error.message };
  }
  if (hasZodFastifySchemaValidationErrors(error)) {
    const detail = error.validation
      .slice(0, 5)
      .map(({ instancePath, message }) => `${instancePath === '' ? error.validationContext : instancePath}: ${message ?? 'not valid'}`)
      .join('; ');
    return { status: 400, code: 'invalid-input', detail: detail.slice(0, 1000) };
  }
  if (isDatabaseDamaged(error))
    return { status: 503, code: 'server-refused', detail: 'The database of the server is damaged. Whoever runs it must restore a backup.' };
  if (isStorageFull(error)) return { status: 507, code: 'storage-full', detail: STORAGE_FULL };
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  if (status === 429) return { status, code: 'busy', detail: 'Too many requests. Try again in a minute.' };
  if (typeof status === 'number' && status >= 400 && status < 500) return { status, code: 'invalid-input', detail: DETAILS[status] };
  return { status: 500, code: 'bug', detail: undefined };
}
