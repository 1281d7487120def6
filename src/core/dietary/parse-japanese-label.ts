/** @file Japanese food labels (食品表示基準 grammar) taken apart, tolerant of what text readers do to them. Pure. */
import type { LabelIngredient, ParsedLabel, StatedAllergen, TextSpan } from '../../contracts/dietary.ts';
import { findWords, type FoundWord } from './find-words.ts';
import { foldedIndex, foldText, foldWord, type FoldedText } from './folded-text.ts';
import { findNegations } from './negations.ts';
import { allergensInSentence, statedAllergens } from './stated-allergens.ts';

const HEADING = /(?:食品)?原[材村林]?[料科科]名?(?:[(・、と]?(?:及び|および)?(?:食品)?添加物名?\)?)?[):]*/g;
const NOT_A_HEADING = /^(?:の|に|は|を|が|と|由来|原産|産地|高|費|メーカ|事情|一部|欄|等|や|も|で)/;
/** Headings that end the list wherever they stand. */
const STRONG_END =
  /内容(?:総)?量|固形量|賞味期[限間]|消費期[限間]|製造年月日|保存(?:方法|温度)|製造(?:者|所(?!では)|元)|販売(?:者|元|所)|加工(?:者|所)|輸入(?:者|元)|栄養成分|原料原産地名?|お客様|使用上の注意|調理方法|召し?上がり方|開封後/g;
/** Words that end the list only outside brackets or at the start of a line. */
const WEAK_END =
  /原産国|名称|品名|種類別|殺菌|(?:本|当)(?:製品|商品|品|工場|社)|この(?:製品|商品|工場)|同[じー一](?:の)?(?:製造|生産)?(?:工場|ライン|設備|施設|機械)|製造(?:工場|ライン)|生産(?:工場|ライン)|アレル[ギゲ]|特定原材料|※|熱量|エネルギー|直射日光|注意|無脂乳固形分|乳脂肪分(?!加工)|(?:http|www|tel|jan)/g;
const ADDITIVE_HEADING = /(?:食品)?添加物(?:名)?[):]*/g;
const SLASH_LOOKALIKE = /[|l1!7i丿ノ\\｜¦]/;
const SECTION_MAX = 16;

const ORIGIN =
  /^(?:国産|国内.*|外国産|輸入品?|海外.*|原産.*|原料.*産.*|遺伝子組.*|分別生産.*|igp.*|[^、]{1,24}(?:製造|産|加工|育ち|工場|水揚げ|で漁獲|採取)(?:等|他|など)?|.*(?:又は|または|もしくは).*|\d[\d.~]*.*|約?\d+.*|.*\d%.*|.*(?:未満|以上|使用割合|年産|年度).*|計|固形分.*|順不同|50音順|輸入原料.*)$/;

interface Context {
  readonly text: string;
  readonly folded: FoldedText;
  /** Folded index at which an original line begins. */
  readonly isLineStart: readonly boolean[];
  readonly words: readonly FoundWord[];
  /** Folded indices that are not part of the list (statements, denials). */
  readonly isMasked: boolean[];
  readonly incomplete: Set<string>;
}

interface Region {
  readonly from: number;
  readonly to: number;
}

/** Wire form while items are being built. */
interface Draft {
  name: Region[];
  children: LabelIngredient[];
  notes: string[];
  stated: StatedAllergen[];
}

/**
 * Take a Japanese label apart.
 * @param text as read, typed or stored; line breaks may stand anywhere, even inside words.
 * @returns spans refer to `text`. `incompleteBecause` holds codes of `incomplete-reason.ts`.
 */
