/** @file The price that a shelf tag says. Pure; any thread. */

/** A price as printed. */
export interface ParsedPrice {
  readonly amount: number;
  /** ISO 4217; null when only a number stands there. */
  readonly currency: string | null;
  /** As the tag says it; null when it says nothing. */
  readonly tax: 'included' | 'excluded' | null;
  /** 0..1: how clearly this number is the price; a bare number is less so than one with ¥ or 円. */
  readonly confidence01: number;
}

const SYMBOLS: Readonly<Record<string, string>> = {
  '¥': 'JPY',
  '\\': 'JPY',
  円: 'JPY',
  $: 'USD',
  '€': 'EUR',
  '£': 'GBP',
  '₩': 'KRW',
  '฿': 'THB',
  '₫': 'VND',
  '₹': 'INR',
  元: 'CNY',
  US$: 'USD',
  NT$: 'TWD',
  HK$: 'HKD',
  S$: 'SGD',
  EUR: 'EUR',
  USD: 'USD',
  GBP: 'GBP',
  JPY: 'JPY',
  CHF: 'CHF',
  kr: 'SEK',
  zł: 'PLN',
  RM: 'MYR',
};
/** Currencies without a minor unit. */
const WHOLE: ReadonlySet<string> = new Set(['JPY', 'KRW', 'VND']);

const AMOUNT = String.raw`\d{1,3}(?:[.,'’\s]\d{3})+(?:[.,]\d{1,2})?|\d{1,6}(?:[.,]\s?\d{1,2})?`;
const BEFORE = String.raw`US\$|NT\$|HK\$|S\$|[¥\\$€£₩฿₫₹]|EUR|USD|GBP|JPY|CHF|RM`;
const AFTER = String.raw`円|元|[€£$₫₩฿]|EUR|USD|GBP|JPY|CHF|kr|zł`;
const PRICE = new RegExp(String.raw`(?:(${BEFORE})\s*)?(?<![\d.,])(${AMOUNT})(?![\d])(?:\s*(${AFTER}))?`, 'gu');
/** What follows or precedes a number that is no price: weights, counts, dates, percentages, points. */
const NOT_A_PRICE_AFTER =
  /^\s*(?:%|％|‰|kg|g|mg|ml|l\b|cl|dl|cm|mm|oz|lb|個|枚|本(?!体)|袋|缶|入|食|パック|ポイント|pt|点|年|月|日|時|kcal|倍|割|引|off|\/\s*\d|[xX×*]\s*\d|for\b)/iu;
