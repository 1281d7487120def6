/**
 * @file The gate. The only module that may call the network with user data: checks the switch, checks the payload, writes the ledger,
 * writes the request itself, and only then sends. Thread: page.
 *
 * [Note: The gate writes the request] The typed client (`api.ts`) gets one of the gate's functions as its `fetch` and proposes a request to
 * it. Of the proposal the gate takes method, address and switches (numbers, yes or no); header, text and body it writes itself, from the
 * payload that it checked. So what the ledger shows is what left, byte for byte, and nothing can ride along.
 *
 * [Note: Operators] What an operator does with a key is no user data: it goes to the configured server as it was proposed, without a row
 * here, because the server's own audit log holds it. Neither pictures nor cookies go with it.
 */
import type { EgressPayload, LedgerRow, PayloadType } from '../contracts/egress.ts';
import { AppError } from '../contracts/errors.ts';
import { MAX_GALLERY_BYTES, raceGallerySchema } from '../contracts/race-gallery.ts';
import { MAX_REPORT_BYTES, visitReportSchema } from '../contracts/visit-report.ts';
import type { Ledger, LedgerEntry } from '../store/ledger.ts';
import { refusalOfCrop } from './crop-inspection.ts';

/**
 * What the typed client gets as its `fetch`. Its `signal` cancels.
 * @returns the answer, whatever its status.
 * @throws AppError('permission-denied') when not switched on or not the configured server; `invalid-input` when the payload breaks a
 * limit (a `blocked` row is left); `offline` when there was no answer in time; `server-refused` for an answer beyond its limit;
 * `quota-exceeded` when the ledger is full (nothing leaves then); `cancelled`; `bug` for a proposal that this way does not take.
 */
export type GateFetch = (proposal: Request) => Promise<Response>;

/** How long and how large an answer may be. */
export interface AnswerLimits {
  /** Default 1 MiB. */
  readonly maxAnswerBytes?: number;
  /** Default 10 s, from the first byte sent to the last byte read. */
  readonly timeoutMs?: number;
}

/** The same, for a server that lets only those in who have a key. */
export interface CarryingLimits extends AnswerLimits {
  /** Secret of the user's key for the configured server; null: none. It is no user data, and not in the ledger. */
  readonly secret?: string | null;
}

/** The same for an answer that is handed on as it comes. */
export interface StreamLimits {
  readonly maxAnswerBytes: number;
  /** Longest silence between two pieces. Default 20 s. */
  readonly silenceMs?: number;
  /** `body` fails with the errors of {@link GateFetch}. */
  readonly isStream: true;
}

/** The part of the settings that the gate asks. */
export interface EgressSettings {
  mayLeave(lensId: string, type: PayloadType): Promise<boolean>;
  get(key: 'serverUrl'): Promise<string>;
}

