/**
 * @file How page and workers talk: comlink calls, errors kept whole, progress beside the calls. Load it on both sides of every worker.
 * [Note: Errors over comlink] Comlink 4.4.2 carries message, name and stack only; code, retryable, stage and cause get lost.
 * [Note: Progress over comlink] Comlink passes functions only as arguments of their own, with a port for each. Progress travels as a plain
 * message of the worker instead, named by its task; comlink ignores messages that are not its own.
 */
import * as comlink from 'comlink';
import { AppError, type ErrorCode } from './errors.ts';
import type { Progress, TaskOptions } from './task.ts';

/** What only the page knows, sent before the first call. */
export interface WorkerSetup {
  /** Backend that tests ask for (`?ep=`). */
  readonly override: 'webgpu' | 'wasm' | null;
  /** iPads call themselves Macs, and only a page can count touch points. */
  readonly isIos: boolean;
}

/** Messages beside comlink's. */
export type SideMessage =
  | { readonly mekiki: 'setup'; readonly setup: WorkerSetup }
  | { readonly mekiki: 'progress'; readonly taskId: string; readonly progress: Progress }
  | { readonly mekiki: 'fatal'; readonly message: string };

/** `TaskOptions` as it crosses the wire. */
export type WireTaskOptions = Omit<TaskOptions, 'onProgress'> & { readonly wantsProgress: boolean };

/** @returns the message if it is one of ours, else null. */
export function toSideMessage(data: unknown): SideMessage | null {
  return typeof data === 'object' && data !== null && 'mekiki' in data ? (data as SideMessage) : null;
}

/** Where a worker listens and answers: its own global scope, or a port in tests. */
export interface WorkerEndpoint extends comlink.Endpoint {
  postMessage(message: unknown, transfer?: Transferable[]): void;
}

/** Offer `api` to the page. Call it once, at the top level of the worker. */
export function serve(api: object, endpoint: WorkerEndpoint): void {
  installWire();
  const methods = Object.entries(api as Record<string, (...given: unknown[]) => unknown>).map(([name, method]) => [
    name,
    (...given: unknown[]) => method(...given.map((value) => withProgress(value, endpoint))),
  ]);
  comlink.expose(Object.fromEntries(methods) as object, endpoint);
}

function withProgress(value: unknown, endpoint: WorkerEndpoint): unknown {
  if (typeof value !== 'object' || value === null || !('wantsProgress' in value)) return value;
  const { wantsProgress, ...options } = value as WireTaskOptions;
  if (!wantsProgress) return options;
  const { taskId } = options;
  const onProgress = (progress: Progress): void => endpoint.postMessage({ mekiki: 'progress', taskId, progress } satisfies SideMessage);
  return { ...options, onProgress };
}

interface WireError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryable: boolean;
  readonly stage: string | undefined;
  readonly causeText: string | undefined;
}

const THROW_HANDLER = 'throw';

/** Comlink marks thrown values with a private symbol; only its own handler recognises it, so that one is asked. */
const comlinkThrow = comlink.transferHandlers.get(THROW_HANDLER);

/** Install the handler that keeps {@link AppError}s whole. Idempotent. */
export function installWire(): void {
  comlink.transferHandlers.set(THROW_HANDLER, {
    canHandle: (value: unknown): value is { value: unknown } => comlinkThrow?.canHandle(value) ?? false,
    serialize: ({ value }: { value: unknown }): [WireError, Transferable[]] => [toWire(value), []],
    deserialize: (wire: WireError): never => {
      throw fromWire(wire);
    },
  });
}

function toWire(value: unknown): WireError {
  if (value instanceof AppError)
    return { code: value.code, message: value.message, retryable: value.retryable, stage: value.stage, causeText: textOf(value.cause) };
  const message = value instanceof Error ? value.message : String(value);
  return { code: 'bug', message, retryable: false, stage: undefined, causeText: textOf(value) };
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
  if (cause instanceof Error) return cause.stack ?? cause.message;
  return typeof cause === 'string' ? cause : JSON.stringify(cause);
}
