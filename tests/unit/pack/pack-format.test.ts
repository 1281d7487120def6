import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { PackRefusal, packRuleSchema } from '../../../src/contracts/pack.ts';
import { fromGalleryMetadata, toGalleryMetadata } from '../../../src/core/gallery-metadata.ts';
import { decodePhotos, encodePhotos, type PackPhoto } from '../../../src/core/pack-photos.ts';
import { decodeProducts, encodeProducts } from '../../../src/core/pack-products.ts';
import { isSigned, keyFingerprint, packMessage, sha256Hex } from '../../../src/core/pack-signature.ts';
import { dot, normalised } from '../../../src/core/vector.ts';
import { byteRange } from '../../../server/services/packs/pack-range.ts';
import { dealOut } from '../../../server/services/packs/pack-buckets.ts';
import { openSigningKey } from '../../../server/services/secrets/signing-key.ts';
import { holdsImage } from '../../../server/services/recognition/image-refusal.ts';

const folder = mkdtempSync(join(tmpdir(), 'mekiki-pack-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const photo = fc.record({
  id: fc.string({ minLength: 1, maxLength: 30 }),
  productId: fc.string({ minLength: 1, maxLength: 30 }),
  vector: fc
    .array(fc.integer({ min: -99, max: 99 }), { minLength: 16, maxLength: 16 })
    .filter((values) => values.some((value) => value !== 0))
    .map((values) => normalised(Float32Array.from(values))),
  colour: fc.option(
    fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 6, maxLength: 6 }).map((values) => normalised(Float32Array.from(values))),
  ),
  words: fc.option(fc.array(fc.string({ minLength: 1, maxLength: 12 }), { maxLength: 5 })),
});
const photos = fc
  .uniqueArray(photo, { minLength: 1, maxLength: 30, selector: ({ id }) => id })
  .map((list) => list.map(({ words, ...rest }): PackPhoto => ({ ...rest, ...(words === null ? {} : { words }) })));

describe('a photos part', () => {
  it.each(['int8', 'float32'] as const)('brings back what went in, as %s, whatever the order', (quantisation) => {
    fc.assert(
      fc.property(photos, (list) => {
        const bytes = encodePhotos(list, quantisation);
        expect(encodePhotos([...list].reverse(), quantisation)).toEqual(bytes);
        const back = new Map(decodePhotos(bytes).map((one) => [one.id, one]));
        expect(back.size).toBe(list.length);
        for (const { id, productId, vector, colour, words } of list) {
          const one = back.get(id)!;
          expect([one.productId, one.words]).toEqual([productId, words]);
          expect(dot(one.vector, vector)).toBeGreaterThan(quantisation === 'int8' ? 0.9995 : 0.999999);
          expect(dot(one.vector, one.vector)).toBeCloseTo(1, 5);
          if (colour === null) expect(one.colour).toBeNull();
          else expect(dot(one.colour!, colour)).toBeGreaterThan(0.999);
        }
      }),
      { numRuns: 25 },
    );
  });

  it('is refused when it is cut, has more at its end, or is something else', () => {
    const bytes = encodePhotos([{ id: 'a', productId: 'p', vector: Float32Array.from([0.6, 0.8]), colour: null }], 'int8');
    for (const damaged of [bytes.slice(0, -1), new Uint8Array([...bytes, 0]), bytes.slice(1), new Uint8Array(3), new Uint8Array(0)])
      expect(() => decodePhotos(damaged)).toThrow(PackRefusal);
    for (let length = 0; length < bytes.length; length++) expect(() => decodePhotos(bytes.slice(0, length))).toThrow(PackRefusal);
  });
});

describe('a products part', () => {
  const product = (id: string) => ({
    ...{ id, name: { ja: `茶 ${id}` }, gtins: [], kind: 'packaged' as const, packWords: [], source: 'shop', updatedAtMs: 1 },
  });

  it('has one spelling', () => {
    const { name, ...rest } = product('a');
    expect(encodeProducts([product('b'), { ...rest, name }])).toEqual(encodeProducts([product('a'), product('b')]));
    expect(decodeProducts(encodeProducts([product('b'), product('a')])).map(({ id }) => id)).toEqual(['a', 'b']);
  });

  it('is refused when it is not one', () => {
    expect(() => decodeProducts(new TextEncoder().encode('{"products":[{"id":""}]}'))).toThrow(PackRefusal);
    expect(() => decodeProducts(Uint8Array.from([0xff, 0xfe]))).toThrow(PackRefusal);
  });
});

