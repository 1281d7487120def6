/**
 * @file The gate. The only module that may call the network with user data: checks the switch, checks the payload, writes the ledger,
 * builds the request itself, and only then sends. Thread: page.
 *
 * [Note: The gate builds the request] A caller names a route and hands over a payload; it never hands over a body, a URL or a header.
 * So what the ledger shows is what left, byte for byte, and nothing can ride along.
 */
import type { z } from 'zod';
import type { EgressPayload, LedgerRow, PayloadType } from '../contracts/egress.ts';
import { AppError } from '../contracts/errors.ts';
import type { Ledger, LedgerEntry } from '../store/ledger.ts';
import { refusalOfCrop } from './crop-inspection.ts';

/** Where a payload goes and what may come back. Constant text of the program, never user data. */
export interface EgressRoute<Answer> {
  readonly method: 'GET' | 'POST';
  /** e.g. `/v1/collections/products/search` */
  readonly path: `/${string}`;
  /** For a text that travels in the address because the route is a GET. */
  readonly textParameter?: string;
  /** Numbers and switches beside the payload, e.g. `{ k: 20 }`. */
  readonly options?: Readonly<Record<string, number | boolean>>;
  /** What the answer must look like. */
  readonly answer: z.ZodType<Answer>;
  /** True: 404 is an answer (`null`), not an error. */
  readonly canBeAbsent?: boolean;
  /** Default 1 MiB. */
  readonly maxAnswerBytes?: number;
  /** Default 10 s, from the first byte sent to the last byte read. */
  readonly timeoutMs?: number;
}

/** What is downloaded. Constant text of the program and names that the server itself gave, never user data. */
export interface DownloadRoute {
  readonly path: `/${string}`;
  /** Bytes that are here already. */
  readonly fromByte: number;
  /** Of the whole; more is refused. */
  readonly maxBytes: number;
  /** Longest silence between two pieces. Default 20 s. */
  readonly silenceMs?: number;
}

