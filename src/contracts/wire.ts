/**
 * @file Comlink's `throw` handler that keeps `AppError`s whole. Import it for its effect on both sides of every worker.
 * [Note: Errors over comlink] Comlink 4.4.2 carries message, name and stack only; code, retryable, stage and cause get lost.
 */
import * as comlink from 'comlink';
import { AppError, type ErrorCode } from './errors.ts';

interface WireError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryable: boolean;
  readonly stage: string | undefined;
  readonly causeText: string | undefined;
}

const THROW_MARKER_KEY = 'throw';

/** Install the handler. Idempotent. */
export function installWire(): void {
  comlink.transferHandlers.set(THROW_MARKER_KEY, {
    canHandle: (value: unknown): value is { value: unknown } => typeof value === 'object' && value !== null && comlinkThrowMarkerOf(value),
    serialize: ({ value }: { value: unknown }): [WireError, Transferable[]] => [toWire(value), []],
    deserialize: (wire: WireError): never => {
      throw fromWire(wire);
    },
  });
}

/** Comlink marks thrown values with a private symbol; its default handler recognises it, so ask that one. */
const defaultThrowHandler = comlink.transferHandlers.get(THROW_MARKER_KEY);
function comlinkThrowMarkerOf(value: object): boolean {
  return defaultThrowHandler?.canHandle(value) ?? false;
}

function toWire(value: unknown): WireError {
  if (value instanceof AppError)
    return { code: value.code, message: value.message, retryable: value.retryable, stage: value.stage, causeText: textOf(value.cause) };
  return {
    code: 'bug',
    message: value instanceof Error ? value.message : String(value),
    retryable: false,
    stage: undefined,
    causeText: textOf(value),
  };
}

function fromWire(wire: WireError): AppError {
  return new AppError(wire.code, wire.message, {
    retryable: wire.retryable,
    ...(wire.stage === undefined ? {} : { stage: wire.stage }),
    ...(wire.causeText === undefined ? {} : { cause: new Error(wire.causeText) }),
  });
}

function textOf(cause: unknown): string | undefined {
  if (cause === undefined) return undefined;
  return cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
}