describe('a signature', () => {
  const key = openSigningKey(folder);
  const manifest = '{"format":"mekiki-pack"}';
  const signed = { manifest, publicKey: key.publicKey, signature: key.sign(packMessage(manifest)) };

  it.each([
    ['WebCrypto', crypto.subtle],
    ['the library', null],
  ])('is checked by %s', async (_name, subtle) => {
    expect(await isSigned(signed, subtle)).toBe(true);
    expect(await isSigned({ ...signed, manifest: `${manifest} ` }, subtle)).toBe(false);
    const other = openSigningKey(mkdtempSync(join(folder, 'other-')));
    expect(await isSigned({ ...signed, publicKey: other.publicKey }, subtle)).toBe(false);
    const flipped = Buffer.from(signed.signature, 'base64');
    flipped[3]! ^= 1;
    expect(await isSigned({ ...signed, signature: flipped.toString('base64') }, subtle)).toBe(false);
    for (const nonsense of ['', 'AAAA', '!!', 'A'.repeat(88)]) {
      expect(await isSigned({ ...signed, signature: nonsense }, subtle)).toBe(false);
      expect(await isSigned({ ...signed, publicKey: nonsense }, subtle)).toBe(false);
    }
  });

  it('of something else that the key signs is none of a pack', async () => {
    expect(await isSigned({ ...signed, signature: key.sign(manifest) })).toBe(false);
  });

  it('has a key that people can compare', async () => {
    expect(await keyFingerprint(key.publicKey)).toMatch(/^([0-9a-f]{4} ){7}[0-9a-f]{4}$/);
    await expect(keyFingerprint('AAAA')).rejects.toMatchObject({ code: 'invalid-input' });
  });

  it('hashes as everybody does', async () => {
    expect(await sha256Hex(Uint8Array.from([1, 2, 3]))).toBe(
      createHash('sha256')
        .update(Uint8Array.from([1, 2, 3]))
        .digest('hex'),
    );
  });
});

describe('buckets', () => {
  const items = Array.from({ length: 2_000 }, (_, i) => ({ id: `photo-${i}` }));

  it('hold every item once, none too many, by bits of its hash', () => {
    const buckets = dealOut(items, 256);
    expect(buckets.flatMap((bucket) => bucket.items.map(({ id }) => id)).sort()).toEqual(items.map(({ id }) => id).sort());
    const bitsOf = (id: string) => createHash('sha256').update(id).digest().readUInt32BE(0).toString(2).padStart(32, '0');
    for (const { bucket, items: own } of buckets) {
      expect(own.length).toBeLessThanOrEqual(256);
      expect(own.filter(({ id }) => !bitsOf(id).startsWith(bucket))).toEqual([]);
    }
  });

  it('change where something changed and nowhere else', () => {
    const namesOf = (list: typeof items) =>
      new Set(
        dealOut(list, 256).map(
          ({ bucket, items: own }) =>
            `${bucket}:${own
              .map(({ id }) => id)
              .sort()
              .join()}`,
        ),
      );
    const before = namesOf(items);
    const after = namesOf([...items.filter((_, i) => i !== 77), { id: 'new-1' }]);
    // One bucket lost an item, one gained one; the latter may have been split in two.
    expect([...after].filter((name) => !before.has(name)).length).toBeLessThanOrEqual(3);
    expect(before.size).toBeGreaterThan(7);
  });
});

describe('a byte range', () => {
  it.each([
    [undefined, 'all'],
    ['bytes=0-', { start: 0, end: 10 }],
    ['bytes=3-5', { start: 3, end: 6 }],
    ['bytes=3-500', { start: 3, end: 10 }],
    ['bytes=-4', { start: 6, end: 10 }],
    ['bytes=-40', { start: 0, end: 10 }],
    ['bytes=10-', 'none'],
    ['bytes=-0', 'none'],
    ['bytes=5-3', 'all'],
    ['bytes=0-1,3-4', 'all'],
    ['bytes=-', 'all'],
    ['lines=0-', 'all'],
  ])('%s', (header, wanted) => {
    expect(byteRange(header, 10)).toEqual(wanted);
  });
});

describe('metadata of a gallery photo', () => {
  it('carries colour and words past the image guard', () => {
    const colour = normalised(Float32Array.from({ length: 256 }, (_, i) => (i % 9) + 1));
    const words = Array.from({ length: 60 }, (_, i) => `word${i}${'x'.repeat(30)}`);
    const metadata = toGalleryMetadata({ colour, words });
    for (const text of Object.values(metadata)) {
      expect(text.length).toBeLessThanOrEqual(2000);
      expect(holdsImage(text)).toBe(false);
    }
    const back = fromGalleryMetadata(metadata);
    expect(dot(back.colour!, colour)).toBeGreaterThan(0.999);
    expect(back.words!.length).toBeGreaterThan(40);
    expect(back.words).toEqual(words.slice(0, back.words!.length));
    expect(fromGalleryMetadata({})).toEqual({ colour: null });
    expect(fromGalleryMetadata({ colour: '***' })).toEqual({ colour: null });
    // Read and nothing found is not the same as not read.
    expect(fromGalleryMetadata(toGalleryMetadata({ colour: null, words: [] }))).toEqual({ colour: null, words: [] });
  });
});

describe('a rule', () => {
  it('has defaults, and is refused without a title or with what it does not know', () => {
    const rule = { id: 'shop', kind: 'shop', title: { en: 'Shop' }, collections: [{ name: 'products' }] };
    expect(packRuleSchema.parse(rule)).toMatchObject({ validForDays: 30, quantisation: 'int8' });
    for (const wrong of [
      { ...rule, title: {} },
      { ...rule, collections: [] },
      { ...rule, id: '../x' },
      { ...rule, more: 1 },
      { ...rule, diet: { rules: ['nonsense'] } },
    ])
      expect(packRuleSchema.safeParse(wrong).success).toBe(false);
    expect(packRuleSchema.safeParse({ ...rule, diet: { rules: ['halal', 'allergen:milk'] } }).success).toBe(true);
  });
});
