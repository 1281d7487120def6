import 'fake-indexeddb/auto';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { describe, expect, it, vi } from 'vitest';
import { productSchema } from '../../src/contracts/product.ts';
import { allergens } from '../../src/core/dietary/knowledge.ts';
import { isGtin, isRestrictedCirculation } from '../../src/core/barcode/gtin.ts';
import { parseLabel } from '../../src/core/dietary/parse-label.ts';
import { modelSpec } from '../../src/models/registry.ts';
import { createDemo, parsePack } from '../../src/store/demo.ts';
import { createGalleryStore } from '../../src/store/embeddings.ts';
import { toBase64 } from '../../src/store/base64.ts';
import { createProductStore } from '../../src/store/products.ts';
import { freshDatabase, galleryItem, product } from './fixtures.ts';

const FOLDER = fileURLToPath(new URL('../../public/demo/', import.meta.url));
const read = (name: string): unknown => JSON.parse(readFileSync(join(FOLDER, name), 'utf8'));
const catalogue = productSchema.array().parse(read('catalogue.json'));

/** A demo of two products as the app would serve it. */
function served(version: string, ids: readonly string[]) {
  const files: Record<string, unknown> = {
    'demo/version.json': { version },
    'demo/catalogue.json': ids.map((id) => product(id, { source: 'demo' })),
    'demo/pack.json': {
      space: 'product-embedding@2',
      dimensions: 2,
      items: ids.map((id) => ({
        id: `demo/${id}`,
        productId: id,
        vector: toBase64(Float32Array.from([0.6, 0.8])),
        colour: null,
        features: null,
      })),
    },
  };
  return vi.fn((path: string) => Promise.resolve(files[path]));
}

describe('installing the demo', () => {
  it('installs once, and not again while nothing changed', async () => {
    const database = freshDatabase();
    const fetchJson = served('aaaaaaaa', ['x', 'y']);
    const demo = createDemo(database, fetchJson);
    expect(await demo.isInstalled()).toBe(false);
    expect(await demo.install()).toBe(true);
    expect(await demo.install()).toBe(false);
    expect(fetchJson).toHaveBeenCalledTimes(4);
    expect(await createProductStore(database).count()).toBe(2);
    expect((await createGalleryStore(database).bySpace('product-embedding@2')).map(({ id }) => id)).toEqual(['demo/x', 'demo/y']);
  });

  it('a new version replaces the old one and leaves the user alone', async () => {
    const database = freshDatabase();
    await createProductStore(database).put([product('own')]);
    await createGalleryStore(database).put([galleryItem('mine', { productId: 'x' })]);
    await createDemo(database, served('aaaaaaaa', ['x', 'y'])).install();
    await createDemo(database, served('bbbbbbbb', ['x', 'z'])).install();
    expect((await createProductStore(database).all()).map(({ id }) => id)).toEqual(['own', 'x', 'z']);
    expect((await createGalleryStore(database).bySpace('product-embedding@2')).map(({ id }) => id)).toEqual(['demo/x', 'demo/z', 'mine']);
  });

  it('removing leaves products that the user taught', async () => {
    const database = freshDatabase();
    const demo = createDemo(database, served('aaaaaaaa', ['x', 'y']));
    await demo.install();
    await createGalleryStore(database).put([galleryItem('mine', { productId: 'x' })]);
    await demo.remove();
    expect((await createProductStore(database).all()).map(({ id }) => id)).toEqual(['x']);
    expect(await demo.isInstalled()).toBe(false);
    expect(await demo.install()).toBe(true);
  });

  it.each([
    ['a version that is none', 'demo/version.json', {}],
    ['a catalogue that is none', 'demo/catalogue.json', [{ id: 1 }]],
    ['a pack that is none', 'demo/pack.json', { space: 'x', items: [] }],
    [
      'a vector of another dimension',
      'demo/pack.json',
      {
        space: 'm@1',
        dimensions: 3,
        items: [{ id: 'a', productId: 'x', vector: toBase64(Float32Array.from([1, 2])), colour: null, features: null }],
      },
    ],
  ])('refuses %s and writes nothing', async (_name, path, value) => {
    const database = freshDatabase();
    const good = served('aaaaaaaa', ['x']);
    const demo = createDemo(database, (asked) => (asked === path ? Promise.resolve(value) : good(asked)));
    await expect(demo.install()).rejects.toMatchObject({ code: 'invalid-input' });
    expect(await createProductStore(database).count()).toBe(0);
    expect(await demo.isInstalled()).toBe(false);
  });
});

