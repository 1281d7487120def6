/** @file Parsed label + people → verdicts with reasons. Pure. */
import type {
  Judgement,
  LabelIngredient,
  ParsedLabel,
  Person,
  PersonVerdict,
  Reason,
  RuleId,
  Diet,
  TextSpan,
  Verdict,
} from '../../contracts/dietary.ts';
import { findWords, type FoundWord } from './find-words.ts';
import { foldText, foldWord } from './folded-text.ts';
import { incompleteReason } from './incomplete-reason.ts';
import { knowledge, sourceText, type BothLanguages, type KnowledgeEntry } from './knowledge.ts';
import { findNegations } from './negations.ts';

/** Reading confidence below which nothing is called fine. Chosen by caution, not fitted: readers' confidences are not calibrated. */
const MIN_CONFIDENCE01 = 0.7;

/** Where the judged text comes from, and what came with it. */
export interface JudgeOptions {
  readonly basis: Judgement['basis'];
  /** When the contents were last known true (ms since 1970). */
  readonly contentsUpdatedAtMs: number | null;
  /** Allergen ids that the content database declares beside the text. */
  readonly declaredAllergens?: readonly string[];
  /** Trace ids that the content database declares beside the text. */
  readonly declaredTraces?: readonly string[];
  /** Confidence of the text reader, 0..1; absent for typed or stored text. */
  readonly textConfidence01?: number;
}

/**
 * Judge a label for each person.
 *
 * `suits` needs: an ingredient list in a language that we parse, seen from beginning to end, every ingredient known, none of them forbidden or
 * of uncertain origin, no may-contain or shared-factory line that matters, a sure enough reading. Everything else is `check`, and a forbidden
 * ingredient is `avoid` wherever it stands in the list or in an allergen statement.
 * @returns verdicts in the order of `people`, reasons worst first; a person without rules gets `check` and no reasons.
 */
export function judge(label: ParsedLabel, people: readonly Person[], options: JudgeOptions): Judgement {
  const evidence = collect(label, options);
  const perRule = new Map<RuleId, readonly Reason[]>();
  const verdicts = people.map((person): PersonVerdict => {
    const reasons = new Set(person.rules);
    const all: Reason[] = [];
    for (const rule of reasons) {
      let ofRule = perRule.get(rule);
      if (ofRule === undefined) {
        ofRule = judgeRule(rule, evidence);
        perRule.set(rule, ofRule);
      }
      all.push(...ofRule);
    }
    const sorted = all.map((reason, index) => ({ reason, index })).sort((a, b) => compareReasons(a.reason, b.reason) || a.index - b.index);
    return { personId: person.id, verdict: worst(all.map((reason) => reason.verdict)), reasons: sorted.map(({ reason }) => reason) };
  });
  return { label, people: verdicts, basis: options.basis, contentsUpdatedAtMs: options.contentsUpdatedAtMs };
}

const SEVERITY: Readonly<Record<Verdict, number>> = { avoid: 0, check: 1, suits: 2 };
const PLACE_ORDER: readonly Reason['place'][] = [
  'ingredient',
  'additive',
  'contains-statement',
  'database',
  'may-contain',
  'shared-factory',
  'label',
];

function compareReasons(a: Reason, b: Reason): number {
  return (
    SEVERITY[a.verdict] - SEVERITY[b.verdict] ||
    PLACE_ORDER.indexOf(a.place) - PLACE_ORDER.indexOf(b.place) ||
    (a.span?.start ?? 1e9) - (b.span?.start ?? 1e9)
  );
}

function worst(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.length === 0 || verdicts.includes('check')) return verdicts.includes('avoid') ? 'avoid' : 'check';
  return verdicts.includes('avoid') ? 'avoid' : 'suits';
}

// ---- evidence: what the label says, once for all rules --------------------------------------------------------------------------------------

