/** @file What a label means for one allergy. Pure. */
import type { Reason, RuleId, Verdict } from '../../contracts/dietary.ts';
import { databaseReason } from './database-reason.ts';
import { certaintyVerdict } from './derived-allergen.ts';
import { findingReason } from './finding-reason.ts';
import { knowledge, type BothLanguages } from './knowledge.ts';
import type { Evidence } from './label-evidence.ts';
import { FLAVOUR_WHY, softWhy } from './soft-evidence.ts';

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

/**
 * @param id of the allergen; one that we do not know gives a reason to check.
 * @returns reasons in the order of the findings, then those of the content database.
 */
export function allergenReasons(rule: RuleId, id: string, evidence: Evidence): Reason[] {
  const reasons: Reason[] = [];
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
      const soft = softWhy(finding.place);
      if (soft !== null) {
        verdict = 'check';
        why = soft;
      }
      reasons.push(findingReason(rule, verdict, finding, why));
    }
    if (finding.entry.not.some((other) => other === id) && finding.entry.why !== null && finding.item !== null)
      reasons.push(findingReason(rule, 'suits', finding, finding.entry.why));
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
  return reasons;
}

/** Allergens that concern somebody with allergy `id`: itself, its kinds (`same`), and groups that may hide it (`group`). */
function allergenFamily(id: string): ReadonlyMap<string, 'same' | 'group'> {
  const family = new Map<string, 'same' | 'group'>([[id, 'same']]);
  for (const allergen of knowledge().allergens.values()) if (allergen.kindOf.includes(id)) family.set(allergen.id, 'same');
  for (const group of knowledge().allergens.get(id)?.kindOf ?? []) if (!family.has(group)) family.set(group, 'group');
  return family;
}
