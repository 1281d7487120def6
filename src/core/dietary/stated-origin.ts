/** @file Where an ingredient comes from, where the label says so: `乳化剤（大豆由来）`. Pure. */
import type { Diet, Verdict } from '../../contracts/dietary.ts';
import { isDescribed } from './item-description.ts';
import { knowledge, type BothLanguages, type KnowledgeEntry } from './knowledge.ts';
import type { Finding } from './label-findings.ts';
import { worstVerdict } from './verdict-severity.ts';

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

/**
 * The bracket answers what the name leaves open.
 * @returns what the origin means for the diet; `described` when its own ingredients say it all; null when nothing is said.
 */
export function resolveOrigin(diet: Diet, finding: Finding): { verdict: Verdict; why: BothLanguages } | 'described' | null {
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
      const verdict = worstVerdict(verdicts);
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
