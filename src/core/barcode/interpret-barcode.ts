/** @file From what a reader decoded to what it names: format, GTIN, GS1 elements. Pure; any thread. */
import type { BarcodeFormat } from '../../contracts/results.ts';
import { gtinOfElements, parseElementString } from './gs1-elements.ts';
import { parseDigitalLink } from './gs1-digital-link.ts';
import { expandUpcE, toGtin14 } from './gtin.ts';

/** What a code means. */
export interface BarcodeMeaning {
  readonly format: BarcodeFormat;
  readonly gtin: string | null;
  readonly gs1: Readonly<Record<string, string>> | null;
}

/** zxing's names (with and without hyphens) → the contract's. */
export function toBarcodeFormat(name: string): BarcodeFormat {
  const plain = name.replace(/[^A-Za-z0-9]/g, '').toLowerCase();
  if (plain.startsWith('databar')) return 'DataBar';
  if (plain.startsWith('itf')) return 'ITF';
  if (plain.startsWith('code39')) return 'Code39';
  if (plain.startsWith('qrcode')) return 'QRCode';
  const exact: Readonly<Record<string, BarcodeFormat>> = {
    ean13: 'EAN-13', isbn: 'EAN-13', ean8: 'EAN-8', upca: 'UPC-A', upce: 'UPC-E', code128: 'Code128', datamatrix: 'DataMatrix',
  }; // prettier-ignore
  return exact[plain] ?? 'other';
}

/**
 * @param name format as the reader calls it.
 * @param text decoded text.
 * @param contentType the reader's content type; `GS1` for codes that start with FNC1.
 */
export function interpretBarcode(name: string, text: string, contentType: string): BarcodeMeaning {
  const format = toBarcodeFormat(name);
  switch (format) {
    case 'EAN-13':
      // A UPC-A is an EAN-13 that starts with 0; readers report either.
      return /^0\d{12}$/.test(text) ? { format: 'UPC-A', gtin: toGtin14(text), gs1: null } : { format, gtin: toGtin14(text), gs1: null };
    case 'EAN-8':
    case 'UPC-A':
      return { format, gtin: toGtin14(text), gs1: null };
    case 'UPC-E':
      return { format, gtin: text.length > 8 ? toGtin14(text) : toGtin14(expandUpcE(text) ?? ''), gs1: null };
    case 'ITF':
      return { format, gtin: text.length === 14 ? toGtin14(text) : null, gs1: null };
    default: {
      const elements = contentType === 'GS1' || /^(\]|\(\d{2,4}\))/.test(text) ? parseElementString(text) : parseDigitalLink(text);
      return { format, gtin: elements === null ? null : gtinOfElements(elements), gs1: elements };
    }
  }
}