/** A known word of the label and where it stands. */
interface Finding {
  readonly entry: KnowledgeEntry;
  readonly quote: string;
  readonly span: TextSpan | null;
  readonly place: Reason['place'];
  /** Item whose name or bracket it stands in; null outside the list. */
  readonly item: LabelIngredient | null;
  /** `かに風味`: the taste of it, not necessarily the thing. */
  readonly isFlavourOnly: boolean;
  /** True when it stands in the item's name (not in a bracket). */
  readonly isName: boolean;
}

interface Problem {
  readonly span: TextSpan | null;
  readonly quote: string;
  readonly meaning: BothLanguages;
  readonly explanation: BothLanguages;
  /** True when it also matters to a search for the user's own words. */
  readonly isAboutText: boolean;
  readonly place: Reason['place'];
}

interface Evidence {
  readonly label: ParsedLabel;
  readonly findings: readonly Finding[];
  readonly problems: readonly Problem[];
  readonly denied: readonly TextSpan[];
  readonly declared: readonly string[];
  readonly traces: readonly string[];
  /** The label declares allergens somewhere, so that those of Japanese law may be expected to be complete. */
  readonly declaresAllergens: boolean;
  readonly itemCount: number;
}

const FLAVOUR_AFTER = /^[\s]*(?:風味|フレーバー|フレーバ|風(?!味付)|様|タイプ|テイスト|味(?!噌|醂|付|の素|しそ))/;
const FLAVOUR_AFTER_EN = /^[\s-]*(?:flavou?red?|style|type)\b/i;

function collect(label: ParsedLabel, options: JudgeOptions): Evidence {
  const { text } = label;
  const found = findWords(text);
  const denied = findNegations(text, found.entries);
  const items = flatten([...label.ingredients, ...label.additives]);
  const inDenied = (span: TextSpan) => denied.some((one) => span.start >= one.start && span.end <= one.end);
  const findings: Finding[] = [];
  for (const word of found.entries) {
    if (inDenied(word.span)) continue;
    const finding = place(label, items, word);
    if (finding !== null) findings.push(finding);
  }
  for (const [list, where] of [
    [label.containsStatement, 'contains-statement'],
    [label.mayContain, 'may-contain'],
    [label.sharedFactory, 'shared-factory'],
  ] as const)
    for (const stated of list) {
      const entry = stated.id === null ? null : knowledge().entries.get(stated.id);
      if (entry === null || entry === undefined) continue;
      if (findings.some((one) => one.place === where && one.entry.id === entry.id && one.span?.start === stated.span.start)) continue;
      findings.push({ entry, quote: stated.raw, span: stated.span, place: where, item: null, isFlavourOnly: false, isName: false });
    }
  for (const item of items)
    for (const stated of item.statedAllergens) {
      const entry = stated.id === null ? null : knowledge().entries.get(stated.id);
      if (
        entry === null ||
        entry === undefined ||
        findings.some((one) => one.entry.id === entry.id && one.span?.start === stated.span.start)
      )
        continue;
      findings.push({
        entry,
        quote: stated.raw,
        span: stated.span,
        place: item.isAdditive ? 'additive' : 'ingredient',
        item,
        isFlavourOnly: false,
        isName: false,
      });
    }
  const declared = options.declaredAllergens ?? [];
  return {
    label,
    findings,
    problems: problemsOf(label, items, options, denied, found.modifiers, found.entries),
    denied,
    declared,
    traces: options.declaredTraces ?? [],
    declaresAllergens: label.containsStatement.length > 0 || declared.length > 0 || items.some((item) => item.statedAllergens.length > 0),
    itemCount: items.length,
  };
}

function flatten(items: readonly LabelIngredient[]): LabelIngredient[] {
  return items.flatMap((item) => [item, ...flatten(item.children)]);
}

function holds(outer: TextSpan, inner: TextSpan): boolean {
  return inner.start >= outer.start && inner.end <= outer.end;
}

