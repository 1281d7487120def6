/** @file Makes one version of a pack: selection → parts → manifest → signature. The same contents at the same time give the same bytes. */
import {
  PACK_FORMAT,
  PACK_FORMAT_VERSION,
  packManifestSchema,
  type PackManifest,
  type PackPart,
  type PackRule,
  type SignedPack,
} from '../../src/contracts/pack.ts';
import { encodePhotos } from '../../src/core/pack-photos.ts';
import { encodeProducts } from '../../src/core/pack-products.ts';
import { packMessage } from '../../src/core/pack-signature.ts';
import { AppError } from '../../src/contracts/errors.ts';
import { PACK_LIMITS } from '../../src/contracts/pack.ts';
import { dealOut } from './pack-buckets.ts';
import type { PackParts } from './pack-parts.ts';
import type { PackSelection } from './pack-selection.ts';
import type { SigningKey } from './signing-key.ts';

/** About 100 kB each: little is fetched again for one change, and few requests are needed for all. */
const PHOTOS_PER_PART = 256;
const PRODUCTS_PER_PART = 256;
const DAY_MS = 86_400_000;

/** What a build stands on. */
export interface PackBuilderParts {
  readonly parts: Pick<PackParts, 'put'>;
  readonly key: SigningKey;
}

/** What the version is. */
export interface PackVersion {
  readonly version: number;
  readonly previousVersion: number | null;
  readonly builtAtMs: number;
}

/**
 * Write the parts (durably) and sign the manifest. Nothing is published by this.
 * @param onProgress parts written, of all.
 */
export async function buildPack(
  rule: PackRule,
  { space, dimensions, products, photos }: PackSelection,
  { version, previousVersion, builtAtMs }: PackVersion,
  { parts, key }: PackBuilderParts,
  onProgress: (done: number, total: number) => Promise<void> | void = () => {},
): Promise<{ manifest: PackManifest; signed: SignedPack }> {
  const plan = [
    ...dealOut(photos, PHOTOS_PER_PART).map(({ bucket, items }) => ({
      ...{ kind: 'photos' as const, bucket, items: items.length },
      encode: () => encodePhotos(items, rule.quantisation),
    })),
    ...dealOut(products, PRODUCTS_PER_PART).map(({ bucket, items }) => ({
      ...{ kind: 'products' as const, bucket, items: items.length },
      encode: () => encodeProducts(items),
    })),
  ];
  const written: PackPart[] = [];
  for (const { kind, bucket, items, encode } of plan) {
    const bytes = encode();
    if (bytes.length > PACK_LIMITS.partBytes)
      throw new AppError('invalid-input', `${items} ${kind} take ${bytes.length} bytes, more than a part may have.`);
    written.push({ kind, bucket, items, sizeBytes: bytes.length, sha256: await parts.put(bytes) });
    await onProgress(written.length, plan.length);
  }
  const withPhotos = new Set(photos.map(({ productId }) => productId));
  // Parsing orders the fields as the schema has them.
  const manifest = packManifestSchema.parse({
    ...{
      format: PACK_FORMAT,
      formatVersion: PACK_FORMAT_VERSION,
      id: rule.id,
      version,
      previousVersion,
      kind: rule.kind,
      title: rule.title,
    },
    ...{ space, dimensions, quantisation: rule.quantisation },
    coverage: {
      products: products.length,
      withPhotos: withPhotos.size,
      withContents: products.filter(({ contents }) => contents !== undefined).length,
      photos: photos.length,
    },
    ...{ builtAtMs, expiresAtMs: builtAtMs + rule.validForDays * DAY_MS, rule, parts: written },
  });
  const text = JSON.stringify(manifest);
  return { manifest, signed: { manifest: text, publicKey: key.publicKey, signature: key.sign(packMessage(text)) } };
}
