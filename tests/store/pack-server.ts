/** @file A server's packs in memory for tests of the phone's side: real parts, real signatures, a line that can be cut and tampered with. */
import { createHash, randomUUID } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildPack } from '../../server/services/packs/pack-builder.ts';
import { openSigningKey, type SigningKey } from '../../server/services/secrets/signing-key.ts';
import { AppError } from '../../src/contracts/errors.ts';
import { packRuleSchema, type PackManifest, type PackPart, type PackRuleInput, type SignedPack } from '../../src/contracts/pack.ts';
import type { Product } from '../../src/contracts/product.ts';
import type { Planogram } from '../../src/contracts/shelf.ts';
import type { PackPhoto } from '../../src/core/pack-photos.ts';
import { packMessage } from '../../src/core/pack-signature.ts';
import type { PacksClient } from '../../src/clients/packs-client.ts';
import { normalised } from '../../src/core/vector.ts';
import { product } from './fixtures.ts';

export const SPACE = 'product-embedding@test';
const RULE: PackRuleInput = { id: 'shop', kind: 'shop', title: { en: 'Shop' }, collections: [{ name: 'products' }] };

/** What a pack is made of. */
export interface Goods {
  readonly products: readonly Product[];
  readonly photos: readonly PackPhoto[];
  /** Keypoints by photo, pictures (any that sharp reads) by photo. */
  readonly keypoints?: ReadonlyMap<string, Uint8Array>;
  readonly pictures?: ReadonlyMap<string, Uint8Array>;
  readonly planograms?: readonly Planogram[];
}

/** `count` products with a photo each; the vector of product `i` is its own. */
export function goods(count: number, overrides: Partial<Product> = {}): Goods {
  const ids = Array.from({ length: count }, (_, i) => `p${i}`);
  return {
    products: ids.map((id, i) => product(id, { source: 'shop', gtins: [String(i).padStart(14, '0')], ...overrides })),
    photos: ids.map((id, i) => ({ id: `photo-${id}`, productId: id, vector: vectorOf(i), colour: null, words: [`word${i}`] })),
  };
}

/** A unit vector of 8 dimensions. */
export function vectorOf(seed: number): Float32Array<ArrayBuffer> {
  return normalised(Float32Array.from({ length: 8 }, (_, i) => Math.sin(seed * 7.3 + i * 1.7) + 0.01));
}

export interface PackServer {
  readonly client: PacksClient;
  readonly key: SigningKey;
  /** `part <first 6 of its hash> <from byte>` for each request. */
  readonly requests: string[];
  /** Build and offer the next version. */
  publish(
    goods: Goods,
    options?: { readonly builtAtMs?: number; readonly version?: number; readonly space?: string; readonly rule?: PackRuleInput },
  ): Promise<PackManifest>;
  /** Offer this instead. */
  offer(signed: SignedPack): void;
  /** Sign again after a change. */
  sign(manifest: PackManifest): SignedPack;
  readonly signed: SignedPack;
  /** Changes what a part is on the way; may throw. Default: nothing. */
  onPart: (part: PackPart, bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>;
  /** Cut the line after so many bytes of every request; null: never. */
  cutAfter: number | null;
}

export function packServer(key: SigningKey = freshKey(), origin = 'https://shop.test'): PackServer {
  const parts = new Map<string, Uint8Array<ArrayBuffer>>();
  let version = 0;
  let signed: SignedPack | null = null;
  const server: PackServer = {
    key,
    requests: [],
    onPart: (_part, bytes) => bytes,
    cutAfter: null,
    get signed() {
      return signed!;
    },
    async publish({ products, photos, keypoints = new Map(), pictures = new Map(), planograms = [] }, options = {}) {
      const previousVersion = version === 0 ? null : version;
      version = options.version ?? version + 1;
      const made = await buildPack(
        packRuleSchema.parse(options.rule ?? RULE),
        {
          ...{ space: options.space ?? SPACE, dimensions: 8, products, photos, planograms },
          attachments: {
            keypoints: (some) =>
              Promise.resolve(new Map(some.flatMap(({ id }) => (keypoints.has(id) ? [[id, keypoints.get(id)!] as const] : [])))),
            thumbnail: ({ id }) => Promise.resolve(pictures.get(id) ?? null),
          },
        },
        { version, previousVersion, builtAtMs: options.builtAtMs ?? Date.now() },
        {
          key,
          parts: {
            put: (bytes) => {
              const sha256 = createHash('sha256').update(bytes).digest('hex');
              parts.set(sha256, Uint8Array.from(bytes));
              return Promise.resolve(sha256);
            },
          },
        },
      );
      ({ signed } = made);
      return made.manifest;
    },
    offer(given) {
      signed = given;
    },
    sign(manifest) {
      const text = JSON.stringify(manifest);
      return { manifest: text, publicKey: key.publicKey, signature: key.sign(packMessage(text)) };
    },
    client: {
      origin: () => Promise.resolve(origin),
      list: () => Promise.resolve({ publicKey: key.publicKey, packs: [] }),
      newest: () => Promise.resolve(signed),
      async *part(_packId, part, fromByte, options) {
        server.requests.push(`part ${part.sha256.slice(0, 6)} ${fromByte}`);
        await Promise.resolve();
        if (options?.signal?.aborted === true) throw new AppError('cancelled', 'cancelled');
        const bytes = server.onPart(part, parts.get(part.sha256) ?? new Uint8Array(0));
        const end = server.cutAfter === null ? bytes.length : Math.min(bytes.length, fromByte + server.cutAfter);
        // In two pieces, as a line gives them.
        const middle = Math.floor((fromByte + end) / 2);
        yield { offset: fromByte, bytes: bytes.slice(fromByte, middle) };
        yield { offset: middle, bytes: bytes.slice(middle, end) };
        if (end < bytes.length) throw new AppError('offline', 'cut');
      },
    },
  };
  return server;
}

export function freshKey(): SigningKey {
  return openSigningKey(mkdtempSync(join(tmpdir(), `mekiki-key-${randomUUID().slice(0, 8)}-`)));
}
