/** @file Builds packs: what was asked for is built in the end, and what is offered is whole and signed. */
import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import { packBuildSchema, packListSchema, packManifestSchema, signedPackSchema } from '../../../../src/contracts/pack.ts';
import { isSigned } from '../../../../src/core/pack-signature.ts';
import { unitVector } from '../test-server.ts';
import { until, type Actor, type Random } from './actor.ts';
import type { ServerUnderTorture } from './server-under-torture.ts';
import { D, SPACE } from './upserts.ts';

const PRODUCTS = 8;
const RULE = { id: 'shelf', kind: 'shop', title: { en: 'Shelf' }, collections: [{ name: 'shelf' }], quantisation: 'float32' };

/** One pack, built again and again from a collection that grows. */
export class Packings implements Actor {
  readonly kind = 'pack';
  readonly spanMs = 120;
  #photos = 0;
  #version = 0;
  /** Builds that were answered for, and how many photos there were. */
  readonly #asked = new Map<string, number>();

  async act(server: ServerUnderTorture, _random: Random, sent: () => void): Promise<void> {
    await server.ask([200], 'POST', '/products', {
      products: Array.from({ length: PRODUCTS }, (_, n) => ({
        ...{ id: `p${n}`, name: { en: `Product ${n}` }, gtins: [], source: 'torture', updatedAtMs: 1 },
      })),
    });
    const items = Array.from({ length: 40 }, (_, n) => this.#photos + n).map((n) => ({
      ...{ id: `photo-${n}`, productId: `p${n % PRODUCTS}`, vector: unitVector(D, 120_000_000 + n) },
    }));
    await server.ask([200], 'POST', '/collections/shelf/items', { space: SPACE, items });
    this.#photos += items.length;
    const photos = this.#photos;
    const answer = server.ask([202], 'POST', '/pack-builds', RULE);
    sent();
    const { id } = packBuildSchema.parse(await answer);
    this.#asked.set(id, photos);
    await this.#over(server, id);
  }

  async verify(server: ServerUnderTorture): Promise<void> {
    for (const [id, photos] of this.#asked) {
      const { version } = await this.#over(server, id);
      this.#version = Math.max(this.#version, version ?? 0);
      const { packs } = packListSchema.parse(await server.ask([200], 'GET', '/packs'));
      expect(packs[0]?.coverage.photos).toBeGreaterThanOrEqual(photos);
      this.#asked.delete(id);
    }
    if (this.#version === 0) return;
    const signed = signedPackSchema.parse(await server.ask([200], 'GET', '/packs/shelf'));
    expect(await isSigned(signed)).toBe(true);
    const manifest = packManifestSchema.parse(JSON.parse(signed.manifest));
    expect(manifest.version).toBeGreaterThanOrEqual(this.#version);
    expect(manifest.coverage.products).toBe(PRODUCTS);
    for (const { sha256, sizeBytes } of manifest.parts) {
      const { status, bytes } = await server.call('GET', `/packs/shelf/parts/${sha256}`);
      expect(status, 'a part that is named is missing').toBe(200);
      expect(bytes.length).toBe(sizeBytes);
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256);
    }
  }

  async #over(server: ServerUnderTorture, id: string) {
    const build = await until(
      'a build',
      async () => packBuildSchema.parse(await server.ask([200], 'GET', `/pack-builds/${id}`)),
      ({ finishedAtMs }) => finishedAtMs !== null,
    );
    expect(build).toMatchObject({ state: 'done', problem: null });
    return build;
  }
}