export interface Egress {
  /** True when the user switched this on. */
  isAllowed(lensId: string, type: PayloadType): Promise<boolean>;
  /** Lets one payload of a lens leave, by GET or POST, and writes it into the ledger. */
  carrying(lensId: string, payload: EgressPayload, limits?: CarryingLimits): GateFetch;
  /** GET that carries no user data, e.g. health or a part of a pack. Not in the ledger. A `range` is let through. */
  asking(limits?: AnswerLimits | StreamLimits): GateFetch;
  /** What an operator does, with the secret of the operator's key: JSON or vectors, any method, below `/v1/`. Not in the ledger. */
  operating(secret: string, limits?: AnswerLimits | StreamLimits): GateFetch;
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
/** What an operator may send: JSON, and vectors in the two forms of a bulk ingest. Pictures are none of them. */
const OPERATOR_TYPES: readonly string[] = ['application/json', 'application/x-ndjson', 'application/vnd.apache.arrow.stream'];
/** Routes of the developer API that take whole images. Nothing goes there from here, whoever asks. */
const TAKES_PHOTOS = /^\/v1\/recogni(se|tions)(\/|$)/;
/** Statuses whose answers have no body. */
const BODILESS: readonly number[] = [204, 205, 304];

/** A payload as it goes over the wire. */
interface Wire {
  readonly query: string;
  readonly body: string | Blob | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: number;
  readonly preview: string;
}

/** Numbers and switches beside the payload, e.g. `{ k: 20 }`. */
type Switches = Readonly<Record<string, string | number | boolean>>;

/** The gate over a ledger and the user's switches. */
export function createEgress(dependencies: EgressDependencies): Egress {
  const { ledger, settings, ownOrigin, now = Date.now } = dependencies;
  const fetchNow = dependencies.fetch ?? ((input, init) => globalThis.fetch(input, init));

  /** @returns address without its query. */
  async function destinationOf(proposal: Request): Promise<{ origin: string; address: string }> {
    const configured = (await settings.get('serverUrl')) || ownOrigin;
    const origin = originOf(proposal.url);
    if (origin === null || origin !== originOf(configured))
      throw new AppError('permission-denied', 'not the configured server', { stage: 'egress' });
    if (proposal.method !== 'GET' && TAKES_PHOTOS.test(new URL(proposal.url).pathname))
      throw new AppError('permission-denied', 'recognition is done on this device', { stage: 'egress' });
    return { origin, address: `${origin}${new URL(proposal.url).pathname}` };
  }

  return {
    isAllowed: (lensId, type) => settings.mayLeave(lensId, type),
    carrying: (lensId, payload, limits) => async (proposal) => {
      refuseCancelled(proposal.signal);
      const { origin, address } = await destinationOf(proposal);
      if (!(await settings.mayLeave(lensId, payload.type)))
        throw new AppError('permission-denied', `${payload.type} may not leave from ${lensId}`, { stage: 'egress' });
      const base = { lensId, destination: origin, type: payload.type };
      const refusal = await refusalOf(payload);
      if (refusal !== null) {
        await ledger.append({ ...base, atMs: now(), bytes: 0, preview: `blocked: ${refusal}`, status: 'blocked', completes: null });
        throw new AppError('invalid-input', `payload blocked: ${refusal}`, { stage: 'egress' });
      }
      const wire = withKey(await toWire(payload, proposal), limits?.secret ?? null);
      // Durable before the first byte leaves; when this fails, nothing leaves.
      const { bytes, preview } = wire;
      const sending = await ledger.append({ ...base, atMs: now(), bytes, preview, status: 'sending', completes: null });
      return exchange(
        (signal) => fetchNow(`${address}${wire.query}`, requestOf(proposal.method, wire, signal)),
        proposal.signal,
        limits,
        (status) => completeRow(ledger, sending, status, now()),
      );
    },
    asking: (limits) => async (proposal) => {
      refuseCancelled(proposal.signal);
      const { address } = await destinationOf(proposal);
      if (proposal.method !== 'GET' || new URL(proposal.url).search !== '')
        throw new AppError('bug', 'a question that carries something', { stage: 'egress' });
      const range = proposal.headers.get('range');
      const headers = { ...(limits !== undefined && 'isStream' in limits ? { accept: '*/*' } : {}), ...(range === null ? {} : { range }) };
      const wire = { query: '', body: null, headers, bytes: 0, preview: '' };
      return exchange((signal) => fetchNow(address, requestOf('GET', wire, signal)), proposal.signal, limits);
    },
    operating: (secret, limits) => async (proposal) => {
      refuseCancelled(proposal.signal);
      const { address } = await destinationOf(proposal);
      const type = proposal.headers.get('content-type');
      const body = proposal.body === null ? null : await proposal.blob();
      if (!new URL(address).pathname.startsWith('/v1/') || (body !== null && !OPERATOR_TYPES.includes(type ?? '')))
        throw new AppError('bug', 'no operation of the API', { stage: 'egress' });
      const headers = { authorization: `Bearer ${secret}`, ...(body === null || type === null ? {} : { 'content-type': type }) };
      const wire = { query: new URL(proposal.url).search, body, headers, bytes: body?.size ?? 0, preview: '' };
      return exchange((signal) => fetchNow(`${address}${wire.query}`, requestOf(proposal.method, wire, signal)), proposal.signal, limits);
    },
  };
}

function refuseCancelled(signal: AbortSignal): void {
  if (signal.aborted) throw new AppError('cancelled', 'cancelled before sending');
}

/** Send, and read within the limits. @param ended told once the outcome of sending is known. */
async function exchange(
  send: (signal: AbortSignal) => Promise<Response>,
  caller: AbortSignal,
  limits: AnswerLimits | StreamLimits = {},
  ended: (status: 'sent' | 'failed') => Promise<void> = () => Promise.resolve(),
): Promise<Response> {
  const isStream = 'isStream' in limits;
  const waitMs = isStream ? (limits.silenceMs ?? DEFAULT_SILENCE_MS) : (limits.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  const deadline = startDeadline(waitMs, caller);
  let response: Response;
  try {
    response = await send(deadline.signal);
  } catch (error) {
    deadline.end();
    await ended('failed');
    throw networkError(error, deadline.hasPassed(), caller);
  }
  await ended('sent');
  const maxBytes = limits.maxAnswerBytes ?? DEFAULT_ANSWER_BYTES;
  const pieces = piecesOf(response, maxBytes, deadline, caller, isStream ? waitMs : null);
  return new Response(BODILESS.includes(response.status) ? await drained(pieces) : isStream ? streamOf(pieces) : await textOf(pieces), {
    status: response.status,
    headers: withoutLength(response.headers),
  });
}

/**
 * The body, up to a limit and a deadline.
 * @param silenceMs each piece puts the deadline off by so much; null: it stands.
 */
async function* piecesOf(
  response: Response,
  maxBytes: number,
  deadline: Deadline,
  caller: AbortSignal,
  silenceMs: number | null,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  const reader = response.body?.getReader();
  let bytes = 0;
  try {
    while (reader !== undefined) {
      const { done, value } = await reader.read();
      if (done) return;
      if (silenceMs !== null) deadline.postpone(silenceMs);
      bytes += value.byteLength;
      // Stops reading at the limit, whatever `content-length` says.
      if (bytes > maxBytes) throw new AppError('server-refused', `the answer is larger than ${maxBytes} bytes`, { stage: 'egress' });
      yield value;
    }
  } catch (error) {
    throw error instanceof AppError ? error : networkError(error, deadline.hasPassed(), caller);
  } finally {
    deadline.end();
    await reader?.cancel().catch(() => {});
  }
}

async function textOf(pieces: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder('utf-8', { fatal: false });
  let text = '';
  for await (const piece of pieces) text += decoder.decode(piece, { stream: true });
  return text + decoder.decode();
}

/** Read to the end, for what must have none. */
async function drained(pieces: AsyncIterable<Uint8Array>): Promise<null> {
  const all = pieces[Symbol.asyncIterator]();
  while ((await all.next()).done !== true);
  return null;
}

function streamOf(pieces: AsyncGenerator<Uint8Array<ArrayBuffer>, void, void>): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await pieces.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await pieces.return();
    },
  });
}