export function parseJapaneseLabel(text: string): ParsedLabel {
  const folded = foldText(text, 'plain');
  const { entries: words } = findWords(text);
  const context: Context = {
    text,
    folded,
    isLineStart: lineStarts(text, folded),
    words,
    isMasked: new Array<boolean>(folded.text.length).fill(false),
    incomplete: new Set(),
  };
  for (const span of findNegations(text, words)) mask(context, toRegion(context, span));

  const containsStatement = readContains(context);
  const list = findList(context);
  const sentences = readSentences(context, list);

  const ingredients: LabelIngredient[] = [];
  const additives: LabelIngredient[] = [];
  let additiveSeparator: ParsedLabel['additiveSeparator'] = 'none';
  if (list !== null) {
    const boundary = findAdditiveBoundary(context, list.regions);
    additiveSeparator = boundary.kind;
    for (const region of list.regions) {
      const isAdditiveRegion = boundary.kind === 'heading' && region.from >= boundary.at;
      const parsed = parseItems(context, region, 0, isAdditiveRegion, boundary.kind === 'heading' ? null : boundary.at);
      for (const item of parsed) (item.isAdditive ? additives : ingredients).push(item);
    }
    if (ingredients.length + additives.length === 0) context.incomplete.add('no-ingredients');
  }
  return {
    language: 'ja',
    text,
    ingredientSpan: list === null ? null : spanOf(context, { from: list.regions[0]!.from, to: list.regions.at(-1)!.to }),
    ingredients,
    additives,
    additiveSeparator,
    containsStatement: unique(containsStatement),
    mayContain: unique(sentences.mayContain),
    sharedFactory: unique(sentences.sharedFactory),
    isIncomplete: context.incomplete.size > 0,
    incompleteBecause: [...context.incomplete],
  };
}

function lineStarts(text: string, folded: FoldedText): boolean[] {
  return folded.starts.map((start, index) => index === 0 || /[\n\r]/.test(text.slice(folded.ends[index - 1], start)));
}

function toRegion(context: Context, span: TextSpan): Region {
  return { from: foldedIndex(context.folded, span.start), to: foldedIndex(context.folded, span.end - 1) + 1 };
}

function spanOf(context: Context, region: Region): TextSpan {
  if (region.to <= region.from) {
    const at = context.folded.starts[region.from] ?? context.text.length;
    return { start: at, end: at };
  }
  return { start: context.folded.starts[region.from]!, end: context.folded.ends[region.to - 1]! };
}

function mask(context: Context, region: Region): void {
  context.isMasked.fill(true, region.from, region.to);
}

function unique(stated: readonly StatedAllergen[]): StatedAllergen[] {
  const seen = new Set<string>();
  return stated.filter((one) => {
    const key = `${one.id ?? ''}@${one.span.start}-${one.span.end}`;
    return seen.has(key) ? false : (seen.add(key), true);
  });
}

// ---- statements -----------------------------------------------------------------------------------------------------------------------

const CONTAINS_PATTERNS: readonly RegExp[] = [
  // 一 is often read as a dash, 部 as 郎, に as ニ or c.
  /\(?(?:原材料の?)?[一ー-]部(?:に|ニ|には|として)([^。]{1,200}?)(?:を?(?:含[むみ有ん]|舎む|合む)(?:原材料)?(?:ます|でいます)?|\)|$)\)?/g,
  /\(?その他([^()。]{1,80}?)由来原材料(?:を)?含む\)?/g,
  /(?:アレルゲン|アレルギー(?:物質|表示|情報)?|特定原材料(?:等|及びそれに準ずるもの|に準ずるもの)?)(?:名)?(?:\([^)]{0,30}\))?(?:\d+品目(?:中)?)?[):]+([^。※]{1,200}?)(?=。|※|$|内容量|賞味期限|保存方法|製造者|販売者|栄養成分|本品|本製品|名称|原材料名)/g,
  /(?:本品|本製品|この製品|この商品|本商品)(?:に)?(?:は|には)([^。()]{1,120}?)(?:が含まれて(?:い|お)|を含(?:みます|んで(?:い|お)))(?:ます|ります)?/g,
];
const CROSS = /^[×✕xX✗\-ー—]$/;

function readContains(context: Context): StatedAllergen[] {
  const found: StatedAllergen[] = [];
  for (const pattern of CONTAINS_PATTERNS)
    for (const match of context.folded.text.matchAll(pattern)) {
      const body = match[1]!;
      const from = match.index + match[0].indexOf(body);
      const region = { from, to: from + body.length };
      if (/工場|ライン|設備|施設|製品を(?:生産|製造)/.test(match[0])) continue;
      if (context.isMasked[from] === true && context.isMasked[region.to - 1] === true) continue;
      const isSpecific = pattern === CONTAINS_PATTERNS[2];
      const items = statedAllergens(context.text, spanOf(context, region), context.words).filter(
        (item) => !isMaskedSpan(context, item.span),
      );
      // A heading such as `アレルゲン：` is followed by allergens or by a table with marks; anything else is another heading's text.
      const kept = isSpecific ? items.filter((item) => item.id !== null && !isCrossedOut(context, item.span)) : items;
      if (isSpecific && kept.length === 0) continue;
      found.push(...kept);
      if (!isSpecific && !/含|舎|合/.test(match[0])) context.incomplete.add('statement-cut-off');
      if (!isSpecific) mask(context, { from: match.index, to: match.index + match[0].length });
      else mask(context, { from: match.index, to: toRegion(context, kept.at(-1)!.span).to });
    }
  return found;
}

