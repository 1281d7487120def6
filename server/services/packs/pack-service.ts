/**
 * @file Packs on the server: builds one at a time, publishes, serves, withdraws. [Note: A build survives] What was asked for is on disk before
 * the answer; parts are durable before the manifest names them; the manifest appears in one transaction with the end of its build. A build
 * that was cut short begins again at the next start, and finds the parts that it had written.
 */
import { randomUUID } from 'node:crypto';
import type { FastifyBaseLogger } from 'fastify';
import { AppError } from '../../../src/contracts/errors.ts';
import {
  packManifestSchema,
  packSummarySchema,
  type PackList,
  type PackManifest,
  type PackBuildRequest,
  type PackPart,
  type PackSummary,
  type SignedPack,
} from '../../../src/contracts/pack.ts';
import { sizesOf } from '../../../src/core/pack-sizes.ts';
import type { Packs, StoredBuild } from '../../repositories/packs.ts';
import type { Products } from '../../repositories/products.ts';
import type { Planogram } from '../../../src/contracts/shelf.ts';
import { decodePhotos } from '../../../src/core/pack-photos.ts';
import { decodePlanograms } from '../../../src/core/pack-planograms.ts';
import { isInBucket } from './pack-buckets.ts';
import { buildPack } from './pack-builder.ts';
import type { DamageReport } from '../storage/damage.ts';
import type { PackParts } from './pack-parts.ts';
import { selectForPack, type PackSources } from './pack-selection.ts';
import { HttpProblem } from '../http/problem.ts';
import type { SigningKey } from '../secrets/signing-key.ts';

/** The server whose packs these are copies of. */
export interface PackOrigin {
  /** Null: it is not known yet. */
  readonly publicKey: string | null;
  /** @returns a part that is not here; null when there is none. @throws when the origin does not answer. */
  part(id: string, sha256: string): Promise<Buffer | null>;
}

/** What the service stands on. */
export interface PackServiceParts {
  readonly packs: Packs;
  readonly products: Pick<Products, 'getMany'>;
  readonly sources: PackSources;
  readonly parts: PackParts;
  readonly key: SigningKey;
  /** Absent: packs are built here. */
  readonly origin?: PackOrigin | undefined;
  /** Null: nobody is told of damaged parts. */
  readonly damage: DamageReport | null;
  readonly logger: Pick<FastifyBaseLogger, 'info' | 'error'>;
  readonly now?: () => number;
}

/** Builds that wait beyond this are refused. */
const MAX_WAITING = 20;
/** Parts that are dealt out by the ids of photos. */
const PHOTO_KINDS: ReadonlySet<PackPart['kind']> = new Set(['photos', 'keypoints']);
/** How often progress is written down. */
const PROGRESS_PARTS = 16;

