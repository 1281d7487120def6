/** @file The one error class of the project. Thread: any. */

/** Closed set of error codes; every code has a message in `messages/*.json` under `error_<code>`. */
export const ERROR_CODES = [
  'cancelled',
  'busy',
  'worker-died',
  'gpu-lost',
  'out-of-memory',
  'model-unavailable',
  'model-integrity',
  'decode-unsupported',
  'permission-denied',
  'quota-exceeded',
  'storage-full',
  'offline',
  'server-refused',
  'invalid-input',
  'bug',
] as const;

/** One of {@link ERROR_CODES}. */
export type ErrorCode = (typeof ERROR_CODES)[number];

/** Optional context of an {@link AppError}. */
export interface AppErrorOptions {
  /** What was caught, if anything. */
  cause?: unknown;
  /** True when trying the same call again may succeed. Default: by code. */
  retryable?: boolean;
  /** Pipeline stage that failed, e.g. `decode`, `read`, `embed`. */
  stage?: string;
}

const RETRYABLE: ReadonlySet<ErrorCode> = new Set(['busy', 'worker-died', 'gpu-lost', 'offline', 'model-unavailable']);

/**
 * An error with a code that the user interface can put into the user's words.
 * `message` is for developers and logs: no pixels, names, texts read or embeddings in it.
 */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly stage: string | undefined;

  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.retryable = options.retryable ?? RETRYABLE.has(code);
    this.stage = options.stage;
  }
}

/** @returns `error` itself if it is an {@link AppError}, else one with code `fallback` and `error` as its cause. */
export function toAppError(error: unknown, fallback: ErrorCode = 'bug', stage?: string): AppError {
  if (error instanceof AppError) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof DOMException && error.name === 'AbortError') return new AppError('cancelled', message, { cause: error });
  if (error instanceof DOMException && error.name === 'QuotaExceededError')
    return new AppError('quota-exceeded', message, { cause: error });
  return new AppError(fallback, message, stage === undefined ? { cause: error } : { cause: error, stage });
}
