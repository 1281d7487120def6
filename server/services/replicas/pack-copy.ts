/**
 * @file Packs of a server that only reads: copied from the one that writes, so that phones get them here also while the writer is away. A version
 * is offered when all its parts are here; one that the writer withdraws goes at once, with its parts.
 */
import { createHash } from 'node:crypto';
import type { FastifyBaseLogger } from 'fastify';
import { signedPackSchema, type SignedPack } from '../../../src/contracts/pack.ts';
import type { ReplicaPacks } from '../../../src/contracts/replica-api.ts';
import { isSigned } from '../../../src/core/pack-signature.ts';
import type { Packs } from '../../repositories/packs.ts';
import { manifestOf, type PackOrigin } from '../packs/pack-service.ts';
import type { PackParts } from '../packs/pack-parts.ts';
import { answered, type AskWriter } from './writer-link.ts';

const MANIFEST_MS = 10_000;
/** A part has at most 4 MiB. */
const PART_MS = 60_000;
/** Parts fetched beside one another. */
const LANES = 4;
/** After a failure it is tried again so much later. */
const RETRY_MS = 5_000;

/** What a copy stands on. */
export interface PackCopyParts {
  readonly packs: Pick<Packs, 'adopt' | 'retain' | 'kept'>;
  readonly parts: PackParts;
  readonly ask: AskWriter;
  readonly logger: Pick<FastifyBaseLogger, 'info' | 'warn'>;
}

type Offered = ReplicaPacks['kept'][number];

/** Copies packs in the background. */
export class PackCopy implements PackOrigin {
  readonly #parts: PackCopyParts;
  #offered: ReplicaPacks | null = null;
  /** Manifests whose parts are being fetched, by signature. */
  readonly #underWay = new Map<string, SignedPack>();
  #running: Promise<void> | null = null;
  #isWanted = false;
  #isFailing = false;
  #retry: NodeJS.Timeout | null = null;
  readonly #stop = new AbortController();

  constructor(parts: PackCopyParts) {
    this.#parts = parts;
  }

  /** Null: the writer was never heard. */
  get publicKey(): string | null {
    return this.#offered?.publicKey ?? null;
  }

  /** What the writer keeps now. What it keeps no longer is not offered any more when this resolves; the rest comes in the background. */
  async take(offered: ReplicaPacks): Promise<void> {
    this.#offered = offered;
    await this.#parts.packs.retain(offered.kept);
    this.#start();
  }

  /** @returns a part that is not here yet, or was damaged here; null when the writer has none. @throws when it does not answer. */
  async part(id: string, sha256: string): Promise<Buffer | null> {
    if (this.#offered?.kept.some((pack) => pack.id === id) !== true) return null;
    const bytes = await this.#download(id, sha256);
    // Whoever waits for it gets it, whether it can be kept or not.
    if (bytes !== null) await this.#parts.parts.put(bytes).catch(() => undefined);
    return bytes;
  }

  /** Resolves when nothing is being fetched. */
  async settled(): Promise<void> {
    while (this.#running !== null) await this.#running;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    if (this.#retry !== null) clearTimeout(this.#retry);
    await this.settled();
  }

  #start(): void {
    if (this.#stop.signal.aborted) return;
    this.#isWanted = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
      if (this.#isWanted) this.#start();
    });
  }

  async #run(): Promise<void> {
    try {
      this.#isWanted = false;
      await this.#sweep();
      for (const pack of await this.#missing()) {
        await this.#fetch(pack);
        // Newer news first: what was withdrawn meanwhile is not fetched to its end.
        if (this.#isOutdated()) return;
      }
      this.#isFailing = false;
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      const reason = error instanceof Error ? error.message : '';
      if (!this.#isFailing) this.#parts.logger.warn({ reason }, 'a pack was not copied; it is tried again');
      this.#isFailing = true;
      if (this.#retry !== null) clearTimeout(this.#retry);
      this.#retry = setTimeout(() => this.#start(), RETRY_MS).unref();
    }
  }

  /** There is newer news, or this server stops. */
  #isOutdated(): boolean {
    return this.#isWanted || this.#stop.signal.aborted;
  }

  /** Remove parts that no version needs: what was erased must not stay in a file. */
  async #sweep(): Promise<void> {
    const signatures = new Set((this.#offered?.kept ?? []).map(({ signature }) => signature));
    for (const signature of this.#underWay.keys()) if (!signatures.has(signature)) this.#underWay.delete(signature);
    const kept = [...(await this.#parts.packs.kept()), ...this.#underWay.values()];
    const names = kept.flatMap((signed) => manifestOf(signed).parts.map(({ sha256 }) => sha256));
    // Nobody else writes into this folder: no file is too young.
    await this.#parts.parts.sweep(new Set(names), Infinity);
  }

  async #missing(): Promise<Offered[]> {
    const here = new Set((await this.#parts.packs.kept()).map(({ signature }) => signature));
    return (this.#offered?.kept ?? []).filter(({ isNewest, signature }) => isNewest && !here.has(signature));
  }

  /** Copy a pack: parts first, so that it is offered whole. @throws when it is not what the writer says, or does not come. */
  async #fetch({ id, version, signature }: Offered): Promise<void> {
    const { packs, parts, logger } = this.#parts;
    const signed = this.#underWay.get(signature) ?? (await this.#manifest(id));
    // A newer one was published, or it was withdrawn: the next answer of the writer says so.
    if (signed?.signature !== signature) return;
    if (signed.publicKey !== this.publicKey || !(await isSigned(signed))) throw new Error(`the signature of pack "${id}" is wrong`);
    const manifest = manifestOf(signed);
    if (manifest.id !== id || manifest.version !== version) throw new Error(`pack "${id}" is another one`);
    this.#underWay.set(signature, signed);
    const waiting = [...new Set(manifest.parts.map(({ sha256 }) => sha256))];
    const lane = async (): Promise<void> => {
      for (let sha256 = waiting.pop(); sha256 !== undefined; sha256 = waiting.pop()) {
        if (this.#isOutdated()) return;
        if ((await parts.get(sha256)) !== null) continue;
        const bytes = await this.#download(id, sha256);
        if (bytes === null) throw new Error(`the writer lacks a part of pack "${id}"`);
        await parts.put(bytes);
      }
    };
    await Promise.all(Array.from({ length: LANES }, lane));
    if (this.#isOutdated()) return;
    await packs.adopt(id, version, signed);
    this.#underWay.delete(signature);
    logger.info({ pack: id, version }, 'pack copied');
  }

  async #download(id: string, sha256: string): Promise<Buffer | null> {
    const answer = await this.#parts.ask(`/v1/packs/${id}/parts/${sha256}`, PART_MS, this.#stop.signal);
    if (answer.status === 404) return null;
    const bytes = Buffer.from(await (await answered(answer)).arrayBuffer());
    if (createHash('sha256').update(bytes).digest('hex') !== sha256) throw new Error('a part of a pack is not what its name says');
    return bytes;
  }

  async #manifest(id: string): Promise<SignedPack | null> {
    const answer = await this.#parts.ask(`/v1/packs/${id}`, MANIFEST_MS, this.#stop.signal);
    return answer.status === 404 ? null : signedPackSchema.parse(await (await answered(answer)).json());
  }
}
