/** @file Where the additives of a Japanese ingredient list begin. Pure. */
import type { ParsedLabel } from '../../../contracts/dietary.ts';
import { bracketDepths } from './brackets.ts';
import { isMaskedSpan, spanOf, type LabelContext, type Region } from './label-context.ts';
import { holds } from '../text-span.ts';

/** What a reader of print may make of the ／ before the additives. */
export const SLASH_LOOKALIKE = /[|l1!7i丿ノ\\｜¦]/;

/** What parts additives from ingredients. */
export interface AdditiveBoundary {
  readonly kind: ParsedLabel['additiveSeparator'];
  /** Folded index at which additives begin; -1 when nothing parts them. */
  readonly at: number;
}

/** @param regions of the list. @returns the surest of its separators. */
export function findAdditiveBoundary(context: LabelContext, regions: readonly Region[]): AdditiveBoundary {
  const { text } = context.folded;
  if (regions.length > 1 && isAdditiveHeadingBefore(context, regions[1]!.from)) return { kind: 'heading', at: regions[1]!.from };
  for (const region of regions) {
    for (let at = region.from; at < region.to; at++) if (text[at] === '/' && !context.isMasked[at]) return { kind: 'slash', at };
    const depths = bracketDepths(text, region.from);
    for (let at = region.from + 1; at < region.to - 1; at++) {
      if (depths[at - region.from] !== 0 || context.isMasked[at]) continue;
      if (SLASH_LOOKALIKE.test(text[at]!) && isEndOfIngredient(context, at) && isStartOfAdditive(context, at + 1))
        return { kind: 'slash', at };
    }
    for (let at = region.from + 1; at < region.to - 1; at++) {
      if (depths[at - region.from] !== 0 || context.isMasked[at] || !context.isLineStart[at]) continue;
      if (/[、(・]/.test(text[at - 1]!)) continue;
      if (isEndOfIngredient(context, at) && isStartOfAdditive(context, at) && areMostlyAdditives(context, at, region.to))
        return { kind: 'line', at };
    }
  }
  return { kind: 'none', at: -1 };
}

function isAdditiveHeadingBefore(context: LabelContext, at: number): boolean {
  return /添加物(?:名)?[):]*$/.test(context.folded.text.slice(Math.max(0, at - 8), at));
}

function isEndOfIngredient(context: LabelContext, at: number): boolean {
  if (context.folded.text[at - 1] === ')') return true;
  const offset = context.folded.ends[at - 1]!;
  return context.words.some((word) => word.span.end === offset && !word.entry.additive);
}

function isStartOfAdditive(context: LabelContext, at: number): boolean {
  const offset = context.folded.starts[at];
  return offset !== undefined && context.words.some((word) => word.span.start === offset && word.entry.additive);
}

function areMostlyAdditives(context: LabelContext, from: number, to: number): boolean {
  const span = spanOf(context, { from, to });
  const inside = context.words.filter((word) => holds(span, word.span) && !isMaskedSpan(context, word.span));
  return inside.length > 0 && inside.filter((word) => word.entry.additive).length >= inside.length * 0.6;
}
