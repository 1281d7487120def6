/** @file What a rule takes out of the collections and the products. */
import type { Person } from '../../../src/contracts/dietary.ts';
import { AppError } from '../../../src/contracts/errors.ts';
import { PACK_LIMITS, type PackRule } from '../../../src/contracts/pack.ts';
import type { Product } from '../../../src/contracts/product.ts';
import type { CreateCollection, Filter } from '../../../src/contracts/server-api.ts';
import { judge } from '../../../src/core/dietary/judge.ts';
import { parseLabel } from '../../../src/core/dietary/parse-label.ts';
import { fromGalleryMetadata } from '../../../src/core/gallery-metadata.ts';
import type { PackPhoto } from '../../../src/core/pack-photos.ts';
import type { AnnItem } from '../../vectors/ann-index.ts';
import type { Packs } from '../../repositories/packs.ts';
import type { Products } from '../../repositories/products.ts';
import type { AttachmentSource } from './pack-attachments.ts';

/** Where photos come from: the collection store, or the engine itself beside a running server. */
export interface PackSources {
  /** @returns null when there is no such collection. */
  describe(name: string): Promise<Pick<CreateCollection, 'space' | 'dimensions'> | null>;
  scan(name: string, filter?: Filter): AsyncIterable<readonly AnnItem[]>;
  /** Collections of persons do not go into packs. */
  holdsPersons(name: string): Promise<boolean> | boolean;
  keypoints(name: string, ids: readonly string[]): Promise<ReadonlyMap<string, Uint8Array>>;
  /** Null: there is none, or the collection's rules allow none. */
  thumbnail(name: string, id: string): Promise<Uint8Array | null>;
}

/** What a pack will hold. */
export interface PackSelection {
  readonly space: string;
  readonly dimensions: number;
  readonly products: readonly Product[];
  readonly photos: readonly PackPhoto[];
  readonly attachments: AttachmentSource;
}

/** Products read or judged before others get a turn. */
const BATCH = 200;

/**
 * @throws AppError('invalid-input') that says what is wrong with the rule: a collection that is missing, of another space than the others, or of
 * persons; a pack of nothing; one too large for a phone.
 */
export async function selectForPack(
  rule: PackRule,
  sources: PackSources,
  repositories: { readonly packs: Pick<Packs, 'productsOf'>; readonly products: Pick<Products, 'getMany'> },
): Promise<PackSelection> {
  const { space, dimensions } = await commonSpace(rule, sources);
  const asked = rule.products === undefined ? null : await askedProducts(rule.products, repositories);
  const { photos, homes } = await collectPhotos(rule, sources, asked);
  const shown = asked ?? byId(await productsById([...new Set(photos.map(({ productId }) => productId))], repositories.products));
  const products = rule.diet === undefined ? shown : await ofDiet(shown, rule.diet);
  const kept = photos.filter(({ productId }) => products.has(productId));
  if (products.size === 0) throw new AppError('invalid-input', 'The rule takes no product: there would be nothing in the pack.');
  if (products.size > PACK_LIMITS.products)
    throw new AppError(
      'invalid-input',
      `The rule takes ${products.size} products; a phone takes ${PACK_LIMITS.products}. Narrow the rule.`,
    );
  return { space, dimensions, products: [...products.values()], photos: kept, attachments: attachmentsOf(sources, homes) };
}

/** @param homes collection of each photo. */
function attachmentsOf(sources: PackSources, homes: ReadonlyMap<string, string>): AttachmentSource {
  return {
    async keypoints(photos) {
      const found = new Map<string, Uint8Array>();
      for (const name of new Set(photos.map(({ id }) => homes.get(id)!))) {
        const ids = photos.filter(({ id }) => homes.get(id) === name).map(({ id }) => id);
        for (const [id, bytes] of await sources.keypoints(name, ids)) found.set(id, bytes);
      }
      return found;
    },
    thumbnail: ({ id }) => sources.thumbnail(homes.get(id)!, id),
  };
}