/** Builds, lists and withdraws packs. */
export class PackService {
  readonly #parts: PackServiceParts;
  readonly #now: () => number;
  #lane: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(parts: PackServiceParts) {
    this.#parts = parts;
    this.#now = parts.now ?? Date.now;
  }

  /** SPKI, base64. */
  get publicKey(): string {
    const { origin, key } = this.#parts;
    return origin?.publicKey ?? key.publicKey;
  }

  /** Go on with builds that a stop cut short, and remove parts that nobody needs. Returns at once. */
  resume(): void {
    this.#inLane(async () => {
      const { packs, parts } = this.#parts;
      const kept = (await packs.kept()).flatMap((signed) => manifestOf(signed).parts.map(({ sha256 }) => sha256));
      await parts.sweep(new Set(kept));
      for (const build of await packs.unfinished()) this.#start(build);
    });
  }

  async list(): Promise<PackList> {
    const signed = await this.#parts.packs.list();
    return { publicKey: this.publicKey, packs: signed.map((pack) => summaryOf(manifestOf(pack))) };
  }

  /** @throws HttpProblem 404 */
  async newest(id: string): Promise<SignedPack> {
    const signed = await this.#parts.packs.newest(id);
    if (signed === null) throw new HttpProblem(404, 'invalid-input', 'There is no such pack.');
    return signed;
  }

  /** Bytes of a part. @throws HttpProblem 404; 503 when the file was damaged, until the pack is built again. */
  async part(packId: string, sha256: string): Promise<Buffer> {
    const { parts: files, origin } = this.#parts;
    const bytes = (await files.get(sha256)) ?? (await origin?.part(packId, sha256).catch(() => null)) ?? null;
    if (bytes !== null) return bytes;
    const kept = (await this.#parts.packs.kept()).map(manifestOf);
    if (!kept.some(({ parts }) => parts.some((part) => part.sha256 === sha256)))
      throw new HttpProblem(404, 'invalid-input', 'There is no such part.');
    for (const { id, parts } of kept)
      if (parts.some((part) => part.sha256 === sha256))
        this.#parts.damage?.note({
          kind: 'pack',
          name: id,
          collection: null,
          reason: `A part of pack "${id}" is damaged or missing. Build the pack again.`,
        });
    throw new HttpProblem(503, 'server-refused', 'This part is damaged here. Build the pack again.');
  }

  /** Ask for a build. It is on disk when this resolves. @throws HttpProblem 503 */
  async requestBuild(rule: PackBuildRequest): Promise<StoredBuild> {
    if (this.#isClosed) throw new HttpProblem(503, 'busy', 'The server is stopping.');
    if ((await this.#parts.packs.unfinished()).length >= MAX_WAITING) throw new HttpProblem(503, 'busy', 'Too many builds are waiting.');
    return this.#queue(rule);
  }

  async #queue(rule: PackBuildRequest): Promise<StoredBuild> {
    const build: StoredBuild = {
      ...{ id: randomUUID(), packId: rule.id, rule, state: 'queued', done: 0, total: 0, version: null, problem: null },
      ...{ requestedAtMs: this.#now(), finishedAtMs: null },
    };
    await this.#parts.packs.putBuild(build);
    this.#start(build);
    return build;
  }

  /** @throws HttpProblem 404 */
  async build(id: string): Promise<StoredBuild> {
    const build = await this.#parts.packs.build(id);
    if (build === null) throw new HttpProblem(404, 'invalid-input', 'There is no such build.');
    return build;
  }

  builds(): Promise<StoredBuild[]> {
    return this.#parts.packs.builds();
  }

  /** Offer a pack no longer, and remove its files once no other pack needs them. @throws HttpProblem 404 */
  async withdraw(id: string): Promise<void> {
    if (!(await this.#parts.packs.withdraw(id))) throw new HttpProblem(404, 'invalid-input', 'There is no such pack.');
    this.resume();
  }

  /**
   * Take erased items out of every pack: one that holds any is offered no longer, loses the parts that hold them, and is built again by its
   * rule. Items must be hidden already. @returns how many packs.
   */
  async forget(collection: string, ids: readonly string[]): Promise<number> {
    const done = this.#lane.then(() => this.#forget(collection, ids));
    this.#lane = done.then(
      () => undefined,
      () => undefined,
    );
    return done;
  }

  async #forget(collection: string, ids: readonly string[]): Promise<number> {
    const { packs, parts, logger } = this.#parts;
    const kept = (await packs.kept()).map(manifestOf).filter(({ rule }) => rule.collections.some(({ name }) => name === collection));
    const doomed = new Map<string, string[]>();
    for (const manifest of kept) {
      const holding = await this.#partsHolding(manifest, ids);
      if (holding !== null) doomed.set(manifest.id, [...(doomed.get(manifest.id) ?? []), ...holding]);
    }
    for (const [id, files] of doomed) {
      const newest = kept.filter((manifest) => manifest.id === id).reduce((a, b) => (a.version > b.version ? a : b));
      // On disk first: cut short from here on, the next start builds it, and the erasure comes by again.
      await this.#queue({ ...newest.rule, planograms: await this.#planogramsOf(newest) });
      for (const sha256 of files) await parts.remove(sha256);
      await packs.withdraw(id);
      logger.info({ pack: id }, 'a pack held an erased item; it is built again');
    }
    return doomed.size;
  }

  /** Planograms of a version. One that is damaged is missing: the shop's own list has it. */
  async #planogramsOf({ parts }: PackManifest): Promise<Planogram[]> {
    const planograms: Planogram[] = [];
    for (const { kind, sha256 } of parts) {
      const bytes = kind === 'planograms' ? await this.#parts.parts.get(sha256) : null;
      if (bytes !== null) planograms.push(...decodePlanograms(new Uint8Array(bytes)));
    }
    return planograms;
  }

  /** @returns names of the parts that hold any of these photos, their keypoints or pictures; null when the version holds none. */
  async #partsHolding({ parts }: PackManifest, ids: readonly string[]): Promise<string[] | null> {
    const wanted = new Set(ids);
    const near = parts.filter(({ kind, bucket }) => PHOTO_KINDS.has(kind) && ids.some((id) => isInBucket(id, bucket)));
    // A part that cannot be read may hold anything.
    let isUnknown = false;
    const products = new Set<string>();
    for (const { sha256 } of near.filter(({ kind }) => kind === 'photos')) {
      const bytes = await this.#parts.parts.get(sha256);
      if (bytes === null) isUnknown = true;
      else for (const { id, productId } of decodePhotos(new Uint8Array(bytes))) if (wanted.has(id)) products.add(productId);
    }
    if (!isUnknown && products.size === 0) return null;
    // A product's picture is one of its photos.
    const pictures = parts.filter(
      ({ kind, bucket }) => kind === 'thumbnails' && (isUnknown || [...products].some((id) => isInBucket(id, bucket))),
    );
    return [...near, ...pictures].map(({ sha256 }) => sha256);
  }

  /** Resolves when every build that was asked for is over. */
  async settled(): Promise<void> {
    let lane: Promise<void> | null = null;
    while (lane !== this.#lane) {
      lane = this.#lane;
      await lane;
    }
  }

  /** Stop after the part at hand; builds go on at the next start. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.settled();
  }

  #start(build: StoredBuild): void {
    this.#inLane(() => this.#run(build));
  }

  async #run(build: StoredBuild): Promise<void> {
    const { packs, logger } = this.#parts;
    if ((await packs.build(build.id))?.finishedAtMs !== null) return;
    try {
      const version = await this.#make(build);
      this.#parts.damage?.clear('pack', build.packId);
      logger.info({ pack: build.packId, version }, 'pack built');
    } catch (error) {
      if (error instanceof Stopped) return;
      const isOurs = error instanceof AppError || error instanceof HttpProblem;
      if (!isOurs) logger.error({ pack: build.packId, err: error }, 'pack not built');
      const problem = isOurs ? error.message : 'It failed inside the server; its log says more.';
      await packs.putBuild({ ...withoutPlanograms(build), state: 'failed', problem, finishedAtMs: this.#now() });
    }
  }

  async #make(build: StoredBuild): Promise<number> {
    const { packs, products, sources, parts, key } = this.#parts;
    const { planograms: given, ...rule } = build.rule;
    await packs.putBuild({ ...build, state: 'running' });
    const before = await packs.newest(rule.id);
    const planograms = given ?? (before === null ? [] : await this.#planogramsOf(manifestOf(before)));
    const selection = { ...(await selectForPack(rule, sources, { packs, products })), planograms };
    const last = await packs.lastVersion(rule.id);
    const version = (last ?? 0) + 1;
    const { signed } = await buildPack(
      rule,
      selection,
      { version, previousVersion: last, builtAtMs: this.#now() },
      { parts, key },
      async (done, total) => {
        if (this.#isClosed) throw new Stopped();
        if (done % PROGRESS_PARTS === 0) await packs.putBuild({ ...build, state: 'running', done, total });
      },
    );
    const { length } = manifestOf(signed).parts;
    await packs.publish(rule.id, version, signed, {
      ...withoutPlanograms(build),
      state: 'done',
      done: length,
      total: length,
      version,
      finishedAtMs: this.#now(),
    });
    return version;
  }

  #inLane(job: () => Promise<void>): void {
    this.#lane = this.#lane.then(async () => {
      if (this.#isClosed) return;
      await job().catch((error: unknown) => this.#parts.logger.error({ err: error }, 'packs'));
    });
  }
}

/** They are in the pack; the list of builds need not hold them as well. */
function withoutPlanograms(build: StoredBuild): StoredBuild {
  const rule = { ...build.rule };
  delete rule.planograms;
  return { ...build, rule };
}

/** The server stops; the build is not over. */
class Stopped extends Error {}

/** @returns the manifest of a pack that this server signed. */
export function manifestOf({ manifest }: SignedPack): PackManifest {
  return packManifestSchema.parse(JSON.parse(manifest));
}

function summaryOf(manifest: PackManifest): PackSummary {
  const sizes = sizesOf(manifest.parts);
  return packSummarySchema.strip().parse({ ...manifest, sizes, sizeBytes: Object.values(sizes).reduce((sum, bytes) => sum + bytes, 0) });
}
