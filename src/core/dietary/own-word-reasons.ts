/** @file What a label means for somebody who avoids a word of their own. Pure. */
import type { Reason, RuleId } from '../../contracts/dietary.ts';
import { foldText, foldWord } from './folded-text.ts';
import type { Evidence } from './label-evidence.ts';
import { placeOf } from './label-place.ts';
import { softWhy } from './soft-evidence.ts';
import { overlaps } from './text-span.ts';

/** @param word as the user wrote it; kana and width do not matter. @returns a reason for each place where it stands and is not denied. */
export function ownWordReasons(rule: RuleId, word: string, evidence: Evidence): Reason[] {
  const reasons: Reason[] = [];
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
      const soft = softWhy(where);
      reasons.push({
        rule,
        verdict: soft === null ? 'avoid' : 'check',
        quote: label.text.slice(span.start, span.end),
        span,
        place: where,
        knowledgeId: null,
        meaning: { en: `your own word “${word}”`, ja: `ご自分で登録した語「${word}」` },
        explanation: soft ?? { en: 'Your own word stands in the ingredient list.', ja: '登録した語が原材料名に含まれています。' },
        source: null,
      });
    }
  }
  return reasons;
}
