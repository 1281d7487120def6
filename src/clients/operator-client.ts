/** @file The server as its operators use it, with a key. What is sent is written in the server's audit log: [Note: Operators]. Thread: page. */
import { z } from 'zod';
import {
  arrivalSchema,
  auditCheckSchema,
  auditRowSchema,
  type Arrival,
  type AuditCheck,
  type AuditFilter,
  type AuditRow,
} from '../contracts/audit-api.ts';
import {
  apiKeySchema,
  issuedKeySchema,
  keyRequestSchema,
  type ApiKey,
  type ApproveRequest,
  type CreateKey,
  type IssuedKey,
  type KeyRequest,
} from '../contracts/keys-api.ts';
import { operationsSchema, storageSchema, type Operations, type StorageReport } from '../contracts/operations-api.ts';
import { packBuildSchema, packListSchema, type PackBuild, type PackList, type PackRuleInput } from '../contracts/pack.ts';
import { pageSchema } from '../contracts/page-api.ts';
import {
  collectionRulesSchema,
  erasureSchema,
  personExportSchema,
  type CollectionRules,
  type Erasure,
  type PersonExport,
} from '../contracts/records-api.ts';
import {
  collectionSchema,
  collectionStateSchema,
  healthSchema,
  ingestProgressSchema,
  type Collection,
  type CollectionState,
  type CreateCollectionRequest,
  type Health,
  type IngestProgress,
} from '../contracts/server-api.ts';
import type { CallOptions } from '../contracts/task.ts';
import {
  issuedWebhookSchema,
  webhookDeliverySchema,
  webhookSchema,
  type CreateWebhook,
  type IssuedWebhook,
  type Webhook,
  type WebhookDelivery,
} from '../contracts/webhooks-api.ts';
import { answerOf, answerOrNull, bodyOf, done, parsed, piecesOf } from './answer.ts';
import { createApi, json, signalOf } from './api.ts';
import type { Egress } from './egress.ts';
import {
  deleteV1CollectionsByName,
  deleteV1KeysById,
  deleteV1PacksById,
  deleteV1PersonsById,
  deleteV1WebhooksById,
  getV1Arrivals,
  getV1Audit,
  getV1AuditCheck,
  getV1Collections,
  getV1CollectionsByName,
  getV1CollectionsByNameIngestByJob,
  getV1CollectionsByNameRules,
  getV1Erasures,
  getV1Health,
  getV1Keys,
  getV1KeysRequests,
  getV1KeysSelf,
  getV1Operations,
  getV1PackBuilds,
  getV1Packs,
  getV1PersonsById,
  getV1Storage,
  getV1Webhooks,
  getV1WebhooksByIdDeliveries,
  postV1Collections,
  postV1CollectionsByNameErasures,
  postV1CollectionsByNameIngest,
  postV1Keys,
  postV1KeysByIdRotate,
  postV1KeysRequestsByIdApprove,
  postV1KeysRequestsByIdReject,
  postV1PackBuilds,
  postV1Webhooks,
  postV1WebhooksByIdTest,
  putV1CollectionsByNameRules,
} from './generated/sdk.gen';

/** One page of a list. */
export interface ListPage<Item> {
  readonly items: readonly Item[];
  /** Null: this was the last page. */
  readonly nextCursor: string | null;
}

/** A part of a file of vectors. */
export interface VectorPart {
  readonly job: string;
  readonly space: string;
  /** Rows that the server has of this job. */
  readonly from: number;
  readonly isLast: boolean;
  /** Its type says NDJSON or Arrow. */
  readonly body: Blob;
}

/** Every call throws `ServerRefusal` for what the server refused, else as `GateFetch` and `answerOf`. */
export interface OperatorClient {
  health(options?: CallOptions): Promise<Health>;
  /** The key that is used. */
  self(options?: CallOptions): Promise<ApiKey>;
  operations(options?: CallOptions): Promise<Operations>;
  storage(options?: CallOptions): Promise<StorageReport>;

  collections(): Promise<Collection[]>;
  collection(name: string): Promise<CollectionState>;
  createCollection(wanted: CreateCollectionRequest): Promise<Collection>;
  removeCollection(name: string): Promise<void>;
  /** Null: it has none of its own. */
  rules(name: string): Promise<CollectionRules | null>;
  setRules(name: string, rules: CollectionRules): Promise<CollectionRules>;
  /** A job that nobody began has no rows. */
  ingestProgress(collection: string, job: string, options?: CallOptions): Promise<IngestProgress>;
  /** @param onLine told after each stretch of rows. @returns the last of them. */
  ingest(collection: string, part: VectorPart, onLine: (progress: IngestProgress) => void, options?: CallOptions): Promise<IngestProgress>;

