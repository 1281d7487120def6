import { describe, expect, it } from 'vitest';
import { decodeText } from '../../../../src/core/table/decode-text.ts';
import { parsePlanogram, type ParsedPlanogram } from '../../../../src/core/shelf/planogram/parse-planogram.ts';
import { guessPlanogramColumns } from '../../../../src/core/shelf/planogram/planogram-columns.ts';
import { readPlanogramTable } from '../../../../src/core/shelf/planogram/planogram-table.ts';
import { planogramToCsv, planogramToJson } from '../../../../src/core/shelf/planogram/write-planogram.ts';
import type { Planogram } from '../../../../src/contracts/shelf.ts';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const bytes = (...parts: readonly (readonly number[] | Uint8Array)[]): Uint8Array => Uint8Array.from(parts.flatMap((part) => [...part]));

/** `段,位置,JANコード,商品名` and one row, in Shift-JIS. */
const SHIFT_JIS = bytes(
  [0x92, 0x69, 0x2c, 0x88, 0xca, 0x92, 0x75, 0x2c, 0x4a, 0x41, 0x4e, 0x83, 0x52, 0x81, 0x5b, 0x83, 0x68, 0x2c],
  [0x8f, 0xa4, 0x95, 0x69, 0x96, 0xbc, 0x0d, 0x0a],
  utf8('1,2,4901234567894,'),
  [0x82, 0xa8, 0x92, 0x83, 0x0d, 0x0a],
);

function parsed(text: string | Uint8Array, known?: (sku: string) => boolean): ParsedPlanogram {
  const { table, problem } = readPlanogramTable(typeof text === 'string' ? utf8(text) : text);
  if (table === null) throw new Error(problem.code);
  return parsePlanogram(table, guessPlanogramColumns(table.header), {}, known);
}

const codes = ({ problems }: ParsedPlanogram): (string | number | null)[][] => problems.map(({ code, line, field }) => [code, line, field]);