function isMaskedSpan(context: Context, span: TextSpan): boolean {
  return context.isMasked[toRegion(context, span).from] ?? false;
}

function isCrossedOut(context: Context, span: TextSpan): boolean {
  const next = context.folded.text[toRegion(context, span).to];
  return next !== undefined && CROSS.test(next);
}

const SENTENCE_START =
  /(?:本|当)(?:製品|商品|品|工場|社)|弊社|この(?:製品|商品|工場|製造)|同[じー一](?:の)?(?:製造|生産)?(?:工場|ライン|設備|施設|機械)|製造(?:工場|ライン|設備|施設|所では)|生産(?:工場|ライン|設備)|共[通用有](?:の)?(?:設備|ライン|機械|工場)|※|\*/g;
const FACTORY = /工場|ライン|設備|施設|機械|共[通用有]|製造所/;
const MIXED = /混入|混ざ|混じ|混獲|コンタミ|可能性|捕食|食べて(?:い|お)|生息|付着|移行|限りません/;
const HANDLED = /含[むんみ]|使用|生産|製造|取り?扱|加工|作って/;

interface Sentences {
  readonly mayContain: StatedAllergen[];
  readonly sharedFactory: StatedAllergen[];
}

/** Sentences outside the list that speak of mixing or of a shared factory. */
function readSentences(context: Context, list: { regions: readonly Region[] } | null): Sentences {
  const mayContain: StatedAllergen[] = [];
  const sharedFactory: StatedAllergen[] = [];
  const isInList = (index: number) => list?.regions.some((region) => index >= region.from && index < region.to) ?? false;
  for (const sentence of sentencesOf(context, isInList)) {
    const body = context.folded.text.slice(sentence.from, sentence.to);
    const isMixed = MIXED.test(body);
    const isFactory = FACTORY.test(body) && HANDLED.test(body);
    if (!isMixed && !isFactory) continue;
    // `しらすは、えび・かにが混ざる漁法で…`: the subject is the ingredient itself.
    const subject = /漁|採[取捕]|捕食|食べて/.test(body) ? /は[、]?/.exec(body) : null;
    const predicate = subject === null ? sentence : { from: sentence.from + subject.index + subject[0].length, to: sentence.to };
    if (predicate.from >= predicate.to) continue;
    const items = allergensInSentence(context.text, spanOf(context, predicate), context.words).filter(
      (item) => !isMaskedSpan(context, item.span),
    );
    // `同じ工場で小麦を使用しているため混入の可能性` is about the factory as much as about mixing: the stronger wording decides.
    if (isMixed && !isFactory) mayContain.push(...items);
    else if (isFactory && !/漁|採[取捕]|捕食|食べて/.test(body)) sharedFactory.push(...items);
    else mayContain.push(...items);
  }
  return { mayContain, sharedFactory };
}

function sentencesOf(context: Context, isInList: (index: number) => boolean): Region[] {
  const { text } = context.folded;
  const cuts: Region[] = [];
  let from = 0;
  const close = (to: number) => {
    if (to > from) cuts.push({ from, to });
    from = to;
  };
  for (let at = 0; at < text.length; at++) {
    if (isInList(at) !== isInList(Math.max(0, at - 1))) close(at);
    if (text[at] === '。' || text[at] === '※' || text[at] === '●' || text[at] === '■') {
      close(at);
      continue;
    }
    // A sentence's polite end, when the full stop was lost.
    const polite = /^(?:ます|ません|ください|です)(?![がのか、ので])/.exec(text.slice(at, at + 8));
    if (polite !== null) close(Math.min(text.length, at + polite[0].length));
  }
  close(text.length);
  return cuts
    .filter((cut) => !isInList(cut.from))
    .map((cut) => {
      const body = text.slice(cut.from, cut.to);
      const first = [...body.matchAll(SENTENCE_START)][0];
      return first === undefined ? cut : { from: cut.from + first.index, to: cut.to };
    });
}

