/** @file What a Japanese label's allergen statements name: `一部に小麦・卵を含む`. Pure. */
import type { StatedAllergen, TextSpan } from '../../../contracts/dietary.ts';
import { isMaskedSpan, mask, spanOf, toRegion, type LabelContext } from './label-context.ts';
import { statedAllergens } from '../stated-allergens.ts';

const CONTAINS_PATTERNS: readonly RegExp[] = [
  // 一 is often read as a dash, 部 as 郎, に as ニ or c.
  /\(?(?:原材料の?)?[一ー-]部(?:に|ニ|には|として)([^。]{1,200}?)(?:を?(?:含[むみ有ん]|舎む|合む)(?:原材料)?(?:ます|でいます)?|\)|$)\)?/g,
  /\(?その他([^()。]{1,80}?)由来原材料(?:を)?含む\)?/g,
  /(?:アレルゲン|アレルギー(?:物質|表示|情報)?|特定原材料(?:等|及びそれに準ずるもの|に準ずるもの)?)(?:名)?(?:\([^)]{0,30}\))?(?:\d+品目(?:中)?)?[):]+([^。※]{1,200}?)(?=。|※|$|内容量|賞味期限|保存方法|製造者|販売者|栄養成分|本品|本製品|名称|原材料名)/g,
  /(?:本品|本製品|この製品|この商品|本商品)(?:に)?(?:は|には)([^。()]{1,120}?)(?:が含まれて(?:い|お)|を含(?:みます|んで(?:い|お)))(?:ます|ります)?/g,
];
const CROSS = /^[×✕xX✗\-ー—]$/;

/** @returns what they name, by wording, not in the label's order; masks them, as they may stand in the list. */
export function readContainsStatements(context: LabelContext): StatedAllergen[] {
  const found: StatedAllergen[] = [];
  for (const pattern of CONTAINS_PATTERNS)
    for (const match of context.folded.text.matchAll(pattern)) {
      const body = match[1]!;
      const from = match.index + match[0].indexOf(body);
      const region = { from, to: from + body.length };
      if (/工場|ライン|設備|施設|製品を(?:生産|製造)/.test(match[0])) continue;
      if (context.isMasked[from] === true && context.isMasked[region.to - 1] === true) continue;
      const isSpecific = pattern === CONTAINS_PATTERNS[2];
      const items = statedAllergens(context.text, spanOf(context, region), context.words).filter(
        (item) => !isMaskedSpan(context, item.span),
      );
      // A heading such as `アレルゲン：` is followed by allergens or by a table with marks; anything else is another heading's text.
      const kept = isSpecific ? items.filter((item) => item.id !== null && !isCrossedOut(context, item.span)) : items;
      if (isSpecific && kept.length === 0) continue;
      found.push(...kept);
      if (!isSpecific && !/含|舎|合/.test(match[0])) context.incomplete.add('statement-cut-off');
      if (!isSpecific) mask(context, { from: match.index, to: match.index + match[0].length });
      else mask(context, { from: match.index, to: toRegion(context, kept.at(-1)!.span).to });
    }
  return found;
}

/** `卵×`: a table's mark for what is not in it. */
function isCrossedOut(context: LabelContext, span: TextSpan): boolean {
  const next = context.folded.text[toRegion(context, span).to];
  return next !== undefined && CROSS.test(next);
}
