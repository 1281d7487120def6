/**
 * @file GS1 element strings: application identifiers (AI) and their data. Pure; any thread.
 * Source: GS1 General Specifications, sections 3.2 (AI list) and 7.8 (predefined length, FNC1).
 */
import { toGtin14 } from './gtin.ts';

/** Separator that stands for FNC1 in decoded text. */
const FNC1 = '\u001d';

/** Digits of the AI itself, by its first two digits. What is not here is no AI. */
const AI_DIGITS: Readonly<Record<string, number>> = {
  ...Object.fromEntries(['00', '01', '02', '03', '04', '30', '37'].map((prefix) => [prefix, 2])),
  ...Object.fromEntries(['10', '11', '12', '13', '15', '16', '17', '20', '21', '22'].map((prefix) => [prefix, 2])),
  ...Object.fromEntries(['90', '91', '92', '93', '94', '95', '96', '97', '98', '99'].map((prefix) => [prefix, 2])),
  ...Object.fromEntries(['23', '24', '25', '40', '41', '42'].map((prefix) => [prefix, 3])),
  ...Object.fromEntries(['31', '32', '33', '34', '35', '36', '39', '43', '70', '71', '72', '80', '81', '82'].map((prefix) => [prefix, 4])),
};

/** Data length where it is fixed, by the first two digits of the AI; such data needs no separator behind it. */
const FIXED_LENGTH: Readonly<Record<string, number>> = {
  '00': 18, '01': 14, '02': 14, '03': 14, '04': 16, '11': 6, '12': 6, '13': 6, '15': 6, '16': 6, '17': 6, '20': 2,
  '31': 6, '32': 6, '33': 6, '34': 6, '35': 6, '36': 6, '41': 13,
}; // prettier-ignore

/** Longest data of any AI. */
const MAX_DATA_LENGTH = 90;

/** One AI and its data are plausible: fixed ones are digits of the right length, and GTINs check. */
function isPlausible(ai: string, data: string): boolean {
  if (data.length === 0 || data.length > MAX_DATA_LENGTH || /[^\x21-\x7e]/.test(data)) return false;
  const fixed = FIXED_LENGTH[ai.slice(0, 2)];
  if (fixed !== undefined && (data.length !== fixed || /\D/.test(data))) return false;
  return (ai !== '01' && ai !== '02') || toGtin14(data) !== null;
}

/**
 * Take an element string apart.
 * @param text as decoded: data with U+001D for FNC1, or bracketed for people (`(01)…(17)…`); a symbology identifier (`]C1`) may precede it.
 * @returns data by AI (the first of each), null when any part of it is not a GS1 element string.
 */
export function parseElementString(text: string): Record<string, string> | null {
  const body = text.replace(/^\][CedQJ]\d/, '');
  return body.startsWith('(') ? parseBracketed(body) : parsePlain(body.startsWith(FNC1) ? body.slice(1) : body);
}

function parseBracketed(text: string): Record<string, string> | null {
  const elements: Record<string, string> = {};
  let at = 0;
  while (at < text.length) {
    const head = /^\((\d{2,4})\)/.exec(text.slice(at));
    if (head === null) return null;
    const ai = head[1]!;
    if (AI_DIGITS[ai.slice(0, 2)] !== ai.length) return null;
    const from = at + head[0].length;
    const fixed = FIXED_LENGTH[ai.slice(0, 2)];
    const next = text.slice(from).search(/\(\d{2,4}\)/);
    const to = fixed !== undefined ? from + fixed : next < 0 ? text.length : from + next;
    const data = text.slice(from, to);
    if (!isPlausible(ai, data)) return null;
    elements[ai] ??= data;
    at = to;
  }
  return at === 0 ? null : elements;
}

function parsePlain(text: string): Record<string, string> | null {
  const elements: Record<string, string> = {};
  let at = 0;
  while (at < text.length) {
    const prefix = text.slice(at, at + 2);
    const digits = AI_DIGITS[prefix];
    if (digits === undefined) return null;
    const ai = text.slice(at, at + digits);
    if (ai.length !== digits || /\D/.test(ai)) return null;
    const from = at + digits;
    const fixed = FIXED_LENGTH[prefix];
    const separator = text.indexOf(FNC1, from);
    const to = fixed !== undefined ? from + fixed : separator < 0 ? text.length : separator;
    const data = text.slice(from, to);
    if (!isPlausible(ai, data)) return null;
    elements[ai] ??= data;
    at = text[to] === FNC1 ? to + 1 : to;
  }
  return at === 0 ? null : elements;
}

/** GTIN-14 that an element string names: AI 01 (the item itself), else 03 (made to order), else 02 (what a carton contains). */
export function gtinOfElements(elements: Readonly<Record<string, string>>): string | null {
  const gtin = elements['01'] ?? elements['03'] ?? elements['02'];
  return gtin === undefined ? null : toGtin14(gtin);
}