function place(label: ParsedLabel, items: readonly LabelIngredient[], word: FoundWord): Finding | null {
  const { span, entry } = word;
  const { text } = label;
  const quote = text.slice(span.start, span.end);
  const tail = text.slice(span.end, span.end + 12);
  const isFlavourOnly = FLAVOUR_AFTER.test(tail) || FLAVOUR_AFTER_EN.test(tail);
  const base = { entry, quote, span, isFlavourOnly };
  for (const [list, where] of [
    [label.containsStatement, 'contains-statement'],
    [label.mayContain, 'may-contain'],
    [label.sharedFactory, 'shared-factory'],
  ] as const)
    if (list.some((stated) => overlaps(stated.span, span))) return word.whole ? null : { ...base, place: where, item: null, isName: false };
  const inList = label.ingredientSpan !== null && holds(label.ingredientSpan, span);
  if (inList) {
    const own = items.find((item) => overlaps(item.span, span) && !item.children.some((child) => overlaps(child.span, span)));
    const owner = own ?? lastBefore(items, span.start);
    if (word.whole && (own === undefined || foldWord(own.raw, 'plain') !== foldWord(quote, 'plain'))) return null;
    return {
      ...base,
      place: owner?.isAdditive === true || (entry.additive && owner !== undefined) ? 'additive' : 'ingredient',
      item: owner ?? null,
      isName: own !== undefined,
    };
  }
  if (word.whole) return null;
  // Before the list stand the product's name and claims; behind it makers' addresses and advice, which say nothing about the contents.
  const isBefore = label.ingredientSpan === null || span.end <= label.ingredientSpan.start;
  return isBefore ? { ...base, place: 'label', item: null, isName: false } : null;
}

function overlaps(a: TextSpan, b: TextSpan): boolean {
  return a.start < b.end && b.start < a.end;
}

function lastBefore(items: readonly LabelIngredient[], offset: number): LabelIngredient | undefined {
  let best: LabelIngredient | undefined;
  for (const item of items) if (item.span.start <= offset && (best === undefined || item.span.start >= best.span.start)) best = item;
  return best;
}

function problemsOf(
  label: ParsedLabel,
  items: readonly LabelIngredient[],
  options: JudgeOptions,
  denied: readonly TextSpan[],
  modifiers: readonly TextSpan[],
  words: readonly FoundWord[],
): Problem[] {
  const problems: Problem[] = [];
  const wholeLabel = (meaning: BothLanguages, explanation: BothLanguages) =>
    problems.push({ span: label.ingredientSpan, quote: '', meaning, explanation, isAboutText: true, place: 'label' });
  if (label.ingredientSpan === null)
    wholeLabel(
      { en: 'no ingredient list', ja: '原材料名が見つかりません' },
      {
        en: 'No ingredient list was found in the text, so nothing can be called fine.',
        ja: '原材料名の一覧が見つからないため、適合とは判断できません。',
      },
    );
  if (label.language === 'unknown')
    wholeLabel(
      { en: 'language not supported', ja: '対応していない言語' },
      {
        en: 'The list is in a language that we do not fully know; only some allergen words can be found in it.',
        ja: '完全には対応していない言語の表示です。一部のアレルゲンの語しか見つけられません。',
      },
    );
  for (const code of label.incompleteBecause) {
    // Typed or stored text may well end with its last ingredient.
    if (code === 'no-end' && options.basis !== 'label') continue;
    wholeLabel({ en: 'incomplete list', ja: '不完全な一覧' }, incompleteReason(code));
  }
  if (
    label.ingredientSpan !== null &&
    options.basis === 'label' &&
    !hasHeadingBefore(label) &&
    !label.incompleteBecause.includes('no-heading')
  )
    wholeLabel({ en: 'incomplete list', ja: '不完全な一覧' }, incompleteReason('no-heading'));
  if (options.textConfidence01 !== undefined && options.textConfidence01 < MIN_CONFIDENCE01)
    wholeLabel(
      { en: 'hard to read', ja: '読み取りが不確か' },
      {
        en: 'The text could only be read with low confidence; compare it with the pack.',
        ja: '文字の読み取りに自信がありません。実際の表示と見比べてください。',
      },
    );
  for (const item of items) {
    const unknown = unknownPart(label, item, denied, modifiers, words);
    if (unknown !== null) problems.push(unknown);
  }
  return problems;
}

const HEADING_BEFORE = /原[材村林]?[料科]|ingr|zutaten|添加物/i;