describe('planogram files', () => {
  it('reads the columns that the issue names', () => {
    const { rows, problems } = parsed(
      'store,bay,shelf,position,sku,name,facings_wide,facings_high,x_cm,y_cm,width_cm,height_cm\n' +
        'Ginza,A1,1,1,tea,Green tea,3,2,0,150,6.5,21\nGinza,A1,1,4,milk,Milk,1,1,19.5,150,9,24\n',
    );
    expect(problems).toEqual([]);
    expect(rows).toEqual([
      expect.objectContaining({
        store: 'Ginza',
        bay: 'A1',
        shelf: 0,
        position: 0,
        sku: 'tea',
        facingsWide: 3,
        facingsHigh: 2,
        widthCm: 6.5,
      }),
      expect.objectContaining({ shelf: 0, position: 3, sku: 'milk', facingsWide: 1, xCm: 19.5, yCm: 150, heightCm: 24 }),
    ]);
  });

  it.each([
    ['Shift-JIS', SHIFT_JIS],
    ['Shift-JIS behind the mark of UTF-8', bytes([0xef, 0xbb, 0xbf], SHIFT_JIS)],
    ['UTF-8', utf8('段,位置,JANコード,商品名\r\n1,2,4901234567894,お茶\r\n')],
    ['UTF-8 with a mark', bytes([0xef, 0xbb, 0xbf], utf8('段,位置,JANコード,商品名\r\n1,2,4901234567894,お茶\r\n'))],
    [
      'UTF-16 with a mark',
      bytes(
        [0xff, 0xfe],
        new Uint8Array(Uint16Array.from(Array.from('段,位置,JANコード,商品名\n1,2,4901234567894,お茶\n', (c) => c.charCodeAt(0))).buffer),
      ),
    ],
    ['tabs', utf8('段\t位置\tJANコード\t商品名\n1\t2\t4901234567894\tお茶\n')],
    ['semicolons and titles above', utf8('店舗別棚割表;;;\n\n2026年4月;;;\n段;位置;JANコード;商品名\n1;2;4901234567894;お茶\n')],
  ])('reads Japanese columns in %s', (_, file) => {
    expect(parsed(file).rows).toMatchObject([{ shelf: 0, position: 1, sku: '4901234567894', name: 'お茶', facingsWide: 1 }]);
  });

  it('tells Shift-JIS from western text by its kana', () => {
    expect(decodeText(SHIFT_JIS)).toMatchObject({ encoding: 'shift_jis' });
    expect(decodeText(bytes(utf8('Caf'), [0xe9], utf8(' cr'), [0xe8], utf8('me')))).toEqual({
      text: 'Café crème',
      encoding: 'windows-1252',
    });
    expect(decodeText(bytes([0x89, 0x50, 0x4e, 0x47, 0, 0, 1, 2, 3]))).toBeNull();
  });

  it('reads JSON: a list, or an object that holds one', () => {
    const list = [
      { Shelf: 2, Pos: 1, Item_ID: 'a', Facings: 2 },
      { Shelf: 1, Pos: 1, Item_ID: 'b', Facings: 1 },
    ];
    for (const json of [list, { planogram: 'x', items: list }])
      expect(parsed(JSON.stringify(json)).rows.map(({ shelf, sku, facingsWide }) => [shelf, sku, facingsWide])).toEqual([
        [0, 'b', 1],
        [1, 'a', 2],
      ]);
  });

  it('names each fault with its line and keeps what is right', () => {
    const result = parsed(
      'shelf,position,sku,facings\n1,1,a,2\n1,1,b,1\n1,,c,1\nx y,4,d,1\n1,5,,1\n1,6,e,many\n1,7,f,999\n1,8,nobody,1\n',
      (sku) => sku !== 'nobody',
    );
    expect(codes(result)).toEqual([
      ['duplicate-position', 3, 'position'],
      ['missing-value', 4, 'position'],
      ['not-a-number', 5, 'shelf'],
      ['missing-value', 6, 'sku'],
      ['not-a-number', 7, 'facingsWide'],
      ['out-of-range', 8, 'facingsWide'],
      ['unknown-sku', 9, 'sku'],
    ]);
    expect(result.rows.map(({ sku }) => sku)).toEqual(['a', 'e', 'f', 'nobody']);
  });

  it('says that nothing can be used of an empty file, a header alone, missing columns and binary files', () => {
    const problemOf = (file: Uint8Array): string | undefined => readPlanogramTable(file).problem?.code;
    expect(problemOf(utf8(''))).toBe('no-rows');
    expect(problemOf(utf8('shelf,position,sku\n'))).toBe('no-rows');
    expect(problemOf(utf8('[]'))).toBe('no-rows');
    expect(problemOf(utf8('{"a": 1'))).toBe('not-a-table');
    expect(problemOf(bytes([0xff, 0xd8, 0, 0, 1, 2]))).toBe('not-text');
    expect(codes(parsed('position,sku\n1,a\n'))).toEqual([['missing-column', null, 'shelf']]);
    expect(codes(parsed('shelf,position\n1,1\n'))).toEqual([['missing-column', null, 'sku']]);
  });

  it('counts from 0 or 1 as the file does', () => {
    const places = (text: string): number[][] => parsed(text).rows.map(({ shelf, position }) => [shelf, position]);
    expect(places('shelf,position,sku\n0,0,a\n1,1,b\n')).toEqual([
      [0, 0],
      [1, 1],
    ]);
    expect(places('shelf,position,sku\n1,1,a\n2,2,b\n')).toEqual([
      [0, 0],
      [1, 1],
    ]);
  });

  it('understands positions that number products, not columns', () => {
    const { rows, counting } = parsed('shelf,position,sku,facings\n1,1,a,3\n1,2,b,2\n1,3,c,1\n');
    expect(counting.positionsAre).toBe('order');
    expect(rows.map(({ position }) => position)).toEqual([0, 3, 5]);
  });

  it('counts shelves from the top, also where the file counts them from the floor', () => {
    const { rows, counting } = parsed('shelf,position,sku,y_cm\n1,1,low,20\n2,1,mid,60\n3,1,high,100\n');
    expect(counting.firstShelf).toBe('bottom');
    expect(rows.map(({ sku, shelf }) => [sku, shelf])).toEqual([
      ['high', 0],
      ['mid', 1],
      ['low', 2],
    ]);
  });

  it('orders by x, or by line, where no position is given', () => {
    expect(parsed('shelf,sku,x_mm\n1,b,300\n1,a,0\n').rows.map(({ sku, position, xCm }) => [sku, position, xCm])).toEqual([
      ['a', 0, 0],
      ['b', 1, 30],
    ]);
    const inOrder = parsed('shelf,sku,facings\n1,b,2\n1,a,1\n');
    expect(inOrder.rows.map(({ sku, position }) => [sku, position])).toEqual([
      ['b', 0],
      ['a', 2],
    ]);
    expect(codes(inOrder)).toEqual([['position-from-order', null, 'position']]);
  });

  it('reads figures as people write them', () => {
    const { rows } = parsed('棚段,順番,商品コード,フェイス数,売価,幅(mm),PB区分\n１段目,1,a,２,"¥1,298",65,PB\n2段目,1,b,1,98円,70,NB\n');
    expect(rows).toMatchObject([
      { shelf: 0, facingsWide: 2, price: 1298, widthCm: 6.5, isOwnLabel: true },
      { shelf: 1, price: 98, isOwnLabel: false },
    ]);
  });

  it.each([
    [
      ['Planogram ID', 'Fixture', 'Shelf #', 'Location ID', 'UPC', 'Description', 'H-Facings', 'V-Facings'],
      { bay: 1, shelf: 2, position: 3, sku: 4, name: 5, facingsWide: 6, facingsHigh: 7 },
    ],
    [
      ['店舗名', 'ゴンドラNo', '棚段番号', '陳列順番', 'JANコード', '商品名称', '陳列フェイス数', '積上数', 'メーカー名', '中分類'],
      { store: 0, bay: 1, shelf: 2, position: 3, sku: 4, name: 5, facingsWide: 6, facingsHigh: 7, brand: 8, category: 9 },
    ],
  ])('guesses what %s mean', (header, mapping) => {
    expect(guessPlanogramColumns(header)).toMatchObject(mapping);
  });

  it('writes what it can read back', () => {
    const planogram: Planogram = {
      id: 'p',
      name: 'Tea',
      rows: parsed(
        'store,bay,shelf,position,sku,name,facings,brand,price,own_label\nA,1,2,3,=cmd,"Tea, ""green""",2,-x,1.5,yes\nA,1,3,1,b,お茶,1,,,no\n',
      ).rows.slice(),
      source: 'csv',
      updatedAtMs: 1,
    };
    const csv = planogramToCsv(planogram);
    expect(csv).toContain("'=cmd");
    expect(parsed(csv).rows).toEqual(planogram.rows);
    expect(parsed(planogramToJson(planogram)).rows).toEqual(planogram.rows);
  });
});
