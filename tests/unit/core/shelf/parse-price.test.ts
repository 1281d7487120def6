import { describe, expect, it } from 'vitest';
import { parsePrice } from '../../../../src/core/shelf/parse-price.ts';

describe('parsePrice', () => {
  it.each([
    ['¥298', 298, 'JPY', null],
    ['￥１，２９８', 1298, 'JPY', null],
    ['298円', 298, 'JPY', null],
    ['本体価格 298円\n(税込 321円)', 321, 'JPY', 'included'],
    ['税抜298円', 298, 'JPY', 'excluded'],
    ['298円 税込321.84円', 321.84, 'JPY', 'included'],
    ['お茶 525ml ¥98', 98, 'JPY', null],
    ['100gあたり 54円\n¥268', 268, 'JPY', null],
    ['$3.99', 3.99, 'USD', null],
    ['3,99 €', 3.99, 'EUR', null],
    ['£1.20 incl. VAT', 1.2, 'GBP', 'included'],
    ['1.298,50 €', 1298.5, 'EUR', null],
    ['CHF 2.95', 2.95, 'CHF', null],
    ['2.49', 2.49, null, null],
    ['198', 198, null, null],
  ] as const)('%s', (text, amount, currency, tax) => {
    expect(parsePrice(text)).toMatchObject({ amount, currency, tax });
  });

  it.each(['525ml', '20% OFF', '4901234567894', '2026/04/01', '6本入', '10ポイント', 'No.12', '新発売', '', '5g x 20', '100gあたり54円'])(
    'finds no price in %s',
    (text) => {
      expect(parsePrice(text)).toBeNull();
    },
  );

  it('is surer of a price that is marked than of a bare number, and less where two compete', () => {
    const of = (text: string): number => parsePrice(text)!.confidence01;
    expect(of('¥198')).toBeGreaterThan(of('2.49'));
    expect(of('2.49')).toBeGreaterThan(of('198'));
    expect(parsePrice('¥298 ¥198')).toMatchObject({ amount: 198 });
    expect(of('¥298 ¥198')).toBeLessThan(of('¥198'));
  });
});
