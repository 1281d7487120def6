/** @file What a label means for one rule. Pure. */
import type { Diet, Reason, RuleId } from '../../contracts/dietary.ts';
import { allergenReasons } from './allergen-reasons.ts';
import { dietReasons } from './diet-reasons.ts';
import { foldWord } from './folded-text.ts';
import type { Evidence } from './label-evidence.ts';
import { ownWordReasons } from './own-word-reasons.ts';

/** @returns at least one: what the rule makes of the label and what is wrong with the label itself, nothing twice. */
export function ruleReasons(rule: RuleId, evidence: Evidence): readonly Reason[] {
  const reasons = ownReasons(rule, evidence);
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

function ownReasons(rule: RuleId, evidence: Evidence): Reason[] {
  if (rule.startsWith('word:')) return ownWordReasons(rule, rule.slice('word:'.length), evidence);
  if (rule.startsWith('allergen:')) return allergenReasons(rule, rule.slice('allergen:'.length), evidence);
  return dietReasons(rule as Diet, evidence);
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
