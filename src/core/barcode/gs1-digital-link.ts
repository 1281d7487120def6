/** @file GS1 Digital Link: web addresses in QR codes that name a GTIN. Pure; any thread. Source: GS1 Digital Link URI Syntax 1.4, section 4. */
import { expandUpcE, toGtin14 } from './gtin.ts';

/** Words that stood for AIs in the first edition and are still printed. */
const OLD_WORDS: Readonly<Record<string, string>> = { gtin: '01', cpv: '22', lot: '10', ser: '21' };

/**
 * Read the AIs of an uncompressed Digital Link.
 * @param text e.g. `https://id.gs1.org/01/04901234567894/10/AB?17=261231`, any host.
 * @returns data by AI, with a GTIN-14 under `01`; null when it is no such address or its GTIN does not check.
 */
export function parseDigitalLink(text: string): Record<string, string> | null {
  const address = /^https?:\/\/[^/?#\s]+((?:\/[^/?#\s]*)*)(?:\?([^#\s]*))?(?:#\S*)?$/i.exec(text.trim());
  if (address === null) return null;
  const parts = (address[1] ?? '').split('/').slice(1);
  // The key may follow a path of the host's own: look for the first `01/<GTIN>`.
  const start = parts.findIndex((part, i) => aiOf(part) === '01' && gtinOf(parts[i + 1] ?? '') !== null);
  if (start < 0) return null;
  const elements: Record<string, string> = { '01': gtinOf(parts[start + 1]!)! };
  for (let i = start + 2; i + 1 < parts.length; i += 2) put(elements, parts[i]!, parts[i + 1]!);
  for (const pair of (address[2] ?? '').split(/[&;]/)) {
    const [key, value] = pair.split('=', 2);
    if (key !== undefined && value !== undefined) put(elements, key, value);
  }
  return elements;
}

function put(elements: Record<string, string>, key: string, value: string): void {
  const ai = aiOf(key);
  if (/^\d{2,4}$/.test(ai) && value !== '') elements[ai] ??= decode(value);
}

function aiOf(key: string): string {
  return OLD_WORDS[key] ?? key;
}

/** Digital Links may hold any GTIN length; eight digits are a GTIN-8 first, a UPC-E otherwise. */
function gtinOf(value: string): string | null {
  return toGtin14(value) ?? toGtin14(expandUpcE(value) ?? '');
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