const UNIT_PRICE = /(?:当た?り|あたり|単価|per\s+\S+|unit\s*price)\s*[:：]?\s*$/iu;
const NOT_A_PRICE_BEFORE = /(?:ポイント|No\.?|JAN|品番|[A-Za-z]{2,}-?|#|\d\s*\p{L}*\s*[xX×*])\s*$/u;
const INCLUDED = /税込|税こみ|込み|\(込|incl|inkl|ttc|tax\s*in/iu;
const EXCLUDED = /税抜|税別|本体|外税|\+\s*税|excl|exkl|\bht\b|plus\s*tax|\+\s*tax/iu;

const CONFIDENCE_MARKED = 0.95;
const CONFIDENCE_DECIMAL = 0.7;
const CONFIDENCE_BARE = 0.45;

/** A number of a text and what stands around it. */
interface Reading extends ParsedPrice {
  readonly isUnitPrice: boolean;
}

/**
 * All prices of a text, most likely first: marked with a currency before bare numbers, then the order in the text. Prices per weight,
 * weights, counts, percentages and dates are left out.
 * @param text of one tag; line breaks are kept. Full-width figures are understood.
 */
function parsePrices(text: string): ParsedPrice[] {
  const found: Reading[] = [];
  for (const line of text.split('\n')) found.push(...pricesOfLine(line.normalize('NFKC').replaceAll('，', ',')));
  const best = found
    .filter(({ isUnitPrice }) => !isUnitPrice)
    .sort((a, b) => b.confidence01 - a.confidence01)
    .map(({ amount, currency, tax, confidence01 }): ParsedPrice => ({ amount, currency, tax, confidence01 }));
  return best;
}

/**
 * The shelf price of a tag; a price without tax is preferred to the one with tax beside it only when it is the only one that is marked,
 * for what the shopper pays is with tax.
 * @returns null when no number stands there that can be a price.
 */
export function parsePrice(text: string): ParsedPrice | null {
  const prices = parsePrices(text);
  const [first] = prices;
  if (first === undefined) return null;
  const included = prices.find(({ tax, confidence01 }) => tax === 'included' && confidence01 >= CONFIDENCE_DECIMAL);
  if (included !== undefined) return included;
  // Two different prices that both claim to be it: regular and special offer, or another product's. The lower one is what counts, less surely.
  const rivals = prices.filter(({ confidence01, tax }) => confidence01 === first.confidence01 && tax === first.tax);
  if (rivals.every(({ amount }) => amount === first.amount)) return first;
  const lowest = rivals.reduce((a, b) => (b.amount < a.amount ? b : a));
  return { ...lowest, confidence01: lowest.confidence01 * 0.6 };
}

function pricesOfLine(line: string): Reading[] {
  const readings: Reading[] = [];
  let from = 0;
  for (const match of line.matchAll(PRICE)) {
    const [whole, before, digits, after] = match;
    const start = match.index;
    const end = start + whole.length;
    const [left, right] = [line.slice(from, start), line.slice(end)];
    from = end;
    const currency = SYMBOLS[before ?? ''] ?? SYMBOLS[after ?? ''] ?? null;
    const amount = amountOf(digits!, currency);
    if (amount === null) continue;
    if (currency === null && (NOT_A_PRICE_AFTER.test(right) || NOT_A_PRICE_BEFORE.test(line.slice(0, start)) || /[.,:/-]$/u.test(left)))
      continue;
    if (NOT_A_PRICE_AFTER.test(right) && /^\s*(?:引|off|ポイント|pt)/iu.test(right)) continue;
    const isDecimal = /[.,]\d{2}$/u.test(digits!);
    readings.push({
      amount,
      currency,
      tax: taxOf(left, right),
      confidence01: currency !== null ? CONFIDENCE_MARKED : isDecimal ? CONFIDENCE_DECIMAL : CONFIDENCE_BARE,
      isUnitPrice: UNIT_PRICE.test(left) || /^\s*(?:\/|per\b)/iu.test(right),
    });
  }
  return readings.filter(
    ({ currency, amount, confidence01 }) => currency !== null || (amount >= 10 && amount < 100_000) || confidence01 > CONFIDENCE_BARE,
  );
}

/** What stands before the number, or behind it unless that begins the next price, says whether tax is in it. */
function taxOf(left: string, right: string): ParsedPrice['tax'] {
  const [behind = ''] = /^\D*/u.exec(right) ?? [];
  const isLast = behind.length === right.length;
  const own = isLast ? behind.slice(0, 8) : (/^\s*[(]?[^()]{0,6}[)]/u.exec(behind)?.[0] ?? '');
  for (const near of [left.slice(-8), own]) {
    if (INCLUDED.test(near)) return 'included';
    if (EXCLUDED.test(near)) return 'excluded';
  }
  return null;
}

/** `1,298`, `1.298,50`, `3.99`, `3,99`, `1 298`. @returns null for zero and for figures that are no amount. */
function amountOf(digits: string, currency: string | null): number | null {
  const compact = digits.replaceAll(/[\s'’]/gu, '');
  const lastMark = Math.max(compact.lastIndexOf('.'), compact.lastIndexOf(','));
  const tail = lastMark < 0 ? '' : compact.slice(lastMark + 1);
  const isFraction = tail.length > 0 && tail.length < 3;
  const whole = (isFraction ? compact.slice(0, lastMark) : compact).replaceAll(/[.,]/gu, '');
  if (/^0\d/u.test(whole)) return null;
  const value = Number(isFraction ? `${whole}.${tail}` : whole);
  if (!Number.isFinite(value) || value <= 0) return null;
  // 321.84円: the tax-included price to the sen, as Japanese tags print it.
  return currency !== null && WHOLE.has(currency) && isFraction && tail.length === 1 ? Math.round(value) : value;
}
