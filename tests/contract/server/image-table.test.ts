/** @file What a table says of photos and products, and which rows are refused. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { idOf } from '../../../server/jobs/image-rows.ts';
import { rowsOfTable } from '../../../server/jobs/image-table.ts';
import { withFacts } from '../../../server/jobs/product-upsert.ts';
import { productSchema } from '../../../src/contracts/product.ts';
import { itemIdSchema } from '../../../src/contracts/server-api.ts';
import { removeFolders, temporaryFolder } from './test-server.ts';

afterAll(removeFolders);

function table(text: string | Buffer): string {
  const folder = temporaryFolder();
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'photos.csv'), text);
  return join(folder, 'photos.csv');
}
const options = { mapping: [], fields: {}, source: 'images' };

describe('a table', () => {
  it('names images, products and declared fields, in UTF-8 with or without its mark', async () => {
    const file = table(
      '\ufeffImage,id,product,name,brand,gtin,aisle,price,halal\n' +
        'a.jpg,a1,tea,"Green, tea",Midori,4901234567894,drinks,120,yes\n' +
        'b.jpg,,tea,緑茶,,,drinks,,no\n' +
        ',,rice,Rice,,,,,\n',
    );
    const fields = { aisle: 'keyword', price: 'int', halal: 'bool' } as const;
    const { rows, products, refused, encoding } = await rowsOfTable(file, { ...options, fields });
    expect([encoding, refused]).toEqual(['utf-8', []]);
    expect(rows).toMatchObject([
      {
        ...{ id: 'a1', file: 'a.jpg', metadata: { aisle: 'drinks', price: 120, halal: true } },
        product: { id: 'tea', name: { en: 'Green, tea' }, brand: 'Midori', gtins: ['04901234567894'] },
      },
      { id: 'b.jpg', metadata: { aisle: 'drinks', halal: false }, product: { id: 'tea', name: { ja: '緑茶' }, gtins: [] } },
    ]);
    expect(rows[0]?.path).toBe(join(file, '..', 'a.jpg'));
    expect(products).toMatchObject([{ id: 'rice', name: { en: 'Rice' } }]);
  });

  it('names category, list price and own label of a product', async () => {
    const file = table(
      'image,product,category,price,own_label\na.jpg,tea,Drinks,"¥1,280",yes\nb.jpg,rice,Food,12.80,no\nc.jpg,salt,,cheap,\n',
    );
    const { rows, refused } = await rowsOfTable(file, options);
    expect(rows.map(({ product }) => product)).toMatchObject([
      { id: 'tea', category: 'Drinks', listPrice: 1280, isOwnLabel: true },
      { id: 'rice', category: 'Food', listPrice: 12.8, isOwnLabel: false },
    ]);
    expect(refused).toMatchObject([{ file: 'c.jpg', problem: 'row 4: "cheap" is no price' }]);
    expect(withFacts(null, rows[0]!.product, 'images')).toMatchObject({ category: 'Drinks', listPrice: 1280, isOwnLabel: true });
  });

  it('of a Japanese spreadsheet is read by its own headers', async () => {
    // 写真;商品名;JAN / 茶.jpg;緑茶;49012347 in Shift_JIS.
    const file = table(Buffer.from('8eca905e3b8fa4956996bc3b4a414e0a92832e6a70673b97ce92833b34393031323334370a', 'hex'));
    const read = rowsOfTable(file, { ...options, mapping: ['image=写真', 'name=商品名'] });
    const { rows, encoding } = await read;
    expect(encoding).toBe('shift_jis');
    expect(rows).toMatchObject([{ file: '茶.jpg', product: { name: { ja: '緑茶' } } }]);
    expect(itemIdSchema.safeParse(rows[0]?.id).success).toBe(true);
    await expect(rowsOfTable(file, options)).rejects.toThrow('no column "image"');
    await expect(rowsOfTable(file, { ...options, mapping: ['image=絵'] })).rejects.toThrow('no such header');
  });

  it('keeps its good rows when others are wrong', async () => {
    const file = table(
      'image,id,gtin,kind,price\n' +
        'ok.jpg,1,,,10\n' +
        'again.jpg,1,,,10\n' +
        'code.jpg,2,4901234567890,,10\n' +
        'kind.jpg,3,,boxed,10\n' +
        'price.jpg,4,,,ten\n' +
        'id.jpg,a b,,,10\n' +
        ',,,,\n',
    );
    const { rows, refused } = await rowsOfTable(file, { ...options, fields: { price: 'int' } });
    expect(rows.map(({ id }) => id)).toEqual(['1']);
    expect(refused.map(({ problem }) => problem)).toEqual([
      expect.stringContaining('row 3: the id "1" was used'),
      expect.stringContaining('row 4: "4901234567890" is no barcode'),
      expect.stringContaining('row 5: kind is'),
      expect.stringContaining('row 6: "ten" is no price'),
      expect.stringContaining('row 7: the id "a b"'),
      expect.stringContaining('row 8: it names neither'),
    ]);
  });
});

describe('what a table says of a product', () => {
  const known = productSchema.parse({
    ...{ id: 'tea', name: { ja: '緑茶' }, gtins: ['04901234567894'], packWords: ['茶'], source: 'open-food-facts', updatedAtMs: 5 },
    contents: { ingredientsText: '緑茶', language: 'ja', source: 'open-food-facts', updatedAtMs: 5 },
  });

  it('is laid over what is known and takes nothing away', () => {
    const next = withFacts(known, { id: 'tea', title: 'tea', name: { en: 'Tea' }, gtins: ['04912345678904'], brand: 'Midori' }, 'images');
    expect(next).toMatchObject({
      ...{ name: { ja: '緑茶', en: 'Tea' }, gtins: ['04901234567894', '04912345678904'], brand: 'Midori', packWords: ['茶'] },
      ...{ contents: known.contents, source: 'open-food-facts' },
    });
    expect(next.updatedAtMs).toBeGreaterThan(5);
    expect(withFacts(known, { id: 'tea', title: 'tea', gtins: [] }, 'images')).toBe(known);
  });

  it('makes a product that nobody knew, named after its file at least', () => {
    expect(withFacts(null, { id: 'images/お茶', title: 'お茶', gtins: [] }, 'images')).toMatchObject({
      name: { ja: 'お茶' },
      kind: 'packaged',
      source: 'images',
    });
  });
});

it('ids are kept when the server takes them and are distinct when it does not', () => {
  expect(idOf('tea/front.jpg')).toBe('tea/front.jpg');
  const others = ['お茶/正面.jpg', 'お米/正面.jpg', 'a b.jpg', `${'x'.repeat(300)}.jpg`, `${'x'.repeat(301)}.jpg`].map(idOf);
  expect(new Set(others).size).toBe(others.length);
  for (const id of others) expect(itemIdSchema.safeParse(id).success).toBe(true);
});
