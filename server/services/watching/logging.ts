/**
 * @file Structured logs without personal data: no address, no query string, no ids, no bodies. A request is logged as its method,
 * the route's pattern, status and time; an error as its kind and where it was thrown (messages may quote what a user sent).
 */
import type { FastifyInstance, FastifyServerOptions } from 'fastify';
import { AppError } from '../../../src/contracts/errors.ts';
import type { ServerConfig } from '../../config.ts';

/** What is logged of an error. */
interface LoggedError {
  readonly type: string;
  readonly code: string | undefined;
  readonly message: string | undefined;
  readonly at: readonly string[];
}

/** @returns the parts of an error that hold no user data. */
export function describeError(error: unknown): LoggedError {
  if (!(error instanceof Error)) return { type: typeof error, code: undefined, message: undefined, at: [] };
  const { code } = error as { code?: unknown };
  return {
    type: error.name,
    code: typeof code === 'string' ? code : undefined,
    // Messages of AppErrors are written for logs; others may hold what was sent.
    message: error instanceof AppError ? error.message : undefined,
    at: (error.stack ?? '')
      .split('\n')
      .filter((line) => /^\s+at /.test(line))
      .slice(0, 8)
      .map((line) => line.trim()),
  };
}

/** Logger options for Fastify. */
export function loggerOptions(config: Pick<ServerConfig, 'logLevel'>): NonNullable<FastifyServerOptions['logger']> {
  return {
    level: config.logLevel,
    base: null,
    serializers: {
      err: describeError as never,
      req: (request: { method?: string }) => ({ method: request.method ?? '' }),
      res: (reply: { statusCode?: number | string }) => ({ statusCode: reply.statusCode ?? 0 }),
    },
  };
}

/** One line for each answer of the API; files of the app at `debug`. */
export function logAnswers(app: FastifyInstance): void {
  app.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'none';
    const line = { method: request.method, route, status: reply.statusCode, ms: Math.round(reply.elapsedTime * 10) / 10 };
    if (route.startsWith('/v1')) request.log.info(line, 'answered');
    else request.log.debug(line, 'answered');
    done();
  });
}