// ---- where the list is ----------------------------------------------------------------------------------------------------------------

interface List {
  readonly regions: readonly Region[];
}

function findList(context: Context): List | null {
  const { text } = context.folded;
  const regions: Region[] = [];
  let hasHeading = false;
  for (const match of text.matchAll(HEADING)) {
    const start = match.index + match[0].length;
    const behind = text.slice(start, start + 4);
    if (context.isMasked[match.index] || /^(?:欄|は枠|に記載)/.test(behind)) continue;
    // `原材料名` is always the heading; `原材料の一部に…`, `原材料に含まれる…` are not.
    if (!/[名:)]$/.test(match[0]) && NOT_A_HEADING.test(behind)) continue;
    if (regions.some((region) => match.index >= region.from && match.index < region.to && !context.isLineStart[match.index])) continue;
    const hasName = /名/.test(match[0]) || /[:)]$/.test(match[0]);
    const previous = text[match.index - 1];
    if (!hasName && !context.isLineStart[match.index] && previous !== '(') continue;
    if (/特定$|アレルギー$/.test(text.slice(Math.max(0, match.index - 5), match.index))) continue;
    const end = findEnd(context, start);
    const region = trimRegion(context, { from: start, to: end });
    if (region.to - region.from < 1 || !hasWord(context, region)) continue;
    hasHeading = true;
    regions.push(...withAdditiveHeading(context, region));
    if (/[、・/(]/.test(text[Math.min(end, text.length) - 1] ?? '') && !context.isMasked[end - 1]) context.incomplete.add('cut-off');
    else if (end >= text.length && isCutOff(context, region)) context.incomplete.add('no-end');
  }
  if (hasHeading) return { regions: mergeRegions(regions) };
  const bare = findBareList(context);
  return bare === null ? null : { regions: withAdditiveHeading(context, bare) };
}

function mergeRegions(regions: readonly Region[]): Region[] {
  const sorted = [...regions].sort((a, b) => a.from - b.from);
  return sorted.filter((region, index) => index === 0 || region.from >= sorted[index - 1]!.to);
}

function hasWord(context: Context, region: Region): boolean {
  const span = spanOf(context, region);
  return context.words.some((word) => word.span.start >= span.start && word.span.end <= span.end);
}

/** A list that runs to the end of the text ended on purpose only if its last words say so. */
function isCutOff(context: Context, region: Region): boolean {
  const last = context.folded.text[region.to - 1];
  return !(last === ')' || last === '。') && !context.isMasked[region.to - 1];
}

function findEnd(context: Context, from: number): number {
  const { text } = context.folded;
  const depths = bracketDepths(text, from);
  let end = text.length;
  for (const match of text.slice(from).matchAll(STRONG_END)) {
    const at = from + match.index;
    const after = at + match[0].length;
    // `【内容量】` is a heading in brackets of its own.
    const isBracketed = text[at - 1] === '(' && /^名?\)/.test(text.slice(after, after + 2));
    // `(製造者…)` inside a list does not exist, but `(国内製造)、…` does: only whole headings count, and in brackets only at a line's start.
    if (!isBracketed && depths[at - from]! > 0 && !context.isLineStart[at] && !isFollowedByColon(text, after)) continue;
    end = isBracketed ? at - 1 : at;
    break;
  }
  for (const match of text.slice(from, end).matchAll(WEAK_END)) {
    const at = from + match.index;
    if (context.isMasked[at]) continue;
    const previous = text[at - 1];
    const after = at + match[0].length;
    const isBracketed = previous === '(' && /^名?\)/.test(text.slice(after, after + 2)) && depths[at - from]! === 1;
    const isStart = context.isLineStart[at] === true || previous === ')' || previous === '。' || previous === '※';
    if (!isBracketed && (match[0] === '※' ? depths[at - from]! > 0 : !isStart || (depths[at - from]! > 0 && !context.isLineStart[at])))
      continue;
    end = Math.min(end, isBracketed ? at - 1 : at);
    break;
  }
  return end;
}

function isFollowedByColon(text: string, at: number): boolean {
  return /^[名)]?:/.test(text.slice(at, at + 2));
}

function bracketDepths(text: string, from: number): Int16Array {
  const depths = new Int16Array(text.length - from + 1);
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    if (text[at] === ')') depth = Math.max(0, depth - 1);
    depths[at - from] = depth;
    if (text[at] === '(') depth++;
  }
  return depths;
}

