/** @file Allergens that an ingredient brings along without saying so. Pure. */
import type { Verdict } from '../../contracts/dietary.ts';
import { isDescribed } from './item-description.ts';
import { knowledge, type KnowledgeEntry } from './knowledge.ts';
import type { Evidence } from './label-evidence.ts';
import type { Finding } from './label-findings.ts';

/**
 * [Note: Derived allergens] What an ingredient brings along without saying so: `always` → avoid. `usually` → avoid when the label declares no
 * allergens at all, check when it does and leaves this one out (tamari without wheat). `possible` → check, unless the allergen must be declared
 * in Japan and the label does declare allergens. What an ingredient's own bracket lists replaces `usually` and `possible`.
 */
export function certaintyVerdict(content: KnowledgeEntry['contains'][number], evidence: Evidence, finding: Finding): Verdict {
  if (content.certainty === 'always') return 'avoid';
  if (finding.isName && isDescribed(finding.item)) return 'suits';
  if (content.certainty === 'usually') return evidence.declaresAllergens ? 'check' : 'avoid';
  const isMandatory = knowledge().allergens.get(content.allergen)?.japan === 'mandatory';
  return isMandatory && evidence.declaresAllergens && evidence.label.language === 'ja' ? 'suits' : 'check';
}