function hasHeadingBefore(label: ParsedLabel): boolean {
  return label.ingredientSpan !== null && HEADING_BEFORE.test(label.text.slice(0, label.ingredientSpan.start).replace(/\s/g, ''));
}

/** What of an ingredient's name our knowledge does not cover; null when all of it is covered. */
function unknownPart(
  label: ParsedLabel,
  item: LabelIngredient,
  denied: readonly TextSpan[],
  modifiers: readonly TextSpan[],
  words: readonly FoundWord[],
): Problem | null {
  const where = item.isAdditive ? 'additive' : 'ingredient';
  if (item.children.length > 0 && item.notes.some((note) => /^(?:その他|ほか|他)$/.test(note.trim())))
    return {
      span: item.span,
      quote: item.raw,
      place: where,
      isAboutText: false,
      meaning: { en: 'has other, unnamed ingredients', ja: '名前のない「その他」の原材料を含む' },
      explanation: {
        en: 'Its bracket ends with "others" (その他), which are not named.',
        ja: 'かっこ内に「その他」とあり、すべての原材料が書かれていません。',
      },
    };
  const ownWords = words.filter(
    (word) =>
      overlaps(word.span, item.span) &&
      (!word.whole || foldWord(item.raw, 'plain') === foldWord(label.text.slice(word.span.start, word.span.end), 'plain')),
  );
  const known = ownWords.filter((word) => !word.entry.isGroup || item.children.length > 0);
  // A compound's name needs no knowledge when its own ingredients are given.
  if (item.children.length > 0) return null;
  if (item.notes.includes('heading')) return null;
  const covered = [...known.map((word) => word.span), ...modifiers, ...denied];
  let rest = '';
  for (let at = item.span.start; at < item.span.end; at++)
    if (!covered.some((span) => at >= span.start && at < span.end)) rest += label.text[at]!;
  const meaningful = rest.normalize('NFKC').replace(/[\s\p{P}\p{S}\d・ー]/gu, '');
  if (known.length > 0 && meaningful === '') return null;
  if (known.length === 0 && meaningful === '' && !/[\p{L}]/u.test(item.raw)) return null;
  return {
    span: item.span,
    quote: item.raw,
    place: where,
    isAboutText: false,
    meaning:
      known.length > 0
        ? { en: `partly known (unknown: “${rest.trim()}”)`, ja: `一部が不明（「${rest.trim()}」）` }
        : { en: 'not in our knowledge', ja: '知識データにない原材料' },
    explanation:
      known.length > 0
        ? {
            en: 'Only part of this name is in our knowledge, so it has to be checked.',
            ja: 'この名前の一部しか知識データにないため、確認が必要です。',
          }
        : {
            en: 'This ingredient is not in our knowledge, or its name was misread; it cannot be called fine.',
            ja: '知識データにないか、読み間違いの可能性があるため、適合とは判断できません。',
          },
  };
}

// ---- rules ------------------------------------------------------------------------------------------------------------------------------

function judgeRule(rule: RuleId, evidence: Evidence): readonly Reason[] {
  const reasons: Reason[] = [];
  if (rule.startsWith('word:')) judgeOwnWord(rule, rule.slice('word:'.length), evidence, reasons);
  else if (rule.startsWith('allergen:')) judgeAllergen(rule, rule.slice('allergen:'.length), evidence, reasons);
  else judgeDiet(rule as Diet, evidence, reasons);
  for (const problem of evidence.problems) {
    if (rule.startsWith('word:') && !problem.isAboutText) continue;
    reasons.push({
      rule,
      verdict: 'check',
      quote: problem.quote,
      span: problem.span,
      place: problem.place,
      knowledgeId: null,
      meaning: problem.meaning,
      explanation: problem.explanation,
      source: null,
    });
  }
  const deduplicated = withoutDuplicates(reasons);
  if (deduplicated.every((reason) => reason.verdict === 'suits')) deduplicated.push(reservation(rule, evidence));
  return deduplicated;
}

