/** @file A finding on a label as a reason. Pure. */
import type { Reason, RuleId, Verdict } from '../../contracts/dietary.ts';
import type { BothLanguages } from './knowledge.ts';
import type { Finding } from './label-findings.ts';

/** @param why this leads to the verdict. */
export function findingReason(rule: RuleId, verdict: Verdict, finding: Finding, why: BothLanguages): Reason {
  return {
    rule,
    verdict,
    quote: finding.quote,
    span: finding.span,
    place: finding.place,
    knowledgeId: finding.entry.id,
    meaning: finding.entry.meaning,
    explanation: why,
    source: finding.entry.source,
  };
}