/** They were of the bytes on the line. */
function withoutLength(headers: Headers): Headers {
  const kept = new Headers(headers);
  for (const name of ['content-length', 'content-encoding']) kept.delete(name);
  return kept;
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
    case 'gallery': {
      // Strict: what the schema does not name does not pass.
      if (!raceGallerySchema.safeParse(payload.gallery).success) return 'a page with something in it that no runner’s page has';
      const bytes = new TextEncoder().encode(JSON.stringify(payload.gallery)).length;
      return bytes <= MAX_GALLERY_BYTES ? null : `a page of ${bytes} bytes`;
    }
    case 'thumbnail':
      return refusalOfCrop({ ...payload, type: 'crop', detectionClass: 'runner', faceCount: payload.othersShown });
    case 'report': {
      // Strict: what the schema does not name does not pass.
      if (!visitReportSchema.safeParse(payload.report).success) return 'a report with something in it that no report has';
      const bytes = new TextEncoder().encode(JSON.stringify(payload.report)).length;
      return bytes <= MAX_REPORT_BYTES ? null : `a report of ${bytes} bytes`;
    }
    default:
      // A type that this version does not know (from untyped code): closed, not open.
      return 'an unknown kind of payload';
  }
}

/** [Note: The gate writes the request] */
async function toWire(payload: EgressPayload, proposal: Request): Promise<Wire> {
  if (proposal.method !== 'GET' && proposal.method !== 'POST') throw new AppError('bug', 'neither GET nor POST', { stage: 'egress' });
  const query = [...new URL(proposal.url).searchParams];
  if (payload.type === 'crop') {
    const { blob, detectionClass } = payload;
    const search = queryOf({ ...switchesOf(query, []), class: detectionClass });
    return { query: search, body: blob, headers: { 'content-type': blob.type }, bytes: blob.size, preview: await dataUrl(blob) };
  }
  if (payload.type === 'thumbnail') {
    const { blob } = payload;
    const search = query.length === 0 ? '' : queryOf(switchesOf(query, []));
    return { query: search, body: blob, headers: { 'content-type': blob.type }, bytes: blob.size, preview: await dataUrl(blob) };
  }
  if (payload.type === 'text' && proposal.method === 'GET') {
    // As an address spells it.
    const [[, text]] = [...new URLSearchParams({ text: payload.text })] as [[string, string]];
    const name = query.find(([, value]) => value === text)?.[0];
    if (name === undefined) throw new AppError('bug', 'the address does not name the text', { stage: 'egress' });
    const search = queryOf({ ...switchesOf(query, [name]), [name]: text });
    return { query: search, body: null, headers: {}, bytes: search.length - 1, preview: search.slice(1) };
  }
  const content = contentOf(payload);
  const proposed = Object.entries((await proposal.json()) as object);
  const body = JSON.stringify({ ...switchesOf(proposed, Object.keys(content)), ...content });
  return { query: '', body, headers: { 'content-type': 'application/json' }, bytes: new TextEncoder().encode(body).length, preview: body };
}

