/**
 * @file Photos into a collection of a running server. [Note: Ingest of photos] This command describes them itself, in several processes, and
 * sends what they show through the bulk lane; each item carries a stamp of its file and of how it was described. A later call asks the
 * server for the stamps and leaves out what is there: so a call that was killed goes on, and a changed folder costs its changes.
 */
import { createHash } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { tableToIPC } from 'apache-arrow';
import { z } from 'zod';
import { AppError, toAppError, type ErrorCode } from '../../src/contracts/errors.ts';
import { MAX_PHOTO_BYTES } from '../../src/contracts/media.ts';
import { pageSchema } from '../../src/contracts/page-api.ts';
import type { Product } from '../../src/contracts/product.ts';
import { collectionRulesSchema } from '../../src/contracts/records-api.ts';
import {
  collectionSchema,
  collectionStateSchema,
  fieldTypeSchema,
  ingestProgressSchema,
  itemIdSchema,
  type Collection,
  type Fields,
  type IngestProgress,
} from '../../src/contracts/server-api.ts';
import { modelSpec } from '../../src/models/registry.ts';
import { EMBEDDING_MODEL } from '../../workers/stages/embed.ts';
import { LOCAL_FEATURES_ALGORITHM } from '../../workers/stages/local-features.ts';
import type { AnnItem } from '../vectors/ann-index.ts';
import { itemTable } from '../vectors/item-rows.ts';
import type { EnrolledPhoto } from '../runtime/enrol-photo.ts';
import { ARROW_TYPE, NDJSON_TYPE } from '../services/collections/item-stream.ts';
import { Recogniser } from '../services/recognition/recogniser.ts';
import { rowsOfFolder, stampOf, type ImageList, type ImageRow } from './image-rows.ts';
import { rowsOfTable } from './image-table.ts';
import { sendPart } from './ingest-part.ts';
import { upsertProducts } from './product-upsert.ts';
import { callServer, type ServerAccess, type ServerCall } from './server-call.ts';

/** Key of an item's metadata that holds its stamp. */
const STAMP = 'photoStamp';
/** Photos of one part: what is described again at most when the command is killed, besides those in its processes. */
const PART_PHOTOS = 64;
/** … and a part goes after this long, however few they are. */
const PART_MS = 2_000;
/** Photos that wait to be sent before describing pauses. */
const MAX_WAITING = 4 * PART_PHOTOS;
const PRODUCTS_PER_CALL = 200;
const THUMBNAIL_LANES = 4;
/** A server that is started anew is waited for. */
const OFFLINE_PAUSES_MS = [1_000, 2_000, 4_000, 8_000, 15_000, 30_000];
const PROGRESS_MS = process.stdout.isTTY ? 500 : 10_000;
const SHOWN_FAILURES = 20;
/** So many deaths of the describing processes, one after the other, are no photo's fault. */
const MAX_DEATHS = 8;
/** Without these no photo can be described: going on would fail them all. */
const FATAL: ReadonlySet<ErrorCode> = new Set(['model-unavailable', 'model-integrity']);

/** What to ingest where. */
export interface ImageIngest {
  readonly access: ServerAccess;
  readonly collection: string;
  /** Folder of photos; with a table: where its images are looked for. */
  readonly images: string | undefined;
  readonly table: string | undefined;
  readonly mapping: readonly string[];
  /** `name:type`, for a collection that is made. */
  readonly fields: readonly string[];
  /** First part of the ids of products that are named after files, and the source of new ones. */
  readonly source: string;
  readonly kind: Product['kind'] | undefined;
  readonly hasWords: boolean;
  readonly processes: number;
  readonly report: string | undefined;
  readonly signal: AbortSignal;
}

interface Failure {
  readonly file: string;
  readonly code: ErrorCode;
  readonly problem: string;
}

/** A photo that waits to be sent. */
interface Waiting {
  readonly row: ImageRow;
  readonly item: AnnItem | null;
  readonly thumbnail: Uint8Array | null;
}

/** @returns the exit status: 1 when some photos failed, 130 when it was stopped. @throws AppError when it cannot go on at all. */
export async function ingestImages(options: ImageIngest): Promise<number> {
  return new ImageIngestRun(options).run();
}