/** Some bytes of a download, in order. */
export interface DownloadPiece {
  /** Place of the first byte in the whole: 0 when the server sent all of it again. */
  readonly offset: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface EgressOptions {
  readonly signal?: AbortSignal;
}

/** The part of the settings that the gate asks. */
export interface EgressSettings {
  mayLeave(lensId: string, type: PayloadType): Promise<boolean>;
  get(key: 'serverUrl'): Promise<string>;
}

export interface Egress {
  /** True when the user switched this on. */
  isAllowed(lensId: string, type: PayloadType): Promise<boolean>;
  /**
   * Send one payload.
   * @param destination origin of a server, `https://…`; must be the configured one.
   * @returns the answer; null for a 404 where the route allows it.
   * @throws AppError('permission-denied') when not switched on or not the configured server; `invalid-input` when the payload breaks a
   * limit (a `blocked` row is left); `offline` when there was no answer in time; `server-refused` for 4xx, 5xx and answers that are not
   * what the route promises; `quota-exceeded` when the ledger is full (nothing leaves then); `cancelled`.
   */
  send<Answer>(
    lensId: string,
    destination: string,
    payload: EgressPayload,
    route: EgressRoute<Answer>,
    options?: EgressOptions,
  ): Promise<Answer | null>;
  /** Ask something that carries no user data, e.g. health. Not in the ledger. Errors as {@link send}. */
  ask<Answer>(
    destination: string,
    route: Omit<EgressRoute<Answer>, 'textParameter' | 'options'>,
    options?: EgressOptions,
  ): Promise<Answer | null>;
  /**
   * Fetch a file that carries no user data, e.g. a part of a pack, from a byte on. Not in the ledger. What was yielded before an error is good.
   * @throws AppError as {@link send}.
   */
  download(destination: string, route: DownloadRoute, options?: EgressOptions): AsyncGenerator<DownloadPiece, void, void>;
}

export interface EgressDependencies {
  readonly ledger: Pick<Ledger, 'append'>;
  readonly settings: EgressSettings;
  /** Origin that served the app. */
  readonly ownOrigin: string;
  readonly fetch?: typeof globalThis.fetch;
  readonly now?: () => number;
}

const DEFAULT_TIMEOUT_MS = 10_000;
const DEFAULT_ANSWER_BYTES = 1 << 20;
const DEFAULT_SILENCE_MS = 20_000;
const MAX_TEXT_LENGTH = 2000;

/** A payload as it goes over the wire. */
interface Wire {
  readonly query: string;
  readonly body: string | Blob | null;
  readonly contentType: string | null;
  readonly bytes: number;
  readonly preview: string;
}

/** The gate over a ledger and the user's switches. */
export function createEgress(dependencies: EgressDependencies): Egress {
  const { ledger, settings, ownOrigin, now = Date.now } = dependencies;
  const fetchNow = dependencies.fetch ?? ((input, init) => globalThis.fetch(input, init));

  async function checkDestination(destination: string): Promise<string> {
    const configured = (await settings.get('serverUrl')) || ownOrigin;
    const origin = originOf(destination);
    if (origin === null || origin !== originOf(configured))
      throw new AppError('permission-denied', 'not the configured server', { stage: 'egress' });
    return origin;
  }

  return {
    isAllowed: (lensId, type) => settings.mayLeave(lensId, type),
    async send(lensId, destination, payload, route, { signal } = {}) {
      if (signal?.aborted === true) throw new AppError('cancelled', 'cancelled before sending');
      const origin = await checkDestination(destination);
      if (!(await settings.mayLeave(lensId, payload.type)))
        throw new AppError('permission-denied', `${payload.type} may not leave from ${lensId}`, { stage: 'egress' });
      const base = { lensId, destination: origin, type: payload.type };
      const refusal = await refusalOf(payload);
      if (refusal !== null) {
        await ledger.append({ ...base, atMs: now(), bytes: 0, preview: `blocked: ${refusal}`, status: 'blocked', completes: null });
        throw new AppError('invalid-input', `payload blocked: ${refusal}`, { stage: 'egress' });
      }
      const wire = await toWire(payload, route);
      // Durable before the first byte leaves; when this fails, nothing leaves.
      const sending = await ledger.append({
        ...base,
        atMs: now(),
        bytes: wire.bytes,
        preview: wire.preview,
        status: 'sending',
        completes: null,
      });
      const complete = (status: 'sent' | 'failed'): Promise<unknown> => completeRow(ledger, sending, status, now());
      let response: Response;
      const deadline = startDeadline(route.timeoutMs ?? DEFAULT_TIMEOUT_MS, signal);
      try {
        try {
          response = await fetchNow(`${origin}${route.path}${wire.query}`, requestOf(route.method, wire, deadline.signal));
        } catch (error) {
          await complete('failed');
          throw networkError(error, deadline.hasPassed(), signal);
        }
        await complete('sent');
        return await readAnswer(response, route, deadline.hasPassed, signal);
      } finally {
        deadline.end();
      }
    },
    async ask(destination, route, { signal } = {}) {
      if (signal?.aborted === true) throw new AppError('cancelled', 'cancelled before sending');
      const origin = await checkDestination(destination);
      const deadline = startDeadline(route.timeoutMs ?? DEFAULT_TIMEOUT_MS, signal);
      const nothing: Wire = { query: '', body: null, contentType: null, bytes: 0, preview: '' };
      try {
        const response = await fetchNow(`${origin}${route.path}`, requestOf(route.method, nothing, deadline.signal)).catch(
          (error: unknown) => {
            throw networkError(error, deadline.hasPassed(), signal);
          },
        );
        return await readAnswer(response, route, deadline.hasPassed, signal);
      } finally {
        deadline.end();
      }
    },
    async *download(destination, route, { signal } = {}) {
      if (signal?.aborted === true) throw new AppError('cancelled', 'cancelled before sending');
      const origin = await checkDestination(destination);
      const silenceMs = route.silenceMs ?? DEFAULT_SILENCE_MS;
      const deadline = startDeadline(silenceMs, signal);
      const request = requestOf('GET', { query: '', body: null, contentType: null, bytes: 0, preview: '' }, deadline.signal);
      const range = route.fromByte === 0 ? {} : { range: `bytes=${route.fromByte}-` };
      try {
        const response = await fetchNow(`${origin}${route.path}`, { ...request, headers: { ...range } });
        await refuseStatus(response);
        const isPartial = response.status === 206;
        const start = /^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '')?.[1];
        if (isPartial && Number(start) !== route.fromByte)
          throw new AppError('server-refused', 'the server sent another range than was asked for', { stage: 'egress' });
        let offset = isPartial ? route.fromByte : 0;
        for await (const bytes of piecesOf(response)) {
          deadline.postpone(silenceMs);
          if (offset + bytes.length > route.maxBytes)
            throw new AppError('server-refused', `the file is larger than ${route.maxBytes} bytes`, { stage: 'egress' });
          yield { offset, bytes };
          offset += bytes.length;
        }
      } catch (error) {
        throw error instanceof AppError ? error : networkError(error, deadline.hasPassed(), signal);
      } finally {
        deadline.end();
      }
    },
  };
}

