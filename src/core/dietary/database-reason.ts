/** @file What the content database declares as a reason. Pure. */
import type { Reason, RuleId, Verdict } from '../../contracts/dietary.ts';
import { sourceText, type KnowledgeEntry } from './knowledge.ts';

/** @param verdict `avoid` for what it declares as contents, `check` for traces. */
export function databaseReason(rule: RuleId, verdict: Verdict, entry: KnowledgeEntry): Reason {
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