describe('the demo catalogue', () => {
  it('holds numbers that no product on sale carries, each once', () => {
    const numbers = catalogue.flatMap(({ gtins }) => gtins);
    expect(new Set(numbers).size).toBe(catalogue.length);
    for (const number of numbers) {
      expect(isGtin(number)).toBe(true);
      expect(isRestrictedCirculation(number)).toBe(true);
    }
  });

  it('has a picture of every pack, at most 30 kB', () => {
    for (const { id } of catalogue) expect(statSync(join(FOLDER, 'packs', `${id}.webp`)).size).toBeLessThanOrEqual(30_000);
  });

  it('declares allergens that the knowledge knows', () => {
    const known = new Set(allergens().map(({ id }) => id));
    for (const { contents } of catalogue)
      for (const id of [...(contents?.declaredAllergens ?? []), ...(contents?.declaredTraces ?? [])]) expect(known).toContain(id);
  });

  it.each(catalogue.filter(({ contents }) => contents?.language === 'ja').map((each) => [each.id, each] as const))(
    'the label of %s parses whole, with the allergens that it states',
    (_id, { contents }) => {
      const label = parseLabel(contents!.ingredientsText);
      expect(label.language).toBe('ja');
      expect(label.isIncomplete).toBe(false);
      const stated = new Set<string | null>();
      for (const { id } of label.containsStatement) stated.add(id);
      if (stated.size > 0) expect([...stated].sort()).toEqual([...contents!.declaredAllergens!].sort());
    },
  );

  it('is small', () => {
    const size = (folder: string): number =>
      readdirSync(folder, { withFileTypes: true }).reduce(
        (sum, entry) => sum + (entry.isDirectory() ? size(join(folder, entry.name)) : statSync(join(folder, entry.name)).size),
        0,
      );
    expect(size(FOLDER)).toBeLessThanOrEqual(4_000_000);
  });
});

describe('the demo photos', () => {
  const { photos } = read('photos.json') as {
    photos: {
      file: string;
      title: { en: string; ja: string };
      expected: { productIds: string[]; gtin: string | null; allergens: string[] };
    }[];
  };

  it.each(photos.map((photo) => [photo.file, photo] as const))(
    '%s is there, as large as a photo, at most 300 kB, and says what is expected',
    async (file, { title, expected }) => {
      const path = join(FOLDER, file);
      expect(statSync(path).size).toBeLessThanOrEqual(300_000);
      const { width, height, format } = await sharp(path).metadata();
      expect(format).toBe('jpeg');
      expect(Math.max(width, height)).toBeGreaterThanOrEqual(1600);
      expect(title.en).not.toBe('');
      expect(title.ja).not.toBe('');
      const main = catalogue.find(({ id }) => id === expected.productIds[0]);
      expect(main).toBeDefined();
      for (const id of expected.productIds) expect(catalogue.some((each) => each.id === id)).toBe(true);
      if (expected.gtin !== null) expect(main!.gtins).toContain(expected.gtin);
    },
  );
});

describe('the demo pack', () => {
  it('is of the space that the app embeds into, and every photo is of a product of the catalogue', (context) => {
    // Written by `npm run build:demo-pack` once the weights are there.
    if (!existsSync(join(FOLDER, 'pack.json'))) context.skip('public/demo/pack.json is not built yet');
    const items = parsePack(read('pack.json'));
    const space = modelSpec('product-embedding').embeddingSpace;
    const ids = new Set(catalogue.map(({ id }) => id));
    for (const item of items) {
      expect(item.space).toBe(space);
      expect(ids).toContain(item.productId);
      expect(Math.hypot(...item.vector)).toBeCloseTo(1, 3);
    }
    for (const id of ids) expect(items.filter(({ productId }) => productId === id).length).toBeGreaterThanOrEqual(3);
  });
});