function withKey(wire: Wire, secret: string | null): Wire {
  return secret === null ? wire : { ...wire, headers: { ...wire.headers, authorization: `Bearer ${secret}` } };
}

/** All that a proposal may say beside the payload. @param written names that the payload itself fills. */
function switchesOf(entries: readonly [string, unknown][], written: readonly string[]): Switches {
  const others = entries.filter(([name]) => !written.includes(name));
  const wrong = others.find(([, value]) => typeof value !== 'number' && !/^(true|false|-?\d{1,9})$/.test(String(value)));
  if (wrong !== undefined) throw new AppError('bug', `"${wrong[0]}" is neither payload nor switch`, { stage: 'egress' });
  return Object.fromEntries(others) as Switches;
}

function contentOf(payload: Exclude<EgressPayload, { type: 'crop' | 'thumbnail' }>): object {
  switch (payload.type) {
    case 'vector':
      return { space: payload.space, vector: Array.from(payload.vector, shortest) };
    case 'text':
      return { text: payload.text };
    case 'count':
      return { counts: payload.counts };
    case 'report':
      return { report: payload.report };
    case 'gallery':
      return { gallery: payload.gallery };
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

function requestOf(method: string, { body, headers }: Wire, signal: AbortSignal): RequestInit {
  return {
    method,
    ...(body === null ? {} : { body }),
    headers: { accept: 'application/json', ...headers },
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

interface Deadline {
  readonly signal: AbortSignal;
  readonly hasPassed: () => boolean;
  readonly postpone: (byMs: number) => void;
  readonly end: () => void;
}

function startDeadline(timeoutMs: number, caller: AbortSignal): Deadline {
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
  caller.addEventListener('abort', follow, { once: true });
  if (caller.aborted) controller.abort();
  return {
    signal: controller.signal,
    hasPassed: () => hasPassed,
    postpone: (byMs) => {
      clearTimeout(timer);
      timer = setTimeout(pass, byMs);
    },
    end: () => {
      clearTimeout(timer);
      caller.removeEventListener('abort', follow);
    },
  };
}

function networkError(error: unknown, hasTimedOut: boolean, caller: AbortSignal): AppError {
  if (caller.aborted) return new AppError('cancelled', 'cancelled by the caller', { cause: error });
  if (hasTimedOut) return new AppError('offline', 'no answer in time', { cause: error, stage: 'egress' });
  // fetch tells a dead line, a refused connection and a redirect apart from each other to nobody.
  return new AppError('offline', 'the server cannot be reached', { cause: error, stage: 'egress' });
}
