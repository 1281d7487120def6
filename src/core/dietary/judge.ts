/** @file Parsed label + people → verdicts with reasons. Pure. */
import type { Judgement, ParsedLabel, Person, PersonVerdict, Reason, RuleId } from '../../contracts/dietary.ts';
import type { JudgeOptions } from './judge-options.ts';
import { labelEvidence } from './label-evidence.ts';
import { ruleReasons } from './rule-reasons.ts';
import { SEVERITY, worstVerdict } from './verdict-severity.ts';

/**
 * Judge a label for each person.
 *
 * `suits` needs: an ingredient list in a language that we parse, seen from beginning to end, every ingredient known, none of them forbidden or
 * of uncertain origin, no may-contain or shared-factory line that matters, a sure enough reading. Everything else is `check`, and a forbidden
 * ingredient is `avoid` wherever it stands in the list or in an allergen statement.
 * @returns verdicts in the order of `people`, reasons worst first; a person without rules gets `check` and no reasons.
 */
export function judge(label: ParsedLabel, people: readonly Person[], options: JudgeOptions): Judgement {
  const evidence = labelEvidence(label, options);
  const perRule = new Map<RuleId, readonly Reason[]>();
  const verdicts = people.map((person): PersonVerdict => {
    const reasons = new Set(person.rules);
    const all: Reason[] = [];
    for (const rule of reasons) {
      let ofRule = perRule.get(rule);
      if (ofRule === undefined) {
        ofRule = ruleReasons(rule, evidence);
        perRule.set(rule, ofRule);
      }
      all.push(...ofRule);
    }
    const sorted = all.map((reason, index) => ({ reason, index })).sort((a, b) => compareReasons(a.reason, b.reason) || a.index - b.index);
    return { personId: person.id, verdict: worstVerdict(all.map((reason) => reason.verdict)), reasons: sorted.map(({ reason }) => reason) };
  });
  return { label, people: verdicts, basis: options.basis, contentsUpdatedAtMs: options.contentsUpdatedAtMs };
}

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