/** Ends the response when it is not read to its end. */
async function* piecesOf(response: Response): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  try {
    while (true) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

function originOf(url: string): string | null {
  try {
    const { protocol, origin } = new URL(url);
    return protocol === 'https:' || protocol === 'http:' ? origin : null;
  } catch {
    return null;
  }
}

/** @returns why the payload must not leave; null when it may. Never quotes the payload. */
async function refusalOf(payload: EgressPayload): Promise<string | null> {
  switch (payload.type) {
    case 'vector':
      if (payload.vector.length < 2 || payload.vector.length > 4096) return 'a vector of no usable length';
      return payload.vector.every(Number.isFinite) ? null : 'a vector with values that are no numbers';
    case 'crop':
      return refusalOfCrop(payload);
    case 'text':
      return payload.text !== '' && payload.text.length <= MAX_TEXT_LENGTH ? null : `a text of ${payload.text.length} characters`;
    case 'count': {
      const entries = Object.entries(payload.counts);
      const isClean = entries.length <= 100 && entries.every(([name, count]) => /^[a-z][\w-]{0,40}$/i.test(name) && Number.isFinite(count));
      return isClean ? null : 'counts that are no counts';
    }
    default:
      // A type that this version does not know (from untyped code): closed, not open.
      return 'an unknown kind of payload';
  }
}

/** [Note: The gate builds the request] */
async function toWire(payload: EgressPayload, route: Pick<EgressRoute<unknown>, 'textParameter' | 'options'>): Promise<Wire> {
  const options = route.options ?? {};
  if (payload.type === 'crop') {
    const query = queryOf({ ...options, class: payload.detectionClass });
    return { query, body: payload.blob, contentType: payload.blob.type, bytes: payload.blob.size, preview: await dataUrl(payload.blob) };
  }
  if (payload.type === 'text' && route.textParameter !== undefined) {
    const query = queryOf({ ...options, [route.textParameter]: payload.text });
    return { query, body: null, contentType: null, bytes: query.length - 1, preview: query.slice(1) };
  }
  const body = JSON.stringify(contentOf(payload, options));
  return { query: '', body, contentType: 'application/json', bytes: new TextEncoder().encode(body).length, preview: body };
}

function contentOf(payload: Exclude<EgressPayload, { type: 'crop' }>, options: Readonly<Record<string, number | boolean>>): unknown {
  switch (payload.type) {
    case 'vector':
      return { ...options, space: payload.space, vector: Array.from(payload.vector, shortest) };
    case 'text':
      return { ...options, text: payload.text };
    case 'count':
      return { ...options, counts: payload.counts };
  }
}

/** Fewest digits that name the same float32: half the bytes of its float64 spelling. */
function shortest(value: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const candidate = Number(value.toPrecision(digits));
    if (Math.fround(candidate) === value) return candidate;
  }
  return Number(value.toPrecision(9));
}

function queryOf(values: Readonly<Record<string, string | number | boolean>>): string {
  return `?${new URLSearchParams(Object.entries(values).map(([key, value]) => [key, String(value)])).toString()}`;
}

async function dataUrl(blob: Blob): Promise<string> {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  let binary = '';
  for (let at = 0; at < bytes.length; at += 0x8000) binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return `data:${blob.type};base64,${btoa(binary)}`;
}

