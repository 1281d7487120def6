/** @file A Japanese label's text while it is taken apart: folded, its known words, and what is no part of the list. Pure. */
import type { TextSpan } from '../../../contracts/dietary.ts';
import { findWords, type FoundWord } from '../find-words.ts';
import { foldedIndex, foldText, type FoldedText } from '../folded-text.ts';
import { findNegations } from '../negations.ts';
import { holds } from '../text-span.ts';

/** What every part of the parser reads; reading masks what it has understood and notes what is missing. */
export interface LabelContext {
  readonly text: string;
  readonly folded: FoldedText;
  /** Folded index at which an original line begins. */
  readonly isLineStart: readonly boolean[];
  readonly words: readonly FoundWord[];
  /** Folded indices that are not part of the list (statements, denials). */
  readonly isMasked: boolean[];
  /** Codes of `incomplete-reason.ts`, as they are found. */
  readonly incomplete: Set<string>;
}

/** Half-open range of folded indices. */
export interface Region {
  readonly from: number;
  readonly to: number;
}

/** @param text as read, typed or stored. @returns it with what it denies masked. */
export function labelContext(text: string): LabelContext {
  const folded = foldText(text, 'plain');
  const { entries: words } = findWords(text);
  const context: LabelContext = {
    text,
    folded,
    isLineStart: lineStarts(text, folded),
    words,
    isMasked: new Array<boolean>(folded.text.length).fill(false),
    incomplete: new Set(),
  };
  for (const span of findNegations(text, words)) mask(context, toRegion(context, span));
  return context;
}

function lineStarts(text: string, folded: FoldedText): boolean[] {
  return folded.starts.map((start, index) => index === 0 || /[\n\r]/.test(text.slice(folded.ends[index - 1], start)));
}

/** Where a span of the text lies in the folded text. */
export function toRegion(context: LabelContext, span: TextSpan): Region {
  return { from: foldedIndex(context.folded, span.start), to: foldedIndex(context.folded, span.end - 1) + 1 };
}

/** Where a region of the folded text lies in the text. */
export function spanOf(context: LabelContext, region: Region): TextSpan {
  if (region.to <= region.from) {
    const at = context.folded.starts[region.from] ?? context.text.length;
    return { start: at, end: at };
  }
  return { start: context.folded.starts[region.from]!, end: context.folded.ends[region.to - 1]! };
}

/** Nothing in `region` is part of the list from now on. */
export function mask(context: LabelContext, region: Region): void {
  context.isMasked.fill(true, region.from, region.to);
}

/** What begins at `span` is no part of the list. */
export function isMaskedSpan(context: LabelContext, span: TextSpan): boolean {
  return context.isMasked[toRegion(context, span).from] ?? false;
}

/** A known word lies in `region`. */
export function hasWord(context: LabelContext, region: Region): boolean {
  const span = spanOf(context, region);
  return context.words.some((word) => holds(span, word.span));
}