  packs(): Promise<PackList>;
  buildPack(rule: PackRuleInput): Promise<PackBuild>;
  packBuilds(): Promise<PackBuild[]>;
  withdrawPack(id: string): Promise<void>;

  /** All of them, newest first. */
  keys(): Promise<ApiKey[]>;
  createKey(wanted: CreateKey): Promise<IssuedKey>;
  rotateKey(id: string, overlapS: number): Promise<IssuedKey>;
  revokeKey(id: string): Promise<ApiKey>;
  /** All of them, newest first. */
  keyRequests(): Promise<KeyRequest[]>;
  approveRequest(id: string, grant: ApproveRequest): Promise<KeyRequest>;
  rejectRequest(id: string): Promise<KeyRequest>;

  /** Those of the key that is used, newest first. */
  webhooks(): Promise<Webhook[]>;
  createWebhook(wanted: CreateWebhook): Promise<IssuedWebhook>;
  removeWebhook(id: string): Promise<void>;
  /** Sends one; what came of it is in the deliveries. */
  testWebhook(id: string): Promise<void>;
  /** The newest. */
  deliveries(id: string): Promise<readonly WebhookDelivery[]>;

  /** All of them, newest first. */
  erasures(): Promise<Erasure[]>;
  /** Everything that is kept about a person. */
  exportPerson(id: string): Promise<PersonExport>;
  /** From every collection. Hidden when this resolves; gone from the disk when the erasure has its receipt. */
  erasePerson(id: string): Promise<Erasure>;
  /** Hidden when this resolves, as a person's. @param ids 1..1000 */
  eraseItems(collection: string, ids: readonly string[]): Promise<Erasure>;
  /** What phones sent, newest first. */
  arrivals(cursor: string | null): Promise<ListPage<Arrival>>;
  /** Newest first. */
  audit(filter: AuditFilter, cursor: string | null): Promise<ListPage<AuditRow>>;
  checkAudit(): Promise<AuditCheck>;
}

const PAGE_ROWS = 100;
const DELIVERIES = 20;
/** Longest page that the server gives. */
const FULL_PAGE_ROWS = 500;
/** Lists that are shown whole stop here. */
const MAX_PAGES = 20;
const LARGE = { maxAnswerBytes: 8 << 20, timeoutMs: 30_000 };
/** Thumbnails and vectors of a person. */
const EXPORT = { maxAnswerBytes: 256 << 20, timeoutMs: 300_000 };
/** Recomputing the chain of a long log takes a while. */
const SLOW = { timeoutMs: 300_000 };
/** The server writes a line after 65,536 rows; a commit of many rows lies between two lines. */
const INGEST = { isStream: true, maxAnswerBytes: 4 << 20, silenceMs: 120_000 } as const;