function requestOf(method: 'GET' | 'POST', wire: Wire, signal: AbortSignal): RequestInit {
  return {
    method,
    ...(wire.body === null ? {} : { body: wire.body }),
    headers: { accept: 'application/json', ...(wire.contentType === null ? {} : { 'content-type': wire.contentType }) },
    signal,
    // Nothing but the payload: no cookies, no address of the page, no other place by redirect, no copy in the browser's cache.
    credentials: 'omit',
    referrerPolicy: 'no-referrer',
    redirect: 'error',
    cache: 'no-store',
  };
}

/** When this fails the answer is not lost for it: the `sending` row stays and reads as "outcome unknown". */
async function completeRow(ledger: Pick<Ledger, 'append'>, sending: LedgerRow, status: 'sent' | 'failed', atMs: number): Promise<void> {
  const { lensId, destination, type, bytes, sequence } = sending;
  const row: LedgerEntry = { lensId, destination, type, bytes, atMs, preview: '', status, completes: sequence };
  await ledger.append(row).catch(() => {});
}

function startDeadline(
  timeoutMs: number,
  caller: AbortSignal | undefined,
): { signal: AbortSignal; hasPassed: () => boolean; postpone: (byMs: number) => void; end: () => void } {
  const controller = new AbortController();
  let hasPassed = false;
  const pass = (): void => {
    hasPassed = true;
    controller.abort();
  };
  let timer = setTimeout(pass, timeoutMs);
  const follow = (): void => {
    controller.abort();
  };
  caller?.addEventListener('abort', follow, { once: true });
  if (caller?.aborted === true) controller.abort();
  return {
    signal: controller.signal,
    hasPassed: () => hasPassed,
    postpone: (byMs) => {
      clearTimeout(timer);
      timer = setTimeout(pass, byMs);
    },
    end: () => {
      clearTimeout(timer);
      caller?.removeEventListener('abort', follow);
    },
  };
}

function networkError(error: unknown, hasTimedOut: boolean, caller: AbortSignal | undefined): AppError {
  if (caller?.aborted === true) return new AppError('cancelled', 'cancelled by the caller', { cause: error });
  if (hasTimedOut) return new AppError('offline', 'no answer in time', { cause: error, stage: 'egress' });
  // fetch tells a dead line, a refused connection and a redirect apart from each other to nobody.
  return new AppError('offline', 'the server cannot be reached', { cause: error, stage: 'egress' });
}

async function readAnswer<Answer>(
  response: Response,
  route: Pick<EgressRoute<Answer>, 'answer' | 'canBeAbsent' | 'maxAnswerBytes'>,
  hasTimedOut: () => boolean,
  caller: AbortSignal | undefined,
): Promise<Answer | null> {
  if (response.status === 404 && route.canBeAbsent === true) {
    await response.body?.cancel().catch(() => {});
    return null;
  }
  await refuseStatus(response);
  let text: string;
  try {
    text = await readCapped(response, route.maxAnswerBytes ?? DEFAULT_ANSWER_BYTES);
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw networkError(error, hasTimedOut(), caller);
  }
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch (error) {
    throw new AppError('server-refused', 'the answer is not JSON', { cause: error, stage: 'egress' });
  }
  const parsed = route.answer.safeParse(answer);
  if (!parsed.success) {
    const place = parsed.error.issues[0]?.path.join('.') ?? '';
    throw new AppError('server-refused', `the answer is not what was asked for, at "${place.slice(0, 80)}"`, { stage: 'egress' });
  }
  return parsed.data;
}

/** @throws AppError('server-refused') for an answer that is none. */
async function refuseStatus(response: Response): Promise<void> {
  if (response.ok) return;
  await response.body?.cancel().catch(() => {});
  const retryable = response.status >= 500 || response.status === 429;
  throw new AppError('server-refused', `the server answered ${response.status}`, { retryable, stage: 'egress' });
}

/** Stops reading at the limit, whatever `content-length` says. */
async function readCapped(response: Response, maxBytes: number): Promise<string> {
  if (response.body === null) return '';
  const reader = response.body.getReader();
  const decoder = new TextDecoder('utf-8', { fatal: false });
  let text = '';
  let bytes = 0;
  while (true) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    bytes += value.byteLength;
    if (bytes > maxBytes) {
      await reader.cancel().catch(() => {});
      throw new AppError('server-refused', `the answer is larger than ${maxBytes} bytes`, { stage: 'egress' });
    }
    text += decoder.decode(value, { stream: true });
  }
}
