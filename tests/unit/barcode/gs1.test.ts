import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDigitalLink } from '../../../src/core/barcode/gs1-digital-link.ts';
import { gtinOfElements, parseElementString } from '../../../src/core/barcode/gs1-elements.ts';
import { interpretBarcode } from '../../../src/core/barcode/interpret-barcode.ts';

const GTIN = '04901234567894';

describe('parseElementString', () => {
  it.each([
    [`01${GTIN}`, { '01': GTIN }],
    [`01${GTIN}1726123110ABC`, { '01': GTIN, '17': '261231', '10': 'ABC' }],
    [`01${GTIN}10X1\u001d2177`, { '01': GTIN, '10': 'X1', '21': '77' }],
    [`]C101${GTIN}3103001750`, { '01': GTIN, '3103': '001750' }],
    [`\u001d01${GTIN}`, { '01': GTIN }],
    [`(01)${GTIN}(17)261231(10)A(B)`, { '01': GTIN, '17': '261231', '10': 'A(B)' }],
    [`01${GTIN}3922600\u001d8008260101`, { '01': GTIN, '3922': '600', '8008': '260101' }],
  ])('takes %j apart', (text, expected) => expect(parseElementString(text)).toEqual(expected));

  it.each([
    '',
    '0',
    'hello',
    `01${GTIN.slice(0, 13)}5`, // wrong check digit
    `01${GTIN.slice(0, 10)}`, // cut off
    `01${GTIN}1726AB31`, // letters in a date
    `01${GTIN}10`, // no data
    `01${GTIN}0511`, // no such AI
    `(01)${GTIN}(1)26`,
  ])('refuses %j', (text) => expect(parseElementString(text)).toBeNull());

  it('never throws, and never names a GTIN that does not check', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^(01|10|17|\(01\)|\d){0,30}$/)), (text) => {
        const elements = parseElementString(text);
        if (elements?.['01'] !== undefined) expect(gtinOfElements(elements)).toBe(elements['01']);
      }),
    );
  });
});

describe('parseDigitalLink', () => {
  it.each([
    [`https://id.gs1.org/01/${GTIN}`, { '01': GTIN }],
    [`https://example.jp/shop/01/4901234567894/10/A%2FB?17=261231&lang=ja#x`, { '01': GTIN, '10': 'A/B', '17': '261231' }],
    [`HTTP://ID.GS1.ORG/gtin/${GTIN}/lot/7`, { '01': GTIN, '10': '7' }],
    ['https://x.example/01/49123456', { '01': '00000049123456' }],
    [`https://x.example/01/${GTIN}/10/%E0%A4%A`, { '01': GTIN, '10': '%E0%A4%A' }],
  ])('reads %s', (address, expected) => expect(parseDigitalLink(address)).toEqual(expected));

  it.each(['https://example.jp/', `ftp://id.gs1.org/01/${GTIN}`, 'https://id.gs1.org/01/04901234567895', 'https://x/?01=1', 'text'])(
    'refuses %s',
    (address) => expect(parseDigitalLink(address)).toBeNull(),
  );
});

describe('interpretBarcode', () => {
  it.each([
    ['EAN13', '4901234567894', 'Text', 'EAN-13', GTIN],
    ['EAN-13', '0012345678905', 'Text', 'UPC-A', '00012345678905'],
    ['EAN8', '49123456', 'Text', 'EAN-8', '00000049123456'],
    ['UPCE', '0012345000065', 'Text', 'UPC-E', '00012345000065'],
    ['UPC-E', '01234565', 'Text', 'UPC-E', '00012345000065'],
    ['ITF', '14901234567891', 'Text', 'ITF', '14901234567891'],
    ['ITF', '123456', 'Text', 'ITF', null],
    ['Code128', '4901234567894', 'Text', 'Code128', null],
    ['Code128', `01${GTIN}`, 'GS1', 'Code128', GTIN],
    ['DataBarExpStk', `01${GTIN}3103001750`, 'GS1', 'DataBar', GTIN],
    ['QRCode', `https://id.gs1.org/01/${GTIN}`, 'Text', 'QRCode', GTIN],
    ['QRCode', 'https://example.com', 'Text', 'QRCode', null],
    ['PDF417', 'x', 'Text', 'other', null],
  ])('%s %s (%s) is %s with GTIN %s', (name, text, contentType, format, gtin) => {
    expect(interpretBarcode(name, text, contentType)).toMatchObject({ format, gtin });
  });
});
