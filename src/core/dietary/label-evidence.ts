/** @file What a label says, once for all rules. Pure. */
import type { LabelIngredient, ParsedLabel, TextSpan } from '../../contracts/dietary.ts';
import { findWords } from './find-words.ts';
import type { JudgeOptions } from './judge-options.ts';
import { findingsOf, type Finding } from './label-findings.ts';
import { problemsOf, type Problem } from './label-problems.ts';
import { findNegations } from './negations.ts';

/** All that rules are judged by. */
export interface Evidence {
  readonly label: ParsedLabel;
  readonly findings: readonly Finding[];
  readonly problems: readonly Problem[];
  /** Where the label says that something is not in it. */
  readonly denied: readonly TextSpan[];
  /** Allergen ids that the content database declares, as contents and as traces. */
  readonly declared: readonly string[];
  readonly traces: readonly string[];
  /** The label declares allergens somewhere, so that those of Japanese law may be expected to be complete. */
  readonly declaresAllergens: boolean;
  readonly itemCount: number;
}

/** @returns what the label and the content database say. */
export function labelEvidence(label: ParsedLabel, options: JudgeOptions): Evidence {
  const found = findWords(label.text);
  const denied = findNegations(label.text, found.entries);
  const items = flatten([...label.ingredients, ...label.additives]);
  const declared = options.declaredAllergens ?? [];
  return {
    label,
    findings: findingsOf(label, items, found.entries, denied),
    problems: problemsOf(label, items, found, denied, options),
    denied,
    declared,
    traces: options.declaredTraces ?? [],
    declaresAllergens: label.containsStatement.length > 0 || declared.length > 0 || items.some((item) => item.statedAllergens.length > 0),
    itemCount: items.length,
  };
}

function flatten(items: readonly LabelIngredient[]): LabelIngredient[] {
  return items.flatMap((item) => [item, ...flatten(item.children)]);
}
