/** @file Makes one version of a pack: selection → parts → manifest → signature. The same contents at the same time give the same bytes. */
import {
  PACK_FORMAT,
  PACK_FORMAT_VERSION,
  packManifestSchema,
  type PackManifest,
  type PackPart,
  type PackPartKind,
  type PackRule,
  type SignedPack,
} from '../../../src/contracts/pack.ts';
import { encodeBlobs, type BlobKind, type Blobbed } from '../../../src/core/pack-blobs.ts';
import { encodePlanograms } from '../../../src/core/pack-planograms.ts';
import { encodePhotos, type PackPhoto } from '../../../src/core/pack-photos.ts';
import { encodeProducts } from '../../../src/core/pack-products.ts';
import type { Planogram } from '../../../src/contracts/shelf.ts';
import { skuCoverage } from '../../../src/core/shelf/sku-coverage.ts';
import { packMessage } from '../../../src/core/pack-signature.ts';
import { AppError } from '../../../src/contracts/errors.ts';
import { PACK_LIMITS } from '../../../src/contracts/pack.ts';
import { keypointBlobs, thumbnailBlobs } from './pack-attachments.ts';
import { dealOut } from './pack-buckets.ts';
import type { PackParts } from './pack-parts.ts';
import type { PackSelection } from './pack-selection.ts';
import type { SigningKey } from '../secrets/signing-key.ts';

/** About 100 kB each: little is fetched again for one change, and few requests are needed for all. */
const PHOTOS_PER_PART = 256;
const PRODUCTS_PER_PART = 256;
/** A look reads the keypoints of eight photos, out of as many parts: small ones, then. */
const KEYPOINTS_PER_PART = 64;
const THUMBNAILS_PER_PART = 128;
/** A bay is changed by itself. */
const PLANOGRAMS_PER_PART = 4;
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

/** A part before its bytes are there. */
interface PlannedPart {
  readonly kind: PackPartKind;
  readonly bucket: string;
  readonly make: () => Made | Promise<Made>;
}
interface Made {
  readonly items: number;
  readonly bytes: Uint8Array;
}

/**
 * Write the parts (durably) and sign the manifest. Nothing is published by this.
 * @param onProgress parts written, of all.
 */
export async function buildPack(
  rule: PackRule,
  { space, dimensions, products, photos, attachments, planograms = [] }: PackSelection & { readonly planograms?: readonly Planogram[] },
  { version, previousVersion, builtAtMs }: PackVersion,
  { parts, key }: PackBuilderParts,
  onProgress: (done: number, total: number) => Promise<void> | void = () => {},
): Promise<{ manifest: PackManifest; signed: SignedPack }> {
  const photosOf = photosByProduct(photos);
  const plan: readonly PlannedPart[] = [
    ...dealOut(photos, PHOTOS_PER_PART).map(({ bucket, items }): PlannedPart => ({
      ...{ kind: 'photos', bucket },
      make: () => ({ items: items.length, bytes: encodePhotos(items, rule.quantisation) }),
    })),
    ...dealOut(products, PRODUCTS_PER_PART).map(({ bucket, items }): PlannedPart => ({
      ...{ kind: 'products', bucket },
      make: () => ({ items: items.length, bytes: encodeProducts(items) }),
    })),
    ...(rule.keypoints === 0 ? [] : dealOut(photos, KEYPOINTS_PER_PART)).map(({ bucket, items }): PlannedPart => ({
      ...{ kind: 'keypoints', bucket },
      make: async () => blobPart('keypoints', await keypointBlobs(items, rule.keypoints, attachments)),
    })),
    ...(rule.thumbnails ? dealOut(products, THUMBNAILS_PER_PART) : []).map(({ bucket, items }): PlannedPart => ({
      ...{ kind: 'thumbnails', bucket },
      make: async () => blobPart('thumbnails', await thumbnailBlobs(items, (id) => photosOf.get(id) ?? [], attachments)),
    })),
    ...dealOut(planograms, PLANOGRAMS_PER_PART).map(({ bucket, items }): PlannedPart => ({
      ...{ kind: 'planograms', bucket },
      make: () => ({ items: items.length, bytes: encodePlanograms(items) }),
    })),
  ];
  const written: PackPart[] = [];
  for (const [done, { kind, bucket, make }] of plan.entries()) {
    await onProgress(done, plan.length);
    const { items, bytes } = await make();
    // Photos without keypoints, products without pictures.
    if (items === 0) continue;
    if (bytes.length > PACK_LIMITS.partBytes)
      throw new AppError('invalid-input', `${items} ${kind} take ${bytes.length} bytes, more than a part may have.`);
    written.push({ kind, bucket, items, sizeBytes: bytes.length, sha256: await parts.put(bytes) });
  }
  await onProgress(plan.length, plan.length);
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
      ...(planograms.length === 0 ? {} : { skus: skuCoverage(planograms, products, withPhotos) }),
    },
    ...{ builtAtMs, expiresAtMs: builtAtMs + rule.validForDays * DAY_MS, rule, parts: written },
  });
  const text = JSON.stringify(manifest);
  return { manifest, signed: { manifest: text, publicKey: key.publicKey, signature: key.sign(packMessage(text)) } };
}

function blobPart(kind: BlobKind, blobs: readonly Blobbed[]): Made {
  return { items: blobs.length, bytes: encodeBlobs(kind, blobs) };
}

/** In the order of their ids, whatever order they come in. */
function photosByProduct(photos: readonly PackPhoto[]): ReadonlyMap<string, PackPhoto[]> {
  const byProduct = new Map<string, PackPhoto[]>();
  for (const photo of [...photos].sort((a, b) => (a.id < b.id ? -1 : 1))) {
    const own = byProduct.get(photo.productId);
    if (own === undefined) byProduct.set(photo.productId, [photo]);
    else own.push(photo);
  }
  return byProduct;
}
