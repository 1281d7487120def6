/** @file Where a Japanese ingredient list ends: at the next heading or at the sentences behind it. Pure. */
import { bracketDepths } from './brackets.ts';
import type { LabelContext } from './label-context.ts';

/** Headings that end the list wherever they stand. */
const STRONG_END =
  /内容(?:総)?量|固形量|賞味期[限間]|消費期[限間]|製造年月日|保存(?:方法|温度)|製造(?:者|所(?!では)|元)|販売(?:者|元|所)|加工(?:者|所)|輸入(?:者|元)|栄養成分|原料原産地名?|お客様|使用上の注意|調理方法|召し?上がり方|開封後/g;
/** Words that end the list only outside brackets or at the start of a line. */
const WEAK_END =
  /原産国|名称|品名|種類別|殺菌|(?:本|当)(?:製品|商品|品|工場|社)|この(?:製品|商品|工場)|同[じー一](?:の)?(?:製造|生産)?(?:工場|ライン|設備|施設|機械)|製造(?:工場|ライン)|生産(?:工場|ライン)|アレル[ギゲ]|特定原材料|※|熱量|エネルギー|直射日光|注意|無脂乳固形分|乳脂肪分(?!加工)|(?:http|www|tel|jan)/g;

/** @returns folded index behind the list that begins at `from`; the text's length when nothing ends it. */
export function listEnd(context: LabelContext, from: number): number {
  const { text } = context.folded;
  const depths = bracketDepths(text, from);
  let end = text.length;
  for (const match of text.slice(from).matchAll(STRONG_END)) {
    const at = from + match.index;
    const after = at + match[0].length;
    // `【内容量】` is a heading in brackets of its own.
    const isBracketed = text[at - 1] === '(' && /^名?\)/.test(text.slice(after, after + 2));
    // `(製造者…)` inside a list does not exist, but `(国内製造)、…` does: only whole headings count, and in brackets only at a line's start.
    if (!isBracketed && depths[at - from]! > 0 && !context.isLineStart[at] && !isFollowedByColon(text, after)) continue;
    end = isBracketed ? at - 1 : at;
    break;
  }
  for (const match of text.slice(from, end).matchAll(WEAK_END)) {
    const at = from + match.index;
    if (context.isMasked[at]) continue;
    const previous = text[at - 1];
    const after = at + match[0].length;
    const isBracketed = previous === '(' && /^名?\)/.test(text.slice(after, after + 2)) && depths[at - from]! === 1;
    const isStart = context.isLineStart[at] === true || previous === ')' || previous === '。' || previous === '※';
    if (!isBracketed && (match[0] === '※' ? depths[at - from]! > 0 : !isStart || (depths[at - from]! > 0 && !context.isLineStart[at])))
      continue;
    end = Math.min(end, isBracketed ? at - 1 : at);
    break;
  }
  return end;
}

function isFollowedByColon(text: string, at: number): boolean {
  return /^[名)]?:/.test(text.slice(at, at + 2));
}
