/** @file What parts one item of a Japanese ingredient list from the next. Pure. */
import type { LabelContext, Region } from './label-context.ts';

/** A comma, or what a reader of print may make of it. */
export function isSeparator(text: string, at: number): boolean {
  const character = text[at]!;
  if (character === '、') return !(/\d/.test(text[at - 1] ?? '') && /\d/.test(text[at + 1] ?? ''));
  if (character === '。' || character === ';') return true;
  // 、 is often read as a full stop; a stop beside a letter or digit belongs to `V.C`, `1.5`.
  return character === '.' && !/[a-z0-9]/.test(text[at - 1] ?? '') && !/[a-z0-9]/.test(text[at + 1] ?? '');
}

/** `にんにく・しょうが` are two, `アスパルテーム・L-フェニルアラニン化合物` is one. */
export function isMiddleDotSeparator(context: LabelContext, at: number, region: Region): boolean {
  const offset = context.folded.starts[at]!;
  if (context.words.some((word) => word.span.start < offset && word.span.end > offset)) return false;
  const left = context.folded.ends[at - 1];
  const right = context.folded.starts[at + 1];
  if (at <= region.from || at + 1 >= region.to) return true;
  return (
    context.words.some((word) => word.span.end === left) ||
    context.words.some((word) => word.span.start === right) ||
    context.folded.text[at - 1] === ')'
  );
}

/** A line break where a separator was lost: a known word ends before it and another begins behind it. */
export function isImplicitBreak(context: LabelContext, nameFrom: number, at: number): boolean {
  const before = context.folded.ends[at - 1]!;
  const behind = context.folded.starts[at]!;
  if (context.words.some((word) => word.span.start < before && word.span.end > before && word.span.end > behind)) return false;
  const from = context.folded.starts[nameFrom]!;
  return (
    context.words.some((word) => word.span.end === before && word.span.start === from && !word.whole) &&
    context.words.some((word) => word.span.start === behind && word.span.end - word.span.start >= 2)
  );
}