function trimRegion(context: Context, region: Region): Region {
  let { from, to } = region;
  while (from < to && /[:、。)|｜]/.test(context.folded.text[from]!)) from++;
  while (to > from && /[(・*]/.test(context.folded.text[to - 1]!) && !context.isMasked[to - 1]) to--;
  return { from, to };
}

/** Split at a separate `添加物` heading: the part behind it is additives. */
function withAdditiveHeading(context: Context, region: Region): Region[] {
  const { text } = context.folded;
  for (const match of text.slice(region.from, region.to).matchAll(ADDITIVE_HEADING)) {
    const at = region.from + match.index;
    const behind = at + match[0].length;
    if (context.isMasked[at] || (!context.isLineStart[at] && !/:|\)$/.test(match[0]))) continue;
    if (/^(?:不|無|は|を|の|等|や|・)/.test(text.slice(behind, behind + 1))) continue;
    return [
      { from: region.from, to: text[at - 1] === '(' ? at - 1 : at },
      { from: behind, to: region.to },
    ].filter((part) => part.to > part.from);
  }
  return [region];
}

/** Text without a heading: a stored list, or a photo on which the heading was not read. */
function findBareList(context: Context): Region | null {
  const { text } = context.folded;
  const lines: Region[] = [];
  for (let at = 0; at < text.length; at++)
    if (context.isLineStart[at]) {
      if (lines.length > 0) lines[lines.length - 1] = { from: lines.at(-1)!.from, to: at };
      lines.push({ from: at, to: text.length });
    }
  const isListLine = (line: Region) => {
    if (context.isMasked[line.from]) return false;
    return (
      /[、/(]/.test(text.slice(line.from, line.to)) &&
      hasWord(context, line) &&
      !/^(?:名称|品名|内容量|保存方法|賞味|製造者|販売者)/.test(text.slice(line.from, line.to))
    );
  };
  let first = lines.findIndex(isListLine);
  if (first < 0) {
    // One ingredient alone: `米`.
    if (lines.length !== 1 || !hasWord(context, lines[0]!) || text.length > 40 || context.isMasked[0]) return null;
    first = 0;
  }
  while (first > 0 && (text[lines[first]!.from] === '、' || text[lines[first - 1]!.to - 1] === '、')) first--;
  const from = lines[first]!.from;
  if (first > 0) context.incomplete.add('no-heading');
  const region = trimRegion(context, { from, to: findEnd(context, from) });
  return region.to > region.from && hasWord(context, region) ? region : null;
}

// ---- ingredients and additives ----------------------------------------------------------------------------------------------------------

interface Boundary {
  readonly kind: ParsedLabel['additiveSeparator'];
  /** Folded index at which additives begin. */
  readonly at: number;
}

function findAdditiveBoundary(context: Context, regions: readonly Region[]): Boundary {
  const { text } = context.folded;
  if (regions.length > 1 && isAdditiveHeadingBefore(context, regions[1]!.from)) return { kind: 'heading', at: regions[1]!.from };
  for (const region of regions) {
    for (let at = region.from; at < region.to; at++) if (text[at] === '/' && !context.isMasked[at]) return { kind: 'slash', at };
    const depths = bracketDepths(text, region.from);
    for (let at = region.from + 1; at < region.to - 1; at++) {
      if (depths[at - region.from] !== 0 || context.isMasked[at]) continue;
      if (SLASH_LOOKALIKE.test(text[at]!) && isEndOfIngredient(context, at) && isStartOfAdditive(context, at + 1))
        return { kind: 'slash', at };
    }
    for (let at = region.from + 1; at < region.to - 1; at++) {
      if (depths[at - region.from] !== 0 || context.isMasked[at] || !context.isLineStart[at]) continue;
      if (/[、(・]/.test(text[at - 1]!)) continue;
      if (isEndOfIngredient(context, at) && isStartOfAdditive(context, at) && areMostlyAdditives(context, at, region.to))
        return { kind: 'line', at };
    }
  }
  return { kind: 'none', at: -1 };
}

function isAdditiveHeadingBefore(context: Context, at: number): boolean {
  return /添加物(?:名)?[):]*$/.test(context.folded.text.slice(Math.max(0, at - 8), at));
}

function isEndOfIngredient(context: Context, at: number): boolean {
  if (context.folded.text[at - 1] === ')') return true;
  const offset = context.folded.ends[at - 1]!;
  return context.words.some((word) => word.span.end === offset && !word.entry.additive);
}

function isStartOfAdditive(context: Context, at: number): boolean {
  const offset = context.folded.starts[at];
  return offset !== undefined && context.words.some((word) => word.span.start === offset && word.entry.additive);
}

function areMostlyAdditives(context: Context, from: number, to: number): boolean {
  const span = spanOf(context, { from, to });
  const inside = context.words.filter(
    (word) => word.span.start >= span.start && word.span.end <= span.end && !isMaskedSpan(context, word.span),
  );
  return inside.length > 0 && inside.filter((word) => word.entry.additive).length >= inside.length * 0.6;
}

/** Split `region` into items. @param boundary folded index of the separator, or null when the region is of one kind. */
function parseItems(
  context: Context,
  region: Region,
  depth: number,
  startsAsAdditive: boolean,
  boundary: number | null,
): LabelIngredient[] {
  const { text } = context.folded;
  const items: LabelIngredient[] = [];
  let isAdditive = startsAsAdditive;
  let draft: Draft = { name: [], children: [], notes: [], stated: [] };
  let nameFrom = -1;
  let section: { heading: Region; items: LabelIngredient[] } | null = null;
  const target = () => section?.items ?? items;

  const endName = (at: number) => {
    if (nameFrom >= 0 && at > nameFrom) draft.name.push({ from: nameFrom, to: at });
    nameFrom = -1;
  };
  const close = (at: number) => {
    endName(at);
    const item = finish(context, draft, isAdditive);
    draft = { name: [], children: [], notes: [], stated: [] };
    if (item !== null) target().push(...item);
  };
  const closeSection = () => {
    if (section === null) return;
    const heading = finish(context, { name: [section.heading], children: section.items, notes: [], stated: [] }, false);
    section = null;
    if (heading !== null) items.push(...heading);
  };

  for (let at = region.from; at < region.to; at++) {
    if (context.isMasked[at]) {
      endName(at);
      continue;
    }
    const character = text[at]!;
    if (boundary !== null && at === boundary && boundary >= region.from && character !== '/') {
      close(at);
      isAdditive = true;
      if (!context.isLineStart[at] || SLASH_LOOKALIKE.test(character)) continue;
    }
    if (character === '(') {
      const end = closingBracket(context, at, region.to);
      if (end.isMissing) context.incomplete.add('unbalanced-brackets');
      const content = { from: at + 1, to: end.at };
      const isSection = draft.name.length === 0 && nameFrom < 0 && isSectionHeading(context, content, region.to);
      if (isSection) {
        closeSection();
        section = { heading: content, items: [] };
        isAdditive = startsAsAdditive;
      } else {
        endName(at);
        readBracket(context, content, draft, depth, isAdditive);
        if (draft.name.length === 0 && draft.children.length > 0) {
          target().push(...draft.children);
          draft.children = [];
        }
      }
      at = end.at;
      continue;
    }
    if (character === ')') {
      context.incomplete.add('unbalanced-brackets');
      close(at);
      continue;
    }
    if (character === '/') {
      close(at);
      isAdditive = true;
      continue;
    }
    if (isSeparator(text, at) || (character === '・' && isMiddleDotSeparator(context, at, region))) {
      close(at);
      continue;
    }
    if (context.isLineStart[at] && nameFrom >= 0 && isImplicitBreak(context, nameFrom, at)) close(at);
    if (nameFrom < 0) nameFrom = at;
  }
  close(region.to);
  closeSection();
  return items;
}

function isSeparator(text: string, at: number): boolean {
  const character = text[at]!;
  if (character === '、') return !(/\d/.test(text[at - 1] ?? '') && /\d/.test(text[at + 1] ?? ''));
  if (character === '。' || character === ';') return true;
  // 、 is often read as a full stop; a stop beside a letter or digit belongs to `V.C`, `1.5`.
  return character === '.' && !/[a-z0-9]/.test(text[at - 1] ?? '') && !/[a-z0-9]/.test(text[at + 1] ?? '');
}

/** `にんにく・しょうが` are two, `アスパルテーム・L-フェニルアラニン化合物` is one. */
function isMiddleDotSeparator(context: Context, at: number, region: Region): boolean {
  const offset = context.folded.starts[at]!;
  if (context.words.some((word) => word.span.start < offset && word.span.end > offset)) return false;
  const left = context.folded.ends[at - 1];
  const right = context.folded.starts[at + 1];
  if (at <= region.from || at + 1 >= region.to) return true;
  return (
    context.words.some((word) => word.span.end === left) ||
    context.words.some((word) => word.span.start === right) ||
    context.folded.text[at - 1] === ')'
  );
}

/** A line break where a separator was lost: a known word ends before it and another begins behind it. */
function isImplicitBreak(context: Context, nameFrom: number, at: number): boolean {
  const before = context.folded.ends[at - 1]!;
  const behind = context.folded.starts[at]!;
  if (context.words.some((word) => word.span.start < before && word.span.end > before && word.span.end > behind)) return false;
  const from = context.folded.starts[nameFrom]!;
  return (
    context.words.some((word) => word.span.end === before && word.span.start === from && !word.whole) &&
    context.words.some((word) => word.span.start === behind && word.span.end - word.span.start >= 2)
  );
}

function closingBracket(context: Context, open: number, limit: number): { at: number; isMissing: boolean } {
  let depth = 0;
  for (let at = open; at < limit; at++) {
    if (context.isMasked[at]) continue;
    if (context.folded.text[at] === '(') depth++;
    else if (context.folded.text[at] === ')' && --depth === 0) return { at, isMissing: false };
  }
  return { at: limit, isMissing: true };
}

/** `【めん】小麦粉、…`: a bracket with no name before it and no separator behind it heads a part of the product. */
function isSectionHeading(context: Context, content: Region, limit: number): boolean {
  const { text } = context.folded;
  const length = content.to - content.from;
  const next = text[content.to + 1];
  if (length === 0 || length > SECTION_MAX || next === undefined || content.to + 1 >= limit) return false;
  const inner = text.slice(content.from, content.to);
  return !/[、/(]/.test(inner) && !/[、/)。]/.test(next) && !ORIGIN.test(inner) && !/含む$|由来$/.test(inner);
}

/** What stands in a bracket behind a name: allergens, origin, percentage, use — or the ingredient's own ingredients. */
function readBracket(context: Context, content: Region, draft: Draft, depth: number, isAdditive: boolean): void {
  const { text } = context.folded;
  const inner = text.slice(content.from, content.to);
  if (inner === '') return;
  const raw = context.text.slice(spanOf(context, content).start, spanOf(context, content).end);
  if (isWhollyMasked(context, content)) {
    draft.notes.push(raw);
    return;
  }
  if (/(?:を?含[むみ]|を?含みます|入り?)$/.test(inner) && !inner.includes('(') && !/その他.*[^む]$/.test(inner)) {
    draft.notes.push(raw);
    const words = context.words.filter((word) => !isMaskedSpan(context, word.span));
    draft.stated.push(...statedAllergens(context.text, spanOf(context, trimStatement(context, content)), words));
    return;
  }
  if (depth > 12) {
    draft.notes.push(raw);
    context.incomplete.add('unbalanced-brackets');
    return;
  }
  const pieces = splitAtDepthZero(context, content);
  const kinds = pieces.map((piece) => noteKind(context, piece));
  const areAllNotes = kinds.every((kind) => kind !== 'item');
  let childFrom = -1;
  const flush = (to: number) => {
    if (childFrom >= 0) draft.children.push(...parseItems(context, { from: childFrom, to }, depth + 1, isAdditive, null));
    childFrom = -1;
  };
  pieces.forEach((piece, index) => {
    const kind = kinds[index]!;
    if (kind === 'item' || (kind === 'place' && !areAllNotes)) {
      if (childFrom < 0) childFrom = piece.from;
      if (index === pieces.length - 1) flush(content.to);
      return;
    }
    flush(piece.from);
    const span = spanOf(context, piece);
    draft.notes.push(context.text.slice(span.start, span.end).trim());
    if (kind === 'source') draft.stated.push(...statedAllergens(context.text, span, context.words).filter((one) => one.id !== null));
  });
  flush(content.to);
}

function trimStatement(context: Context, content: Region): Region {
  const tail = /(?:を?含[むみ]|を?含みます|入り?)$/.exec(context.folded.text.slice(content.from, content.to));
  return { from: content.from, to: content.to - (tail?.[0].length ?? 0) };
}

function isWhollyMasked(context: Context, region: Region): boolean {
  for (let at = region.from; at < region.to; at++) if (!context.isMasked[at] && !/[、・/]/.test(context.folded.text[at]!)) return false;
  return true;
}

function splitAtDepthZero(context: Context, region: Region): Region[] {
  const { text } = context.folded;
  const pieces: Region[] = [];
  let depth = 0;
  let from = region.from;
  for (let at = region.from; at <= region.to; at++) {
    const isEnd = at === region.to;
    if (!isEnd && text[at] === '(') depth++;
    if (!isEnd && text[at] === ')') depth--;
    if (!isEnd && (depth > 0 || !(text[at] === '/' || isSeparator(text, at)))) continue;
    if (at > from) pieces.push({ from: !isEnd || pieces.length > 0 ? from : region.from, to: at });
    // A slash stays with what follows, so that what follows is parsed as additives.
    from = !isEnd && text[at] === '/' ? at : at + 1;
  }
  return pieces;
}

type NoteKind = 'item' | 'origin' | 'place' | 'source' | 'others';

function noteKind(context: Context, piece: Region): NoteKind {
  const inner = context.folded.text.slice(piece.from, piece.to);
  if (/^その他$|^ほか$|^他$/.test(inner)) return 'others';
  if (/^[^:(]*(?:由来|から製造)$/.test(inner)) return 'source';
  const span = spanOf(context, piece);
  const hasEntry = context.words.some((word) => word.span.start >= span.start && word.span.end <= span.end);
  // `輸入又は国産(5%未満)`
  const withoutShares = inner.replace(/\([^()]*(?:%|未満|以上|割)[^()]*\)/g, '');
  if (ORIGIN.test(withoutShares) && !/\(/.test(withoutShares)) return 'origin';
  if (!hasEntry && isPlace(inner)) return 'place';
  return 'item';
}

const PLACES = new Set(
  (
    'アメリカ 米国 カナダ オーストラリア 豪州 ニュージーランド 中国 韓国 台湾 タイ ベトナム インド インドネシア マレーシア フィリピン ブラジル メキシコ チリ ペルー ' +
    'アルゼンチン フランス イタリア スペイン ドイツ オランダ ベルギー デンマーク ノルウェー スウェーデン ロシア ウクライナ トルコ ギリシャ ガーナ エクアドル ' +
    '南アフリカ イギリス 英国 アイルランド ポーランド スリランカ ミャンマー エジプト モロッコ モーリタニア 日本 国産 北海道 沖縄県 東京都 大阪府 京都府'
  )
    .split(' ')
    .map((place) => foldWord(place, 'plain')),
);

function isPlace(inner: string): boolean {
  return PLACES.has(inner) || /^[^\s]{2,3}県$/.test(inner);
}

function finish(context: Context, draft: Draft, isAdditive: boolean): LabelIngredient[] | null {
  const parts = draft.name.filter((part) => /[^\s・.\-ー*:]/.test(context.folded.text.slice(part.from, part.to)));
  if (parts.length === 0) {
    return draft.children.length > 0 ? draft.children : null;
  }
  const raw = parts.map((part) => sliceText(context, part)).join('');
  // `キサンタン:大豆由来`: what follows the colon says where it comes from.
  const colon = /^(.+?)[:：](.+由来)$/s.exec(raw);
  const name = colon?.[1] ?? raw;
  const stated = [...draft.stated];
  const notes = [...draft.notes];
  const first = spanOf(context, parts[0]!);
  const last = spanOf(context, parts.at(-1)!);
  let end = last.end;
  if (colon !== null) {
    end = first.start + context.text.slice(first.start, last.end).search(/[:：]/);
    const source = { start: end + 1, end: last.end };
    notes.push(colon[2]!);
    stated.push(...statedAllergens(context.text, source, context.words).filter((one) => one.id !== null));
  }
  return [
    {
      raw: name.trim(),
      normalised: foldWord(name, 'plain'),
      span: { start: first.start, end },
      isAdditive,
      children: draft.children,
      notes,
      statedAllergens: stated,
    },
  ];
}

function sliceText(context: Context, part: Region): string {
  const span = spanOf(context, part);
  return context.text.slice(span.start, span.end).replace(/[\n\r]+\s*/g, '');
}
