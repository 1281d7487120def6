/** @file The generated client of the server's API over one of the gate's functions. Thread: page. */
import type { CallOptions } from '../contracts/task.ts';
import type { GateFetch } from './egress.ts';
import { createClient, type Client } from './generated/client';

export type Api = Client;

/**
 * What every function of `generated/sdk.gen.ts` takes as its `client` (`npm run build:client`).
 * @param origin of the server.
 * @param gate what each call goes through: [Note: The gate writes the request].
 */
export function createApi(origin: string, gate: GateFetch): Api {
  // The client calls it with a finished request, never with an address.
  return createClient({ baseUrl: origin, fetch: gate as typeof fetch, parseAs: 'json' });
}

/** @returns what a call of the client takes for it to be cancelled. */
export function signalOf(options: CallOptions | undefined): { signal?: AbortSignal } {
  return options?.signal === undefined ? {} : { signal: options.signal };
}

/** {@link json} of something. */
export type Json<Value> = Value extends readonly (infer Item)[]
  ? Json<Item>[]
  : Value extends object
    ? { -readonly [Key in keyof Value]: Json<Exclude<Value[Key], undefined>> }
    : Value;

/** @returns the same as the client takes it: what is undefined is absent in JSON. */
export function json<Value>(value: Value): Json<Value> {
  return value as Json<Value>;
}
