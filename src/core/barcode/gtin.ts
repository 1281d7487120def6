/** @file GTINs: check digits, padding to 14 digits, UPC-E expansion. Pure; any thread. Source: GS1 General Specifications, sections 7.9 and 5.2. */

/**
 * Check digit of a GS1 key.
 * @param digits the key without its check digit, digits only.
 * @returns 0..9.
 */
export function gs1CheckDigit(digits: string): number {
  let sum = 0;
  // The digit before the check digit weighs 3, then 1 and 3 in turn, from the right.
  for (let i = 0; i < digits.length; i++) sum += Number(digits[digits.length - 1 - i]) * (i % 2 === 0 ? 3 : 1);
  return (10 - (sum % 10)) % 10;
}

/** True for 8, 12, 13 or 14 digits whose last one is the right check digit. All zeros pass the arithmetic but name nothing: false. */
export function isGtin(text: string): boolean {
  if (!/^(\d{8}|\d{12,14})$/.test(text) || /^0+$/.test(text)) return false;
  return gs1CheckDigit(text.slice(0, -1)) === Number(text.at(-1));
}

/** GTIN-8, -12, -13 or -14 → GTIN-14, left-padded with zeros; null when it is none (wrong length, letters, wrong check digit). */
export function toGtin14(text: string): string | null {
  return isGtin(text) ? text.padStart(14, '0') : null;
}

/**
 * UPC-E → UPC-A.
 * @param text 6 digits (number system 0, no check digit), 7 (number system first) or 8 (check digit last).
 * @returns 12 digits; null when it is no UPC-E (other lengths, number system above 1, wrong check digit).
 */
export function expandUpcE(text: string): string | null {
  if (!/^\d{6,8}$/.test(text)) return null;
  const numberSystem = text.length === 6 ? '0' : text.charAt(0);
  if (numberSystem !== '0' && numberSystem !== '1') return null;
  const six = text.length === 6 ? text : text.slice(1, 7);
  const [a, b, c, d, e, last] = six as unknown as [string, string, string, string, string, string];
  const body = expandSix(a, b, c, d, e, last);
  const withoutCheck = numberSystem + body;
  const check = String(gs1CheckDigit(withoutCheck));
  if (text.length === 8 && text.charAt(7) !== check) return null;
  return withoutCheck + check;
}

/** Manufacturer and item number (10 digits) that the six digits of a UPC-E stand for. */
function expandSix(a: string, b: string, c: string, d: string, e: string, last: string): string {
  if (last <= '2') return `${a}${b}${last}0000${c}${d}${e}`;
  if (last === '3') return `${a}${b}${c}00000${d}${e}`;
  if (last === '4') return `${a}${b}${c}${d}00000${e}`;
  return `${a}${b}${c}${d}${e}0000${last}`;
}

/**
 * True for numbers that a shop or company hands out for its own use (prefixes 02, 04, 20-29 and the GTIN-8 range 0 and 2):
 * weighed goods, store coupons. The same number means another product in the next shop.
 * @param gtin14 14 digits.
 */
export function isRestrictedCirculation(gtin14: string): boolean {
  const isGtin8 = gtin14.startsWith('000000');
  if (isGtin8) return gtin14[6] === '0' || gtin14[6] === '2';
  return /^\d(?:02|04|2\d)/.test(gtin14);
}
