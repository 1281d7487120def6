/** @file English labels (and, as far as words are known, other Latin ones) taken apart. Pure. */
import type { LabelIngredient, ParsedLabel, StatedAllergen, TextSpan } from '../../contracts/dietary.ts';
import { findWords, type FoundWord } from './find-words.ts';
import { findNegations } from './negations.ts';
import { allergensInSentence, statedAllergens } from './stated-allergens.ts';

const HEADING =
  /(?:^|[\s.;(*•])((?:list of )?ingredients?(?: list| statement)?|ingr[ée]dients?|ingredienti|ingredientes|zutaten(?:verzeichnis)?|ingredi[eë]nten|sk[łl]adniki|ingrediens(?:er)?)\s*[:：\-–]/giu;
const BARE_HEADING = /^[ \t]*(ingredients?)[ \t]*$/gimu;
const LANGUAGE_OF_HEADING: readonly [RegExp, 'en' | 'other'][] = [
  [/^(?:list of )?ingredients?(?: list| statement)?$/i, 'en'],
  [/./, 'other'],
];
const END =
  /(?:^|[\n.;)])\s*(?:nutrition(?:al)?(?: facts| information| values?)?|net (?:wt|weight|contents?)|best before|use by|expiry|storage|store in|keep (?:in|refrigerated|cool|dry)|directions|preparation|cooking|serving|serves|manufactured|produced by|made (?:by|in)|product of|packed|distributed|imported|country of origin|allergen (?:information|info|advice|statement)|allergy (?:advice|information)|for allergens|warning|energy|typical values|per 100|suitable for|not suitable|customer|questions|www|http|refrigerate|shake|conservare|n[äa]hrwert|valeurs? nutritionnelles?|mindestens haltbar|a consommer|à consommer|may contain|contains?\s*:|kann spuren|peut contenir|pu[oò] contenere|puede contener)/giu;
const CONTAINS =
  /(?:^|[\n.;()*•]\s*|\b)(?:(?:allergen(?:s| information| advice| statement)?|allergy advice)\s*[:\-–]?\s*)?(?:this product )?(?:contains?|enth[äa]lt|contient|contiene|allergens?|allerg[èe]nes)\s*[:：]?\s+([^.\n;]{2,300})/giu;
