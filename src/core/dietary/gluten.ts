/** @file What an ingredient's allergens say about gluten. Pure. */
import type { Verdict } from '../../contracts/dietary.ts';
import { certaintyVerdict } from './derived-allergen.ts';
import { knowledge, type BothLanguages, type KnowledgeEntry } from './knowledge.ts';
import type { Evidence } from './label-evidence.ts';
import type { Finding } from './label-findings.ts';
import { SEVERITY } from './verdict-severity.ts';

/** What each verdict on gluten rests on. */
export const GLUTEN_WHY: Readonly<Record<Verdict, BothLanguages>> = {
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

/** @returns the worst that the cereals in it mean for somebody without gluten; `suits` when it brings none. */
export function glutenVerdict(entry: KnowledgeEntry, evidence: Evidence, finding: Finding): Verdict {
  let verdict: Verdict = 'suits';
  for (const content of entry.contains) {
    const gluten = knowledge().allergens.get(content.allergen)?.gluten;
    if (gluten === undefined) continue;
    const one = gluten === 'yes' ? certaintyVerdict(content, evidence, finding) : 'check';
    if (SEVERITY[one] < SEVERITY[verdict]) verdict = one;
  }
  return verdict;
}
