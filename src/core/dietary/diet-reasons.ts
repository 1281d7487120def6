/** @file What a label means for one diet. Pure. */
import type { Diet, Reason, Verdict } from '../../contracts/dietary.ts';
import { databaseReason } from './database-reason.ts';
import { findingReason } from './finding-reason.ts';
import { GLUTEN_WHY, glutenVerdict } from './gluten.ts';
import { knowledge, type BothLanguages, type KnowledgeEntry } from './knowledge.ts';
import type { Evidence } from './label-evidence.ts';
import { FLAVOUR_WHY, softWhy } from './soft-evidence.ts';
import { resolveOrigin } from './stated-origin.ts';
import { SEVERITY } from './verdict-severity.ts';

/** @returns reasons in the order of the findings, then those of the content database. */
export function dietReasons(diet: Diet, evidence: Evidence): Reason[] {
  const reasons: Reason[] = [];
  for (const finding of evidence.findings) {
    const { entry } = finding;
    const soft = softWhy(finding.place);
    const gluten = diet === 'gluten-free' ? glutenVerdict(entry, evidence, finding) : 'suits';
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
    if (finding.place === 'label' && verdict !== 'avoid') continue;
    if (soft !== null && verdict !== 'suits') {
      why = soft;
      verdict = 'check';
    }
    if (soft !== null && verdict === 'suits') continue;
    if (verdict === 'suits' && entry.why === null && !(entry.perDiet[diet] === 'check')) continue;
    if (verdict === 'suits' && entry.perDiet[diet] === 'suits' && !isRelevantNote(entry, diet)) continue;
    reasons.push(findingReason(diet, verdict, finding, why));
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
  return reasons;
}

/** A `suits` note is shown only for what people commonly take for forbidden (the entry names it in `not`). */
function isRelevantNote(entry: KnowledgeEntry, diet: Diet): boolean {
  return entry.not.some((id) => knowledge().entries.get(id)?.perDiet[diet] === 'avoid');
}

function whyOf(entry: KnowledgeEntry, diet: Diet): BothLanguages {
  if (entry.why !== null) return entry.why;
  const ofClass = knowledge().classes[entry.classId];
  return ofClass?.why[diet] ?? ofClass?.why.all ?? { en: ofClass?.meaning.en ?? '', ja: ofClass?.meaning.ja ?? '' };
}