const MAY_CONTAIN =
  /(?:may(?:\s+also)?(?:\s+(?:contain|have)(?:\s+(?:traces?|small amounts?|residues?))?(?:\s+of)?)|may be present\s*[:]?|traces? of|can(?:not| not) (?:be )?(?:guarantee|exclude)[^.\n]{0,30}?(?:free (?:from|of)|absence of|from)|kann(?:\s+spuren(?:\s+von)?)?|spuren von|peut contenir(?:\s+des traces d[e'’])?|pu[oò] contenere(?:\s+tracce di)?|puede contener(?:\s+trazas de)?|not suitable for[^.\n]{0,60}?(?:allerg|intoleran)[^.\n]{0,20}?(?:to|from)?)\s*[:：]?\s*([^.\n;]{2,300}(?:\n(?![A-Z][a-z]+\s*:)[^.\n;]{2,200})?)/giu;
const SHARED =
  /(?:(?:made|produced|manufactured|processed|packed|packaged|prepared|handled|baked|hergestellt|fabriqu[ée])[^.\n;]{0,60}?\b(?:facility|facilities|factory|plant|line|lines|equipment|kitchen|machinery|site|bakery|premises|environment|betrieb|atelier)\b|shared equipment|same (?:facility|line|equipment|factory))([^.;]{0,300})/giu;
const STOP_WORDS = /\b(?:ingredients|contains|water|sugar|salt|flour|and|with|from|oil|milk|wheat|of|or|less|may)\b/giu;
const OTHER_STOP_WORDS =
  /\b(?:zutaten|enth[äa]lt|zucker|salz|mehl|und|aus|mit|wasser|sucre|sel|farine|et|eau|lait|huile|de|du|des|zucchero|sale|farina|acqua|az[úu]car|agua|harina|aceite|y|di|con)\b/giu;
const USE_CLASS =
  /^(?:emulsifiers?|colou?rs?|colou?rings?|preservatives?|antioxidants?|stabili[sz]ers?|thickeners?|sweeteners?|raising agents?|leavening(?: agents?)?|acidity regulators?|acidulants?|acids?|flavou?r enhancers?|anti-?caking agents?|gelling agents?|glazing agents?|humectants?|flour treatment agents?|firming agents?|bulking agents?|foaming agents?|modified starch|food colou?r(?:ing)?s?)$/i;

/**
 * Take a Latin-script label apart.
 * @param text as read, typed or stored.
 * @returns spans refer to `text`; `language` is `unknown` when the text does not read as English.
 */
export function parseEnglishLabel(text: string): ParsedLabel {
  const { entries: words } = findWords(text);
  const denied = findNegations(text, words);
  const kept = words.filter((word) => !denied.some((span) => word.span.start >= span.start && word.span.end <= span.end));
  const incomplete = new Set<string>();
  const heading = findHeading(text);
  const list = findList(text, heading, kept, incomplete);
  const mayContain = statements(text, MAY_CONTAIN, kept);
  const sharedFactory = statements(text, SHARED, kept).filter((one) => !mayContain.some((other) => isSame(one.span, other.span)));
  const soft = [...mayContain, ...sharedFactory];
  const containsStatement = containsStatements(text, kept, list).filter((one) => !soft.some((other) => isSame(one.span, other.span)));
  const scanned: LabelIngredient[] = list === null ? [] : new ItemParser(text, incomplete).parse(list.start, list.end, 0, false);
  return {
    language: languageOf(text, heading),
    text,
    ingredientSpan: list,
    ingredients: scanned.filter((item) => !item.isAdditive),
    additives: scanned.filter((item) => item.isAdditive),
    additiveSeparator: 'none',
    containsStatement,
    mayContain,
    sharedFactory,
    isIncomplete: incomplete.size > 0,
    incompleteBecause: [...incomplete],
  };
}

interface Heading {
  readonly end: number;
  readonly start: number;
  readonly word: string;
}

function findHeading(text: string): Heading | null {
  const found: Heading[] = [];
  for (const pattern of [HEADING, BARE_HEADING])
    for (const match of text.matchAll(pattern)) found.push({ start: match.index, end: match.index + match[0].length, word: match[1]! });
  // A pack in many languages: the English list wins.
  return found.find((one) => LANGUAGE_OF_HEADING[0]![0].test(one.word)) ?? found[0] ?? null;
}

function languageOf(text: string, heading: Heading | null): ParsedLabel['language'] {
  if (!/[A-Za-zÀ-ž]{3}/.test(text)) return 'unknown';
  const english = text.match(STOP_WORDS)?.length ?? 0;
  const other = text.match(OTHER_STOP_WORDS)?.length ?? 0;
  if (heading !== null)
    return LANGUAGE_OF_HEADING[0]![0].test(heading.word) && english >= other
      ? 'en'
      : heading.word.toLowerCase() === 'ingredients' && english >= other
        ? 'en'
        : 'unknown';
  if (english > other) return 'en';
  if (other > 0) return 'unknown';
  // Single words (`Salt`, `Cocoa butter`): English where the words are known ones.
  return findWords(text).entries.length > 0 ? 'en' : 'unknown';
}

function findList(text: string, heading: Heading | null, words: readonly FoundWord[], incomplete: Set<string>): TextSpan | null {
  if (heading === null) {
    const isList = /[,;(]/.test(text) || text.trim().length <= 40;
    const first = words[0];
    if (!isList || first === undefined) return null;
    const lines = [...text.matchAll(/[^\n]+/g)];
    const line = lines.find(
      (one) => /[,;(]/.test(one[0]) && words.some((word) => word.span.start >= one.index && word.span.end <= one.index + one[0].length),
    );
    const start = line?.index ?? (lines.length === 1 ? lines[0]!.index : -1);
    if (start < 0) return null;
    if (lines.length > 0 && start > lines[0]!.index) incomplete.add('no-heading');
    return trimSpan(text, { start, end: endOf(text, start) });
  }
  const end = endOf(text, heading.end);
  const span = trimSpan(text, { start: heading.end, end });
  if (span.end <= span.start) {
    incomplete.add('no-ingredients');
    return null;
  }
  if (end >= text.length && /[,;(&]$/.test(text.slice(span.start, span.end).trimEnd())) incomplete.add('cut-off');
  return span;
}

function endOf(text: string, from: number): number {
  let end = text.length;
  for (const match of text.slice(from).matchAll(END)) {
    if (match.index === 0 && match[0].trim() === '') continue;
    end = from + match.index + (/^[.;)]/.test(match[0]) ? 1 : 0);
    break;
  }
  const gap = /\n[ \t]*\n/.exec(text.slice(from, end));
  if (gap !== null && gap.index > 0 && !/[,(]\s*$/.test(text.slice(from, from + gap.index))) end = Math.min(end, from + gap.index);
  const shared = text.slice(from, end).search(/(?:made|produced|manufactured|processed|packed|packaged) (?:in|on) (?:a|an|the|shared)/i);
  if (shared > 0) end = Math.min(end, from + shared);
  return end;
}

function trimSpan(text: string, span: TextSpan): TextSpan {
  let { start, end } = span;
  while (start < end && /[\s:;,.\-–]/.test(text[start]!)) start++;
  while (end > start && /[\s.;*]/.test(text[end - 1]!)) end--;
  return { start, end };
}

function statements(text: string, pattern: RegExp, words: readonly FoundWord[]): StatedAllergen[] {
  const found: StatedAllergen[] = [];
  for (const match of text.matchAll(pattern)) {
    const span = { start: match.index, end: match.index + match[0].length };
    for (const one of allergensInSentence(text, span, words))
      if (!found.some((other) => isSame(other.span, one.span) && other.id === one.id)) found.push(one);
  }
  return found;
}

function containsStatements(text: string, words: readonly FoundWord[], list: TextSpan | null): StatedAllergen[] {
  const found: StatedAllergen[] = [];
  for (const match of text.matchAll(CONTAINS)) {
    const lead = text.slice(Math.max(0, match.index - 12), match.index + match[0].length - match[1]!.length);
    if (/may\s+(?:also\s+)?contain|not contain|contains? (?:no|less than|\d)/i.test(lead + match[1]!.slice(0, 12))) continue;
    const from = match.index + match[0].length - match[1]!.length;
    // `contains 2% or less of: …` inside the list introduces more ingredients.
    if (list !== null && match.index >= list.start && match.index < list.end && !/^\s*[:：]?/.test(match[1]!)) continue;
    if (/^(?:\d|one or more|less|the following \d)/i.test(match[1]!.trim())) continue;
    for (const one of statedAllergens(text, { start: from, end: from + match[1]!.length }, words))
      if (one.id !== null && !found.some((other) => isSame(other.span, one.span) && other.id === one.id)) found.push(one);
  }
  return found;
}

function isSame(a: TextSpan, b: TextSpan): boolean {
  return a.start === b.start && a.end === b.end;
}

const OPEN = '([{（［｛【';
const CLOSE = ')]}）］｝】';

class ItemParser {
  readonly #text: string;
  readonly #incomplete: Set<string>;

  constructor(text: string, incomplete: Set<string>) {
    this.#text = text;
    this.#incomplete = incomplete;
  }

  parse(from: number, to: number, depth: number, isAdditive: boolean): LabelIngredient[] {
    const items: LabelIngredient[] = [];
    let nameFrom = from;
    let nameTo = -1;
    let children: LabelIngredient[] = [];
    let notes: string[] = [];
    let stated: StatedAllergen[] = [];
    const close = (at: number) => {
      const end = nameTo >= 0 ? nameTo : at;
      const item = this.#item(nameFrom, end, children, notes, stated, isAdditive);
      if (item === null) items.push(...children);
      else items.push(...item);
      nameTo = -1;
      children = [];
      notes = [];
      stated = [];
    };
    for (let at = from; at < to; at++) {
      const character = this.#text[at]!;
      if (OPEN.includes(character)) {
        const end = this.#closing(at, to);
        if (nameTo < 0) nameTo = at;
        if (depth > 12) this.#incomplete.add('unbalanced-brackets');
        else this.#bracket(at + 1, end, depth, isAdditive, children, notes, stated);
        at = end;
        continue;
      }
      if (CLOSE.includes(character)) {
        this.#incomplete.add('unbalanced-brackets');
        close(at);
        nameFrom = at + 1;
        continue;
      }
      const isNumber = /\d/.test(this.#text[at - 1] ?? '') && /\d/.test(this.#text[at + 1] ?? '');
      const isStop =
        character === '.' &&
        /^\.\s*(?:\n|[A-Z]|$)/.test(this.#text.slice(at, at + 4)) &&
        !/\b(?:[a-z]|no|st|vit)$/i.test(this.#text.slice(from, at));
      if ((/[,;、，•]/.test(character) && !isNumber) || isStop) {
        close(at);
        nameFrom = at + 1;
      } else if (character === ':' && nameTo < 0 && this.#startsGroup(nameFrom, at)) {
        // `Emulsifiers: soy lecithin`, `Filling: …`: a heading inside the list.
        const name = this.#text.slice(nameFrom, at).trim();
        if (!USE_CLASS.test(name)) this.#pushHeading(items, nameFrom, at, isAdditive);
        nameFrom = at + 1;
      }
    }
    close(to);
    return items;
  }

  #startsGroup(from: number, at: number): boolean {
    return at - from <= 60 && /[a-z]/i.test(this.#text.slice(from, at));
  }

  /** `contains 2% or less of:` is no ingredient; `Chocolate coating:` names a part, kept so that its name is judged. */
  #pushHeading(items: LabelIngredient[], from: number, to: number, isAdditive: boolean): void {
    if (/\b(?:contains?|less|of|following|ingredients?)\b/i.test(this.#text.slice(from, to))) return;
    const heading = this.#item(from, to, [], ['heading'], [], isAdditive);
    if (heading !== null) items.push(...heading);
  }

  #closing(open: number, limit: number): number {
    let depth = 0;
    for (let at = open; at < limit; at++) {
      if (OPEN.includes(this.#text[at]!)) depth++;
      else if (CLOSE.includes(this.#text[at]!) && --depth === 0) return at;
    }
    this.#incomplete.add('unbalanced-brackets');
    return limit;
  }

  #bracket(
    from: number,
    to: number,
    depth: number,
    isAdditive: boolean,
    children: LabelIngredient[],
    notes: string[],
    stated: StatedAllergen[],
  ): void {
    const raw = this.#text.slice(from, to).trim();
    if (raw === '') return;
    const { entries } = findWords(raw);
    if (
      /^(?:\d+([.,]\d+)?\s*%.*|(?:min(?:imum)?|at least|from|origin|product of|imported|non[- ]?gmo|organic|bio|eu\b|non[- ]eu|uk\b|usa?\b|in varying proportions|for [a-z ]+|to preserve [a-z ]+|adds? .*|as an? .*|used .*).*)$/i.test(
        raw,
      )
    ) {
      notes.push(raw);
      for (const word of entries)
        for (const one of word.entry.contains)
          if (one.certainty === 'always')
            stated.push({ id: one.allergen, raw: raw.slice(word.span.start, word.span.end), span: this.#within(from, to, raw, word.span) });
      return;
    }
    if (/^(?:contains?|with)\b/i.test(raw) && !/,.*,.*,/.test(raw)) {
      notes.push(raw);
      const words = entries.map((word) => ({ ...word, span: this.#within(from, to, raw, word.span) }));
      stated.push(...statedAllergens(this.#text, { start: from, end: to }, words).filter((one) => one.id !== null));
      return;
    }
    if (USE_CLASS.test(raw)) {
      notes.push(raw);
      return;
    }
    children.push(...this.parse(from, to, depth + 1, isAdditive));
  }

  #within(from: number, to: number, raw: string, span: TextSpan): TextSpan {
    const lead = this.#text.slice(from, to).indexOf(raw);
    return { start: from + lead + span.start, end: from + lead + span.end };
  }

  #item(
    from: number,
    to: number,
    children: LabelIngredient[],
    notes: string[],
    stated: StatedAllergen[],
    isAdditive: boolean,
  ): LabelIngredient[] | null {
    let start = from;
    let end = to;
    while (start < end && /[\s*•.\-–:]/.test(this.#text[start]!)) start++;
    while (end > start && /[\s*•.:\-–]/.test(this.#text[end - 1]!)) end--;
    const lead =
      /^(?:and|or|&|\+|contains? (?:\d+([.,]\d+)?% or less of(?: the following)?)|less than \d+([.,]\d+)?% of(?: the following)?)\s*:?\s+/i.exec(
        this.#text.slice(start, end),
      );
    if (lead !== null) start += lead[0].length;
    const raw = this.#text.slice(start, end);
    if (!/[\p{L}\d]/u.test(raw) || /^\d+([.,]\d+)?\s*%$/.test(raw)) return null;
    const isKnownAdditive = /^e[ -]?\d{3}/i.test(raw) || USE_CLASS.test(raw);
    return [
      {
        raw: raw.replace(/\s+/g, ' '),
        normalised: raw.normalize('NFKC').replace(/\s+/g, '').toLowerCase(),
        span: { start, end },
        isAdditive: isAdditive || isKnownAdditive,
        children,
        notes,
        statedAllergens: stated,
      },
    ];
  }
}