class ImageIngestRun {
  readonly #options: ImageIngest;
  readonly #path: string;
  readonly #space: string;
  readonly #failures: Failure[] = [];
  readonly #startedAtMs = performance.now();
  #fields: Fields = {};
  #collection: Collection | null = null;
  #progress: IngestProgress | null = null;
  #job = '';
  #toldProducts = new Set<string>();
  #counts = { total: 0, already: 0, described: 0, sent: 0, pictures: 0, products: 0 };
  #shownAtMs = -Infinity;
  #shown = '';

  constructor(options: ImageIngest) {
    this.#options = options;
    this.#path = `/collections/${encodeURIComponent(options.collection)}`;
    this.#space = modelSpec(EMBEDDING_MODEL).embeddingSpace ?? '';
  }

  async run(): Promise<number> {
    const { signal } = this.#options;
    await this.#openCollection();
    const list = await this.#list();
    this.#counts.total = list.rows.length + list.refused.length;
    for (const { file, problem } of list.refused) this.#failures.push({ file, code: 'invalid-input', problem });
    await this.#openJob();
    const wishes = await this.#wishes(list.rows);
    const { total, already } = this.#counts;
    const others = list.others === 0 ? '' : `; ${list.others} other files are passed over`;
    console.log(`${total} photos, ${already} of them in "${this.#options.collection}" as they are${others}.`);
    try {
      const wished = new Set(wishes.map(({ row }) => row));
      await this.#tellProducts([...list.products, ...list.rows.filter((row) => !wished.has(row)).map(({ product }) => product)]);
      await this.#work(wishes);
      if (!signal.aborted) await this.#end();
    } finally {
      this.#show('\n');
      await this.#report();
    }
    if (signal.aborted) {
      console.log('Stopped. What was described is kept; call again in the same way to go on.');
      return 130;
    }
    const seconds = (performance.now() - this.#startedAtMs) / 1000;
    const { sent, pictures, products } = this.#counts;
    console.log(
      `Done in ${seconds.toFixed(1)} s: ${sent} described and kept, ${already} were there, ${this.#failures.length} failed; ${products} products new or changed, ${pictures} thumbnails.`,
    );
    return this.#failures.length === 0 ? 0 : 1;
  }

  async #openCollection(): Promise<void> {
    const answer = await this.#call(this.#path, { mayBeAbsent: true });
    if (!answer.ok) {
      this.#fields = declared(this.#options.fields);
      return;
    }
    const state = collectionStateSchema.parse(await answer.json());
    if (state.space !== this.#space)
      throw new AppError(
        'invalid-input',
        `"${state.name}" holds vectors of ${state.space}; photos are described in ${this.#space}. Make another collection.`,
      );
    this.#collection = state;
    this.#fields = state.fields;
  }

  /** Made when the first photo tells the number of dimensions. */
  async #requireCollection(dimensions: number): Promise<Collection> {
    if (this.#collection !== null) return this.#collection;
    const wanted = { name: this.#options.collection, space: this.#space, dimensions, metric: 'cosine', fields: this.#fields };
    const body = new TextEncoder().encode(JSON.stringify(wanted));
    const answer = await this.#call('/collections', { method: 'POST', type: 'application/json', body });
    this.#collection = collectionSchema.parse(await answer.json());
    return this.#collection;
  }

  async #list(): Promise<ImageList> {
    const { images, table, mapping, source, kind } = this.#options;
    const list =
      table === undefined
        ? await rowsOfFolder(images!, source).catch((error: unknown) => {
            throw new AppError('invalid-input', `The folder ${images ?? ''} cannot be read.`, { cause: error });
          })
        : await rowsOfTable(table, { mapping, source, fields: this.#fields, ...(images === undefined ? {} : { folder: images }) });
    if (kind === undefined) return list;
    return { ...list, rows: list.rows.map((row) => ({ ...row, product: { kind, ...row.product } })) };
  }

  /** The first job of this source that has not ended: a killed call's, or a new one. */
  async #openJob(): Promise<void> {
    const { table, images = '' } = this.#options;
    const from = resolve(table ?? images);
    const name = `${basename(from).replaceAll(/[^\w.-]/g, '_').replace(/^[^\w]+/, '').slice(0, 40)}.${createHash('sha256').update(from).digest('hex').slice(0, 12)}`; // prettier-ignore
    for (let turn = 1; ; turn++) {
      this.#job = `photos.${name}.${turn}`;
      if (this.#collection === null) return;
      const progress = ingestProgressSchema.parse(await (await this.#call(`${this.#path}/ingest/${this.#job}`)).json());
      if (progress.state === 'done') continue;
      this.#progress = progress;
      // What a killed call sent must be among the stamps.
      await this.#searchable();
      return;
    }
  }

  /** Photos that are not there as they are, in order. */
  async #wishes(rows: readonly ImageRow[]): Promise<{ row: ImageRow; stamp: string; thumbnail: boolean | 'only' }[]> {
    const stamps = await this.#stamps();
    const pictured = await this.#pictured();
    const recipe = `${this.#space} ${LOCAL_FEATURES_ALGORITHM} ${this.#options.hasWords ? 'words' : 'plain'}`;
    const wishes: { row: ImageRow; stamp: string; thumbnail: boolean | 'only' }[] = [];
    for (const row of rows) {
      let stamp: string;
      try {
        stamp = await stampOf(row, recipe);
      } catch (error) {
        this.#fail(row, new AppError('invalid-input', 'There is no such file, or it cannot be read.', { cause: error }));
        continue;
      }
      const isThere = stamps.get(row.id) === stamp;
      const lacksPicture = pictured !== null && !pictured.has(row.id);
      if (!isThere) wishes.push({ row, stamp, thumbnail: pictured !== null });
      else if (lacksPicture) wishes.push({ row, stamp, thumbnail: 'only' });
      if (isThere) this.#counts.already += 1;
    }
    return wishes;
  }

  async #stamps(): Promise<ReadonlyMap<string, string>> {
    const stamps = new Map<string, string>();
    if (this.#collection === null) return stamps;
    const answer = await this.#call(`${this.#path}/export?vectors=false`);
    if (answer.body === null) return stamps;
    const row = z.object({ id: z.string(), metadata: z.record(z.string(), z.unknown()) });
    for await (const line of createInterface({ input: Readable.fromWeb(answer.body as never), crlfDelay: Infinity })) {
      if (line === '') continue;
      const { id, metadata } = row.parse(JSON.parse(line));
      const stamp = metadata[STAMP];
      if (typeof stamp === 'string') stamps.set(id, stamp);
    }
    return stamps;
  }

  /** @returns ids that have a thumbnail; null when the collection's rules allow none. */
  async #pictured(): Promise<ReadonlySet<string> | null> {
    const answer = await this.#call(`${this.#path}/rules`, { mayBeAbsent: true });
    if (!answer.ok || !collectionRulesSchema.parse(await answer.json()).thumbnails) return null;
    const ids = new Set<string>();
    if (this.#collection === null) return ids;
    for (let cursor: string | null = ''; cursor !== null;) {
      const page = await this.#call(`${this.#path}/thumbnails?limit=500${cursor === '' ? '' : `&cursor=${cursor}`}`);
      const { items, nextCursor } = pageSchema(itemIdSchema).parse(await page.json());
      for (const id of items) ids.add(id);
      cursor = nextCursor;
    }
    return ids;
  }

  /** Describe, several at a time, and send as parts fill up. One sends while the others describe. */
  async #work(wishes: readonly { row: ImageRow; stamp: string; thumbnail: boolean | 'only' }[]): Promise<void> {
    if (wishes.length === 0) return;
    const { processes, hasWords, signal } = this.#options;
    const recogniser = new Recogniser({ processes: Math.min(processes, wishes.length), logger: { warn: () => {} } });
    const stop = () => void recogniser.close();
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    let waiting: Waiting[] = [];
    let sentAtMs = performance.now();
    let sending: Promise<void> = Promise.resolve();
    // In one place for the lanes and the sender.
    const state: { fatal: Error | null; deaths: number } = { fatal: null, deaths: 0 };
    const flush = (): void => {
      const part = waiting;
      waiting = [];
      sentAtMs = performance.now();
      if (part.length > 0)
        sending = sending
          .then(async () => {
            if (state.fatal === null) await this.#send(part);
          })
          .catch((error: unknown) => {
            state.fatal ??= toAppError(error);
            stop();
          });
    };
    const isOver = (): boolean => state.fatal !== null || signal.aborted;
    const queue = [...wishes];
    const lane = async (): Promise<void> => {
      for (let wish = queue.shift(); wish !== undefined && !isOver(); wish = queue.shift()) {
        const { row, stamp, thumbnail } = wish;
        try {
          const task = { kind: 'enrol', product: row.product.kind ?? 'packaged', hasWords, thumbnail } as const;
          const { enrolled } = await recogniser.run(await photoBytes(row.path), task);
          if (enrolled === undefined) throw new AppError('bug', 'A photo was not described.');
          if (enrolled.item !== null) this.#counts.described += 1;
          state.deaths = 0;
          waiting.push({ row, item: itemOf(row, stamp, enrolled), thumbnail: enrolled.thumbnail });
        } catch (error) {
          if (isOver()) break;
          const failure = toAppError(error);
          state.deaths = failure.code === 'worker-died' ? state.deaths + 1 : 0;
          if (FATAL.has(failure.code) || state.deaths === MAX_DEATHS) state.fatal ??= failure;
          else this.#fail(row, error);
        }
        this.#show();
        if (waiting.length >= PART_PHOTOS || performance.now() - sentAtMs > PART_MS) flush();
        if (this.#counts.described - this.#counts.sent > MAX_WAITING) await sending;
      }
    };
    try {
      await Promise.all(Array.from({ length: processes + 1 }, lane));
      flush();
      await sending;
      if (state.fatal !== null) throw state.fatal;
    } finally {
      signal.removeEventListener('abort', stop);
      stop();
    }
  }

  /** Products first: a photo of a product that nobody knows answers nothing. */
  async #send(part: readonly Waiting[]): Promise<void> {
    await this.#tellProducts(part.map(({ row }) => row.product));
    const items = part.flatMap(({ item }) => (item === null ? [] : [item]));
    if (items.length > 0) {
      const collection = await this.#requireCollection(items[0]!.vector.length);
      await this.#sendItems(collection, items);
    }
    const pictures = part.flatMap(({ row, thumbnail }) => (thumbnail === null ? [] : [{ row, thumbnail }]));
    if (pictures.length > 0) {
      await this.#searchable();
      await this.#sendPictures(pictures);
    }
    this.#counts.sent += items.length;
    this.#show();
  }

  async #sendItems({ dimensions, fields }: Collection, items: readonly AnnItem[]): Promise<void> {
    const { access, collection } = this.#options;
    const firstRow = this.#progress?.durableRows ?? 0;
    await this.#patiently(
      async () => {
        // An answer that was lost: the server may have some of the rows, or all.
        const kept = (this.#progress?.durableRows ?? 0) - firstRow;
        const rest = items.slice(kept);
        if (rest.length === 0) return;
        const body = tableToIPC(itemTable({ dimensions, fields }, rest), 'stream');
        const part = { collection, job: this.#job, space: this.#space, from: firstRow + kept, isLast: false, type: ARROW_TYPE, body };
        this.#progress = await sendPart(access, part);
      },
      () => this.#readProgress(),
    );
  }

  async #sendPictures(pictures: readonly { readonly row: ImageRow; readonly thumbnail: Uint8Array }[]): Promise<void> {
    const waiting = [...pictures];
    const lane = async (): Promise<void> => {
      for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
        const { row, thumbnail } = one;
        await this.#call(`${this.#path}/items/${encodeURIComponent(row.id)}/thumbnail`, {
          method: 'PUT',
          type: 'image/webp',
          body: thumbnail,
        });
        this.#counts.pictures += 1;
      }
    };
    await Promise.all(Array.from({ length: THUMBNAIL_LANES }, lane));
  }

  async #tellProducts(facts: ImageList['products']): Promise<void> {
    const { access, source } = this.#options;
    // The same words on the same product say nothing new.
    const fresh = facts.filter((one) => !this.#toldProducts.has(JSON.stringify(one)));
    for (let start = 0; start < fresh.length; start += PRODUCTS_PER_CALL) {
      const some = fresh.slice(start, start + PRODUCTS_PER_CALL);
      await this.#patiently(async () => {
        this.#counts.products += await upsertProducts(access, some, source);
      });
      for (const one of some) this.#toldProducts.add(JSON.stringify(one));
    }
  }

  /** Resolves when everything that was sent can be found. */
  async #searchable(): Promise<void> {
    while (this.#progress !== null && this.#progress.searchableRows < this.#progress.durableRows) {
      await pause(50);
      await this.#readProgress();
    }
  }

  async #readProgress(): Promise<void> {
    this.#progress = ingestProgressSchema.parse(await (await this.#call(`${this.#path}/ingest/${this.#job}`)).json());
  }

  /** A job that has rows ends, so that it is settled and the index is maintained. */
  async #end(): Promise<void> {
    if (this.#progress === null || this.#progress.durableRows === 0) return;
    const { access, collection } = this.#options;
    const body = new Uint8Array(0);
    await this.#patiently(
      async () => {
        if (this.#progress?.state === 'done') return;
        const from = this.#progress?.durableRows ?? 0;
        this.#progress = await sendPart(access, {
          collection,
          job: this.#job,
          space: this.#space,
          from,
          isLast: true,
          type: NDJSON_TYPE,
          body,
        });
      },
      () => this.#readProgress(),
    );
  }

  #call(path: string, init: ServerCall = {}): Promise<Response> {
    return this.#patiently(() => callServer(this.#options.access, path, init));
  }

  /** @param again called before another try. */
  async #patiently<Result>(call: () => Promise<Result>, again: () => Promise<void> = () => Promise.resolve()): Promise<Result> {
    for (let tries = 0; ; tries++) {
      try {
        return await call();
      } catch (error) {
        const ms = OFFLINE_PAUSES_MS[tries];
        // The first call of all says at once that there is no server.
        if (toAppError(error).code !== 'offline' || ms === undefined || this.#counts.total === 0 || this.#options.signal.aborted)
          throw error;
        await pause(ms);
        await again();
      }
    }
  }

  #fail({ file }: ImageRow, error: unknown): void {
    const { code, message } = toAppError(error);
    // A decoder's message may run over several lines.
    this.#failures.push({ file, code, problem: message.split('\n')[0] ?? '' });
  }

  #show(end = ''): void {
    const now = performance.now();
    if (end === '' && now - this.#shownAtMs < PROGRESS_MS) return;
    this.#shownAtMs = now;
    const { total, already, described } = this.#counts;
    const failed = this.#failures.length;
    const perSecond = described / Math.max(0.001, (now - this.#startedAtMs) / 1000);
    const left = Math.max(0, total - already - described - failed);
    const remaining = left === 0 || perSecond === 0 ? '' : `, about ${durationOf(left / perSecond)} left`;
    const line = `${already + described} of ${total}, ${perSecond.toFixed(1)}/s, ${failed} failed${remaining}`;
    if (process.stdout.isTTY) process.stdout.write(`\r${line}    ${end}`);
    else if (line !== this.#shown) console.log(line);
    this.#shown = line;
  }

  async #report(): Promise<void> {
    const { report } = this.#options;
    for (const { file, code, problem } of this.#failures.slice(0, SHOWN_FAILURES)) console.error(`  ${file}: ${problem} (${code})`);
    const more = this.#failures.length - SHOWN_FAILURES;
    if (more > 0) console.error(`  … and ${more} more${report === undefined ? '; --report <file> lists all' : ''}`);
    if (report === undefined) return;
    const lines = this.#failures.map(({ file, code, problem }) =>
      [file, code, problem].map((text) => `"${text.replaceAll('"', '""')}"`).join(),
    );
    await writeFile(report, `${['file,code,problem', ...lines].join('\n')}\n`);
  }
}

/** @throws AppError('decode-unsupported' | 'invalid-input') */
async function photoBytes(path: string): Promise<Uint8Array> {
  try {
    const { size } = await stat(path);
    if (size > MAX_PHOTO_BYTES) throw new AppError('decode-unsupported', `The file has ${size} bytes, more than ${MAX_PHOTO_BYTES}`);
    return await readFile(path);
  } catch (error) {
    throw toAppError(error, 'invalid-input');
  }
}

function itemOf({ id, product, metadata }: ImageRow, stamp: string, { item: seen }: EnrolledPhoto): AnnItem | null {
  if (seen === null) return null;
  const { vector, keypoints } = seen;
  const item = { id, productId: product.id, metadata: { ...metadata, ...seen.metadata, [STAMP]: stamp }, vector };
  return keypoints === null ? item : { ...item, keypoints };
}

function declared(given: readonly string[]): Fields {
  return Object.fromEntries(
    given.map((one) => {
      const [name = '', type] = one.split(':');
      const parsed = fieldTypeSchema.safeParse(type);
      if (!/^[a-z][A-Za-z0-9_]{0,40}$/.test(name) || !parsed.success)
        throw new AppError('invalid-input', `--field ${one}: give a name, ":" and one of keyword, int, float, bool.`);
      return [name, parsed.data] as const;
    }),
  );
}

function durationOf(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