function withoutDuplicates(reasons: readonly Reason[]): Reason[] {
  const seen = new Set<string>();
  return reasons.filter((reason) => {
    const key = [
      reason.verdict,
      reason.place,
      reason.knowledgeId ?? '',
      foldWord(reason.quote, 'kana'),
      reason.knowledgeId === null ? (reason.explanation.en ?? '') : '',
    ].join('|');
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/** `suits` is never bare: it says what it rests on. */
function reservation(rule: RuleId, evidence: Evidence): Reason {
  const count = evidence.itemCount;
  return {
    rule,
    verdict: 'suits',
    quote: '',
    span: evidence.label.ingredientSpan,
    place: 'label',
    knowledgeId: null,
    meaning: { en: 'whole ingredient list', ja: '原材料名の全体' },
    explanation: {
      en: `All ${count} ingredients in the text are known and none speaks against this rule. This is not a certificate; recipes change and traces need not be declared.`,
      ja: `読み取った原材料${count}件はすべて既知で、この条件に反するものはありません。認証ではありません。配合は変わることがあり、微量の混入は表示されないことがあります。`,
    },
    source: null,
  };
}

function judgeDiet(diet: Diet, evidence: Evidence, reasons: Reason[]): void {
  for (const finding of evidence.findings) {
    const { entry } = finding;
    const isSoft = finding.place === 'may-contain' || finding.place === 'shared-factory' || finding.place === 'label';
    const gluten = diet === 'gluten-free' ? glutenOf(entry, evidence, finding) : 'suits';
    let verdict: Verdict = SEVERITY[gluten] < SEVERITY[entry.perDiet[diet]] ? gluten : entry.perDiet[diet];
    let why = whyOf(entry, diet);
    if (gluten !== 'suits' && gluten === verdict) why = GLUTEN_WHY[verdict];
    if (verdict === 'check') {
      const resolved = resolveOrigin(diet, finding);
      if (resolved === 'described') continue;
      if (resolved !== null) ({ verdict, why } = resolved);
    }
    if (verdict === 'avoid' && finding.isFlavourOnly) {
      verdict = 'check';
      why = FLAVOUR_WHY;
    }
    if (isSoft && finding.place === 'label' && verdict !== 'avoid') continue;
    if (isSoft && verdict !== 'suits') {
      why = SOFT_WHY[finding.place]!;
      verdict = 'check';
    }
    if (isSoft && verdict === 'suits') continue;
    if (verdict === 'suits' && entry.why === null && !(entry.perDiet[diet] === 'check')) continue;
    if (verdict === 'suits' && entry.perDiet[diet] === 'suits' && !isRelevantNote(entry, diet)) continue;
    reasons.push(reasonOf(diet, verdict, finding, why));
  }
  for (const [ids, verdict] of [
    [evidence.declared, 'avoid'],
    [evidence.traces, 'check'],
  ] as const)
    for (const id of ids) {
      const entry = knowledge().entries.get(id);
      if (entry === undefined) continue;
      const ofDiet = diet === 'gluten-free' && knowledge().allergens.get(id)?.gluten === 'yes' ? 'avoid' : entry.perDiet[diet];
      if (ofDiet === 'suits') continue;
      reasons.push(databaseReason(diet, SEVERITY[ofDiet] > SEVERITY[verdict] ? ofDiet : verdict, entry));
    }
}

/** A `suits` note is shown only for what people commonly take for forbidden (the entry names it in `not`). */
function isRelevantNote(entry: KnowledgeEntry, diet: Diet): boolean {
  return entry.not.some((id) => knowledge().entries.get(id)?.perDiet[diet] === 'avoid');
}

const GLUTEN_WHY: Readonly<Record<Verdict, BothLanguages>> = {
  avoid: {
    en: 'Contains a gluten cereal (wheat, barley, rye or their kin).',
    ja: 'グルテンを含む穀物（小麦・大麦・ライ麦など）を含みます。',
  },
  check: {
    en: 'Often made with a gluten cereal; the label does not say.',
    ja: 'グルテンを含む穀物が使われることの多い原材料ですが、表示からは分かりません。',
  },
  suits: { en: '', ja: '' },
};
const FLAVOUR_WHY: BothLanguages = {
  en: 'Named as a flavour or likeness; the real thing may or may not be in it.',
  ja: '「風味」などの表現で、本物が使われているかどうかは表示から分かりません。',
};
const SOFT_WHY: Readonly<Record<string, BothLanguages>> = {
  'may-contain': {
    en: 'Not an ingredient: the label says that traces may be in it.',
    ja: '原材料ではありませんが、微量に混入する可能性があると表示されています。',
  },
  'shared-factory': {
    en: 'Not an ingredient: the label says that the same factory or line handles it.',
    ja: '原材料ではありませんが、同じ工場・ラインで扱っていると表示されています。',
  },
  label: { en: 'Named on the pack outside the ingredient list.', ja: '原材料名の欄の外に書かれています。' },
};

function glutenOf(entry: KnowledgeEntry, evidence: Evidence, finding: Finding): Verdict {
  let verdict: Verdict = 'suits';
  for (const content of entry.contains) {
    const gluten = knowledge().allergens.get(content.allergen)?.gluten;
    if (gluten === undefined) continue;
    const one = gluten === 'yes' ? certaintyVerdict(content, evidence, finding) : 'check';
    if (SEVERITY[one] < SEVERITY[verdict]) verdict = one;
  }
  return verdict;
}

/**
 * [Note: Derived allergens] What an ingredient brings along without saying so: `always` → avoid. `usually` → avoid when the label declares no
 * allergens at all, check when it does and leaves this one out (tamari without wheat). `possible` → check, unless the allergen must be declared
 * in Japan and the label does declare allergens. What an ingredient's own bracket lists replaces `usually` and `possible`.
 */
function certaintyVerdict(content: KnowledgeEntry['contains'][number], evidence: Evidence, finding: Finding): Verdict {
  if (content.certainty === 'always') return 'avoid';
  if (finding.isName && isDescribed(finding.item)) return 'suits';
  if (content.certainty === 'usually') return evidence.declaresAllergens ? 'check' : 'avoid';
  const isMandatory = knowledge().allergens.get(content.allergen)?.japan === 'mandatory';
  return isMandatory && evidence.declaresAllergens && evidence.label.language === 'ja' ? 'suits' : 'check';
}

function isDescribed(item: LabelIngredient | null): boolean {
  return item !== null && item.children.length > 0 && !item.notes.some((note) => /^(?:その他|ほか|他)$/.test(note.trim()));
}

function whyOf(entry: KnowledgeEntry, diet: Diet): BothLanguages {
  if (entry.why !== null) return entry.why;
  const ofClass = knowledge().classes[entry.classId];
  return ofClass?.why[diet] ?? ofClass?.why.all ?? { en: ofClass?.meaning.en ?? '', ja: ofClass?.meaning.ja ?? '' };
}

const PLANT_ORIGIN =
  /植物|大豆|ひまわり|なたね|菜種|パーム|ココナッツ|とうもろこし|コーン|米由来|小麦由来|てん菜|さとうきび|落花生由来|微生物|発酵|soy|sunflower|rapeseed|canola|palm|vegetable|plant|coconut/i;
const ANIMAL_ORIGIN: readonly [RegExp, string][] = [
  [/豚|ポーク|pork|porcine|pig/i, 'pork'],
  [/牛(?!乳)|ビーフ|beef|bovine/i, 'beef'],
  [/鶏(?!卵)|チキン|chicken/i, 'poultry'],
  [/魚|さけ|さば|fish|marine/i, 'fish'],
  [/乳(?!化|酸)|milk|dairy/i, 'dairy'],
  [/卵|egg/i, 'egg'],
  [/えび|かに|甲殻/, 'crustacean'],
];

/** `乳化剤（大豆由来）`: the bracket answers what the name leaves open. */
function resolveOrigin(diet: Diet, finding: Finding): { verdict: Verdict; why: BothLanguages } | 'described' | null {
  const { item } = finding;
  if (item === null || !finding.isName) return null;
  const notes = item.notes.filter(
    (note) => /由来|製$|from|origin|性/.test(note) || /^(?:soy|soya|sunflower|rapeseed|palm|plant|vegetable)/i.test(note),
  );
  const prefix = /^(?:植物性?|大豆)/.test(item.raw) ? [item.raw] : [];
  const named = [...notes, ...prefix].join(' ');
  if (named !== '') {
    const animals = ANIMAL_ORIGIN.filter(([pattern]) => pattern.test(named)).map(([, classId]) => classId);
    if (animals.length > 0) {
      const verdicts = animals.map((classId) => knowledge().classes[classId]?.perDiet[diet] ?? 'check');
      const verdict = worst(verdicts);
      const classId = animals[verdicts.indexOf(verdict)]!;
      const ofClass = knowledge().classes[classId];
      return {
        verdict,
        why: ofClass?.why[diet] ??
          ofClass?.why.all ?? { en: `Its bracket says where it comes from: ${named}.`, ja: `由来が表示されています：${named}` },
      };
    }
    if (PLANT_ORIGIN.test(named))
      return { verdict: 'suits', why: { en: `The label says where it comes from: ${named}.`, ja: `由来が表示されています：${named}` } };
  }
  // Its own ingredients are listed and judged one by one; the name adds nothing.
  if (isDescribed(item) && isOfUncertainOrigin(finding.entry)) return 'described';
  return null;
}

function isOfUncertainOrigin(entry: KnowledgeEntry): boolean {
  return entry.classId.startsWith('uncertain') || entry.classId === 'prepared' || entry.isGroup;
}

function judgeAllergen(rule: RuleId, id: string, evidence: Evidence, reasons: Reason[]): void {
  const wanted = allergenFamily(id);
  for (const finding of evidence.findings) {
    for (const content of finding.entry.contains) {
      const relation = wanted.get(content.allergen);
      if (relation === undefined) continue;
      // Its own bracket states it: that statement is a reason already.
      if (content.certainty !== 'always' && finding.item?.statedAllergens.some((stated) => stated.id === content.allergen) === true)
        continue;
      let verdict = finding.place === 'contains-statement' ? 'avoid' : certaintyVerdict(content, evidence, finding);
      let why: BothLanguages = content.certainty === 'always' ? STATED_WHY : DERIVED_WHY[verdict];
      if (verdict === 'suits') continue;
      if (relation === 'group' && verdict === 'avoid') {
        verdict = 'check';
        why = GROUP_WHY;
      }
      if (verdict === 'avoid' && finding.isFlavourOnly) {
        verdict = 'check';
        why = FLAVOUR_WHY;
      }
      if (finding.place === 'may-contain' || finding.place === 'shared-factory' || finding.place === 'label') {
        verdict = 'check';
        why = SOFT_WHY[finding.place]!;
      }
      reasons.push(reasonOf(rule, verdict, finding, why));
    }
    if (finding.entry.not.some((other) => other === id) && finding.entry.why !== null && finding.item !== null)
      reasons.push(reasonOf(rule, 'suits', finding, finding.entry.why));
  }
  for (const [ids, verdict] of [
    [evidence.declared, 'avoid'],
    [evidence.traces, 'check'],
  ] as const)
    for (const declared of ids) {
      const relation = wanted.get(declared);
      const entry = knowledge().entries.get(declared);
      if (relation === undefined || entry === undefined) continue;
      reasons.push(databaseReason(rule, relation === 'group' ? 'check' : verdict, entry));
    }
  if (!knowledge().allergens.has(id))
    reasons.push({
      rule,
      verdict: 'check',
      quote: '',
      span: null,
      place: 'label',
      knowledgeId: null,
      meaning: { en: 'unknown allergen', ja: '不明なアレルゲン' },
      explanation: {
        en: `“${id}” is not in our allergen list, so it cannot be looked for.`,
        ja: `「${id}」はアレルゲンの一覧にないため、探せません。`,
      },
      source: null,
    });
}

const STATED_WHY: BothLanguages = { en: 'Contains it.', ja: '含まれています。' };
const GROUP_WHY: BothLanguages = {
  en: 'The label names the group but not which kind; yours may be among them.',
  ja: '種類までは書かれておらず、該当するものが含まれている可能性があります。',
};
const DERIVED_WHY: Readonly<Record<Verdict, BothLanguages>> = {
  avoid: {
    en: 'Usually made with it, and the label declares no allergens that would say otherwise.',
    ja: '通常これを使って作られ、表示にもそれを否定するアレルゲンの記載がありません。',
  },
  check: { en: 'Can be made with it; the label does not say.', ja: '使われることがありますが、表示からは分かりません。' },
  suits: { en: '', ja: '' },
};

/** Allergens that concern somebody with allergy `id`: itself, its kinds (`same`), and groups that may hide it (`group`). */
function allergenFamily(id: string): ReadonlyMap<string, 'same' | 'group'> {
  const family = new Map<string, 'same' | 'group'>([[id, 'same']]);
  for (const allergen of knowledge().allergens.values()) if (allergen.kindOf.includes(id)) family.set(allergen.id, 'same');
  for (const group of knowledge().allergens.get(id)?.kindOf ?? []) if (!family.has(group)) family.set(group, 'group');
  return family;
}

function judgeOwnWord(rule: RuleId, word: string, evidence: Evidence, reasons: Reason[]): void {
  const { label } = evidence;
  for (const fold of ['kana', 'words'] as const) {
    const wanted = foldWord(word, fold);
    if (wanted === '') continue;
    const folded = foldText(label.text, fold);
    for (let at = folded.text.indexOf(wanted); at >= 0; at = folded.text.indexOf(wanted, at + 1)) {
      const span = { start: folded.starts[at]!, end: folded.ends[at + wanted.length - 1]! };
      if (evidence.denied.some((one) => overlaps(one, span)) || reasons.some((one) => one.span !== null && overlaps(one.span, span)))
        continue;
      const where = placeOf(label, span);
      if (where === null) continue;
      const isSoft = where === 'may-contain' || where === 'shared-factory' || where === 'label';
      reasons.push({
        rule,
        verdict: isSoft ? 'check' : 'avoid',
        quote: label.text.slice(span.start, span.end),
        span,
        place: where,
        knowledgeId: null,
        meaning: { en: `your own word “${word}”`, ja: `ご自分で登録した語「${word}」` },
        explanation: isSoft
          ? SOFT_WHY[where]!
          : { en: 'Your own word stands in the ingredient list.', ja: '登録した語が原材料名に含まれています。' },
        source: null,
      });
    }
  }
}

function placeOf(label: ParsedLabel, span: TextSpan): Reason['place'] | null {
  for (const [list, where] of [
    [label.containsStatement, 'contains-statement'],
    [label.mayContain, 'may-contain'],
    [label.sharedFactory, 'shared-factory'],
  ] as const)
    if (list.some((stated) => overlaps(stated.span, span))) return where;
  if (label.ingredientSpan !== null && overlaps(label.ingredientSpan, span))
    return label.additives.some((item) => overlaps(item.span, span)) ? 'additive' : 'ingredient';
  return 'label';
}

function reasonOf(rule: RuleId, verdict: Verdict, finding: Finding, why: BothLanguages | undefined): Reason {
  return {
    rule,
    verdict,
    quote: finding.quote,
    span: finding.span,
    place: finding.place,
    knowledgeId: finding.entry.id,
    meaning: finding.entry.meaning,
    explanation: why ?? finding.entry.meaning,
    source: finding.entry.source,
  };
}

function databaseReason(rule: RuleId, verdict: Verdict, entry: KnowledgeEntry): Reason {
  return {
    rule,
    verdict,
    quote: '',
    span: null,
    place: 'database',
    knowledgeId: entry.id,
    meaning: entry.meaning,
    explanation:
      verdict === 'avoid'
        ? { en: 'The content database declares it.', ja: '商品データベースに含むと登録されています。' }
        : { en: 'The content database declares possible traces of it.', ja: '商品データベースに微量混入の可能性が登録されています。' },
    source: sourceText('content-database'),
  };
}
