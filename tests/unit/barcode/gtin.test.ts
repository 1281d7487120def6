import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expandUpcE, gs1CheckDigit, isGtin, isRestrictedCirculation, toGtin14 } from '../../../src/core/barcode/gtin.ts';

const digits = (length: number) => fc.stringMatching(new RegExp(`^\\d{${length}}$`));

describe('gs1CheckDigit', () => {
  it.each([
    ['490123456789', 4],
    ['629104150021', 3], // example of the GS1 check digit page
    ['0614141000012'.slice(0, 12), 2],
    ['03600029145', 2],
    ['7351353', 7],
    ['1061414100041', 5],
  ])('of %s is %i', (body, expected) => expect(gs1CheckDigit(body)).toBe(expected));
});

describe('isGtin and toGtin14', () => {
  it('accepts every length that GS1 knows, padded to 14', () => {
    fc.assert(
      fc.property(fc.constantFrom(7, 11, 12, 13).chain(digits), (body) => {
        fc.pre(!/^0+$/.test(body));
        const gtin = body + String(gs1CheckDigit(body));
        expect(toGtin14(gtin)).toBe(gtin.padStart(14, '0'));
      }),
    );
  });

  it('finds every single wrong digit', () => {
    fc.assert(
      fc.property(digits(12), fc.nat(12), fc.integer({ min: 1, max: 9 }), (body, position, shift) => {
        const gtin = body + String(gs1CheckDigit(body));
        const wrong = gtin.slice(0, position) + String((Number(gtin[position]) + shift) % 10) + gtin.slice(position + 1);
        expect(isGtin(wrong)).toBe(false);
      }),
    );
  });

  it.each(['', '490123456789', '49012345678945', '4901234567 94', '４９０１２３４５６７８９４', '0000000000000', '00000000'])(
    'refuses %j',
    (text) => expect(toGtin14(text)).toBeNull(),
  );
});

describe('expandUpcE', () => {
  it.each([
    ['01234565', '012345000065'],
    ['04252614', '042100005264'],
    ['0425261', '042100005264'],
    ['425261', '042100005264'],
    ['123453', '012300000451'],
    ['123454', '012340000053'],
  ])('expands %s to %s', (short, long) => expect(expandUpcE(short)).toBe(long));

  it('always gives a checking UPC-A or nothing', () => {
    fc.assert(
      fc.property(digits(6), fc.constantFrom('0', '1'), (six, system) => {
        expect(isGtin(expandUpcE(system + six) ?? '')).toBe(system !== '0' || !/^0+$/.test(six));
      }),
    );
  });

  it.each(['', '12345', '21234565', '01234566', 'abcdefgh'])('refuses %j', (text) => expect(expandUpcE(text)).toBeNull());
});

describe('isRestrictedCirculation', () => {
  it.each([
    ['02012345678900', true],
    ['00412345678905', true],
    ['04901234567894', false],
    ['00000049123456', false],
    ['00000020123451', true],
    ['00012345678905', false],
  ])('%s: %s', (gtin, expected) => expect(isRestrictedCirculation(gtin)).toBe(expected));
});
