import { parse } from 'csv-parse/sync';
import { read, utils } from '@e965/xlsx';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { visitReportSchema } from '../../../src/contracts/visit-report.ts';
import { facingsTable, visitTables } from '../../../src/core/shelf/visit-tables.ts';
import { writeCsv } from '../../../src/core/write-csv.ts';
import { visitWorkbook } from '../../../src/flow/visit-workbook.ts';
import { visitReport, WORDS } from './visit-fixtures.ts';

it('a report is what its schema says', () => {
  expect(visitReportSchema.safeParse(JSON.parse(JSON.stringify(visitReport()))).error?.issues).toBeUndefined();
});

describe('CSV', () => {
  it('opens in another reader as it was meant, rows and positions from 1, formulas defused', () => {
    const csv = writeCsv(facingsTable(visitReport(), WORDS));
    expect(new TextEncoder().encode(csv).slice(0, 3)).toEqual(Uint8Array.from([0xef, 0xbb, 0xbf]));
    const rows = parse<Record<string, string>>(csv, { bom: true, columns: true });
    expect(rows).toHaveLength(3);
    expect(rows[0]).toMatchObject({
      ...{ Shop: "'@Shop", Address: '1-2-3\n東京', Who: '彩', Bay: '棚 1', Date: '2026-11-21T09:30:00.000Z', Shelf: '1', Position: '1' },
      ...{ Columns: '2', Facings: '2', SKU: 'a', Name: 'ポテトチップス, "うすしお"', Brand: 'Acme', 'Own label': 'no', Height: 'eye' },
      ...{ Certainty: 'sure', Probability: '0.9', Price: '198', 'List price': '188' },
    });
    expect(rows[1]!['Name']).toBe(`'=HYPERLINK("http://evil.test")`);
    expect(rows[2]).toMatchObject({ Shelf: '2', SKU: '', Name: '', Certainty: 'not sure', Price: '' });
  });

  it('never begins a cell as a formula does, and brings every other text back', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1, maxLength: 5 }), (texts) => {
        const [row] = parse(writeCsv({ columns: texts.map((_, i) => `c${i}`), rows: [texts] }), { bom: true, from: 2 });
        row!.forEach((cell, i) => {
          expect(cell).not.toMatch(/^[=+\-@\t\r]/);
          expect([texts[i], `'${texts[i]!}`]).toContain(cell);
        });
      }),
    );
    expect(writeCsv({ columns: ['n'], rows: [[-5], ['-5'], ['＝1+1'], [null], [Number.NaN]] })).toBe(
      "\ufeffn\r\n-5\r\n'-5\r\n'＝1+1\r\n\r\n\r\n",
    );
  });
});

it('the workbook has a sheet per table, numbers as numbers, dates as dates, and no formula', async () => {
  const book = read(new Uint8Array(await (await visitWorkbook(visitTables(visitReport(), WORDS))).arrayBuffer()), { cellDates: true });
  expect(book.SheetNames).toEqual(['Summary', 'Facings', 'Share', 'Gaps', 'Fix list']);
  const sheet = book.Sheets['Facings']!;
  const rows = utils.sheet_to_json<Record<string, unknown>>(sheet);
  expect(rows[0]).toMatchObject({ Shop: '@Shop', Shelf: 1, Name: 'ポテトチップス, "うすしお"', Price: 198 });
  expect((rows[0]!['Date'] as Date).toISOString().slice(0, 16)).toBe('2026-11-21T09:30');
  expect(rows[1]!['Name']).toBe('=HYPERLINK("http://evil.test")');
  for (const each of Object.values(book.Sheets)) for (const cell of Object.values(each)) expect((cell as { f?: string }).f).toBeUndefined();
  expect(utils.sheet_to_json(book.Sheets['Gaps']!)).toMatchObject([{ Bay: '棚 1', Shelf: 2, Position: 2, Probability: 0.8 }]);
  const shares = utils.sheet_to_json<Record<string, unknown>>(book.Sheets['Share']!);
  expect(shares.find(({ By, Name }) => By === 'brand' && Name === 'Acme')).toMatchObject({ Facings: 2, Share: 0.5 });
  expect(shares.find(({ By, Name }) => By === 'own label' && Name === 'yes')).toMatchObject({ Facings: 1 });
  expect(utils.sheet_to_json<Record<string, unknown>>(book.Sheets['Summary']!)[0]).toMatchObject({ Seconds: 8.4, Unknown: 1, Gaps: 1 });
});

it('the workbook survives what XML and Excel refuse', async () => {
  const rows = [['\u0000\ud800 & <b>', 'x'.repeat(40_000)]];
  const book = read(new Uint8Array(await (await visitWorkbook([{ title: 'a[b]*c'.repeat(10), columns: ['p', 'q'], rows }])).arrayBuffer()));
  const [row] = utils.sheet_to_json<Record<string, string>>(Object.values(book.Sheets)[0]!);
  expect(row!['p']).toContain('& <b>');
  expect(row!['q']).toHaveLength(32_767);
});