async function commonSpace(rule: PackRule, sources: PackSources): Promise<{ space: string; dimensions: number }> {
  let common: { space: string; dimensions: number } | null = null;
  for (const { name } of rule.collections) {
    if (await sources.holdsPersons(name))
      throw new AppError('invalid-input', `Collection "${name}" holds persons: it does not go into packs.`);
    const described = await sources.describe(name);
    if (described === null) throw new AppError('invalid-input', `There is no collection "${name}".`);
    const { space, dimensions } = described;
    if (common !== null && (common.space !== space || common.dimensions !== dimensions))
      throw new AppError('invalid-input', `Collection "${name}" is of ${space}, the ones before of ${common.space}: a pack has one space.`);
    common = { space, dimensions };
  }
  if (common === null) throw new AppError('invalid-input', 'The rule names no collection.');
  return common;
}

/** @returns photos of the asked products (of all, when none were asked), and their collections. The first one wins where two hold the same id. */
async function collectPhotos(
  rule: PackRule,
  sources: PackSources,
  asked: ReadonlyMap<string, Product> | null,
): Promise<{ photos: readonly PackPhoto[]; homes: ReadonlyMap<string, string> }> {
  const photos = new Map<string, PackPhoto>();
  const homes = new Map<string, string>();
  for (const { name, filter } of rule.collections) {
    const own = new Set<string>();
    for await (const items of filter === undefined ? sources.scan(name) : sources.scan(name, filter))
      for (const { id, productId, metadata, vector } of items) {
        if ((asked !== null && !asked.has(productId)) || (photos.has(id) && !own.has(id))) continue;
        own.add(id);
        homes.set(id, name);
        photos.set(id, { id, productId, vector: new Float32Array(vector), ...fromGalleryMetadata(metadata) });
        if (photos.size > PACK_LIMITS.photos)
          throw new AppError(
            'invalid-input',
            `The rule takes more than ${PACK_LIMITS.photos} photos, which a phone cannot hold. Narrow the rule.`,
          );
      }
  }
  return { photos: [...photos.values()], homes };
}

async function askedProducts(
  { ids, sources }: NonNullable<PackRule['products']>,
  repositories: { readonly packs: Pick<Packs, 'productsOf'>; readonly products: Pick<Products, 'getMany'> },
): Promise<Map<string, Product>> {
  const found = byId(await productsById(ids ?? [], repositories.products));
  for (const source of sources ?? []) {
    let after = '';
    while (true) {
      const page = await repositories.packs.productsOf(source, after, BATCH);
      for (const product of page) found.set(product.id, product);
      if (found.size > PACK_LIMITS.products)
        throw new AppError(
          'invalid-input',
          `The rule takes more than ${PACK_LIMITS.products} products, which a phone cannot hold. Narrow the rule.`,
        );
      if (page.length < BATCH) break;
      after = page.at(-1)!.id;
    }
  }
  return found;
}

async function productsById(ids: readonly string[], products: Pick<Products, 'getMany'>): Promise<Product[]> {
  const found: Product[] = [];
  for (let start = 0; start < ids.length; start += BATCH) found.push(...(await products.getMany(ids.slice(start, start + BATCH))));
  return found;
}

/** Products whose contents are known and, if asked for, decided. Those to avoid stay: see `PackRule.diet`. */
async function ofDiet(
  products: ReadonlyMap<string, Product>,
  { rules, isCheckKept }: NonNullable<PackRule['diet']>,
): Promise<Map<string, Product>> {
  const person: Person = { id: 'rule', name: '', rules };
  const kept = new Map<string, Product>();
  let turn = 0;
  for (const [id, product] of products) {
    if (++turn % BATCH === 0) await new Promise(setImmediate);
    const { contents } = product;
    if (contents === undefined) continue;
    const { people } = judge(parseLabel(contents.ingredientsText), [person], {
      basis: 'database',
      contentsUpdatedAtMs: contents.updatedAtMs,
      ...(contents.declaredAllergens === undefined ? {} : { declaredAllergens: contents.declaredAllergens }),
      ...(contents.declaredTraces === undefined ? {} : { declaredTraces: contents.declaredTraces }),
    });
    if (isCheckKept || people[0]?.verdict !== 'check') kept.set(id, product);
  }
  return kept;
}

function byId(products: readonly Product[]): Map<string, Product> {
  return new Map(products.map((product) => [product.id, product]));
}