/** @param origin of the server. @param secret of the operator's key; it goes to this server only. */
export function createOperatorClient(egress: Egress, origin: string, secret: string): OperatorClient {
  const api = createApi(origin, egress.operating(secret));
  const large = createApi(origin, egress.operating(secret, LARGE));
  const slow = createApi(origin, egress.operating(secret, SLOW));
  const exporting = createApi(origin, egress.operating(secret, EXPORT));
  const streaming = createApi(origin, egress.operating(secret, INGEST));
  const named = (name: string) => ({ path: { name } });
  const identified = (id: string) => ({ path: { id } });

  return {
    health: (options) => answerOf(getV1Health({ client: api, ...signalOf(options) }), healthSchema),
    self: (options) => answerOf(getV1KeysSelf({ client: api, ...signalOf(options) }), apiKeySchema),
    operations: (options) => answerOf(getV1Operations({ client: api, ...signalOf(options) }), operationsSchema),
    storage: (options) => answerOf(getV1Storage({ client: large, ...signalOf(options) }), storageSchema),

    collections: () => answerOf(getV1Collections({ client: large }), z.array(collectionSchema)),
    collection: (name) => answerOf(getV1CollectionsByName({ client: api, ...named(name) }), collectionStateSchema),
    createCollection: (body) => answerOf(postV1Collections({ client: api, body: json(body) }), collectionSchema),
    removeCollection: (name) => done(deleteV1CollectionsByName({ client: slow, ...named(name) })),
    rules: (name) => answerOrNull(getV1CollectionsByNameRules({ client: api, ...named(name) }), collectionRulesSchema),
    setRules: (name, body) => answerOf(putV1CollectionsByNameRules({ client: api, ...named(name), body }), collectionRulesSchema),
    ingestProgress: (name, job, options) =>
      answerOf(getV1CollectionsByNameIngestByJob({ client: api, path: { name, job }, ...signalOf(options) }), ingestProgressSchema),
    async ingest(name, { job, space, from, isLast, body }, onLine, options) {
      const call = postV1CollectionsByNameIngest({
        client: streaming,
        path: { name },
        query: { job, space, from, last: isLast ? 'true' : 'false' },
        body: body as never, // The document does not describe the rows of a stream.
        bodySerializer: () => body,
        headers: { 'content-type': body.type },
        parseAs: 'stream',
        ...signalOf(options),
      });
      let last: IngestProgress | null = null;
      for await (const line of linesOf((await bodyOf(call)).body)) {
        last = parsed(line, ingestProgressSchema);
        onLine(last);
      }
      return last ?? parsed('', ingestProgressSchema);
    },

    packs: () => answerOf(getV1Packs({ client: large }), packListSchema),
    buildPack: (body) => answerOf(postV1PackBuilds({ client: api, body: json(body) }), packBuildSchema),
    packBuilds: () => answerOf(getV1PackBuilds({ client: api }), z.array(packBuildSchema)),
    withdrawPack: (id) => done(deleteV1PacksById({ client: api, ...identified(id) })),

    keys: () => everyPage((query) => answerOf(getV1Keys({ client: large, query }), pageSchema(apiKeySchema))),
    createKey: (body) => answerOf(postV1Keys({ client: api, body: json(body) }), issuedKeySchema),
    rotateKey: (id, overlapS) => answerOf(postV1KeysByIdRotate({ client: api, ...identified(id), body: { overlapS } }), issuedKeySchema),
    revokeKey: (id) => answerOf(deleteV1KeysById({ client: api, ...identified(id) }), apiKeySchema),
    keyRequests: () => everyPage((query) => answerOf(getV1KeysRequests({ client: large, query }), pageSchema(keyRequestSchema))),
    approveRequest: (id, body) =>
      answerOf(postV1KeysRequestsByIdApprove({ client: api, ...identified(id), body: json(body) }), keyRequestSchema),
    rejectRequest: (id) => answerOf(postV1KeysRequestsByIdReject({ client: api, ...identified(id) }), keyRequestSchema),

    webhooks: () => everyPage((query) => answerOf(getV1Webhooks({ client: large, query }), pageSchema(webhookSchema))),
    createWebhook: (body) => answerOf(postV1Webhooks({ client: api, body }), issuedWebhookSchema),
    removeWebhook: (id) => done(deleteV1WebhooksById({ client: api, ...identified(id) })),
    testWebhook: (id) => done(postV1WebhooksByIdTest({ client: api, ...identified(id) })),
    async deliveries(id) {
      const call = getV1WebhooksByIdDeliveries({ client: large, ...identified(id), query: { limit: DELIVERIES } });
      return (await answerOf(call, pageSchema(webhookDeliverySchema))).items;
    },

    erasures: () => everyPage((query) => answerOf(getV1Erasures({ client: large, query }), pageSchema(erasureSchema))),
    exportPerson: (id) => answerOf(getV1PersonsById({ client: exporting, ...identified(id) }), personExportSchema),
    erasePerson: (id) => answerOf(deleteV1PersonsById({ client: slow, ...identified(id) }), erasureSchema),
    eraseItems: (name, ids) =>
      answerOf(postV1CollectionsByNameErasures({ client: slow, ...named(name), body: { ids: [...ids] } }), erasureSchema),
    arrivals: (cursor) => {
      const query = { limit: PAGE_ROWS, ...(cursor === null ? {} : { cursor }) };
      return answerOf(getV1Arrivals({ client: large, query }), pageSchema(arrivalSchema));
    },
    audit: (filter, cursor) => {
      const query = { ...filter, limit: PAGE_ROWS, ...(cursor === null ? {} : { cursor }) };
      return answerOf(getV1Audit({ client: large, query: json(query) }), pageSchema(auditRowSchema));
    },
    checkAudit: () => answerOf(getV1AuditCheck({ client: slow }), auditCheckSchema),
  };
}

/** Lists that begin with the oldest, turned round. */
async function everyPage<Item>(page: (query: { limit: number; cursor?: string }) => Promise<ListPage<Item>>): Promise<Item[]> {
  const all: Item[] = [];
  let cursor: string | null = null;
  for (let pages = 0; pages < MAX_PAGES; pages++) {
    const { items, nextCursor }: ListPage<Item> = await page({ limit: FULL_PAGE_ROWS, ...(cursor === null ? {} : { cursor }) });
    all.push(...items);
    cursor = nextCursor;
    if (cursor === null) break;
  }
  return all.reverse();
}

async function* linesOf(body: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string, void, void> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const piece of piecesOf(body)) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* lines.filter((line) => line !== '');
  }
  if (rest !== '') yield rest;
}
