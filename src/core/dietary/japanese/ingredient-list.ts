/** @file Where the ingredient list of a Japanese label is. Pure. */
import { hasWord, type LabelContext, type Region } from './label-context.ts';
import { listEnd } from './list-end.ts';

const HEADING = /(?:食品)?原[材村林]?[料科科]名?(?:[(・、と]?(?:及び|および)?(?:食品)?添加物名?\)?)?[):]*/g;
const NOT_A_HEADING = /^(?:の|に|は|を|が|と|由来|原産|産地|高|費|メーカ|事情|一部|欄|等|や|も|で)/;
const ADDITIVE_HEADING = /(?:食品)?添加物(?:名)?[):]*/g;

/** @returns its parts in order, what stands under a heading of its own apart; null when there is no list. */
export function findIngredientList(context: LabelContext): readonly Region[] | null {
  const { text } = context.folded;
  const regions: Region[] = [];
  let hasHeading = false;
  for (const match of text.matchAll(HEADING)) {
    const start = match.index + match[0].length;
    const behind = text.slice(start, start + 4);
    if (context.isMasked[match.index] || /^(?:欄|は枠|に記載)/.test(behind)) continue;
    // `原材料名` is always the heading; `原材料の一部に…`, `原材料に含まれる…` are not.
    if (!/[名:)]$/.test(match[0]) && NOT_A_HEADING.test(behind)) continue;
    if (regions.some((region) => match.index >= region.from && match.index < region.to && !context.isLineStart[match.index])) continue;
    const hasName = /名/.test(match[0]) || /[:)]$/.test(match[0]);
    const previous = text[match.index - 1];
    if (!hasName && !context.isLineStart[match.index] && previous !== '(') continue;
    if (/特定$|アレルギー$/.test(text.slice(Math.max(0, match.index - 5), match.index))) continue;
    const end = listEnd(context, start);
    const region = trimRegion(context, { from: start, to: end });
    if (region.to - region.from < 1 || !hasWord(context, region)) continue;
    hasHeading = true;
    regions.push(...withAdditiveHeading(context, region));
    if (/[、・/(]/.test(text[Math.min(end, text.length) - 1] ?? '') && !context.isMasked[end - 1]) context.incomplete.add('cut-off');
    else if (end >= text.length && isCutOff(context, region)) context.incomplete.add('no-end');
  }
  if (hasHeading) return mergeRegions(regions);
  const bare = findBareList(context);
  return bare === null ? null : withAdditiveHeading(context, bare);
}

function mergeRegions(regions: readonly Region[]): Region[] {
  const sorted = [...regions].sort((a, b) => a.from - b.from);
  return sorted.filter((region, index) => index === 0 || region.from >= sorted[index - 1]!.to);
}

/** A list that runs to the end of the text ended on purpose only if its last words say so. */
function isCutOff(context: LabelContext, region: Region): boolean {
  const last = context.folded.text[region.to - 1];
  return !(last === ')' || last === '。') && !context.isMasked[region.to - 1];
}

function trimRegion(context: LabelContext, region: Region): Region {
  let { from, to } = region;
  while (from < to && /[:、。)|｜]/.test(context.folded.text[from]!)) from++;
  while (to > from && /[(・*]/.test(context.folded.text[to - 1]!) && !context.isMasked[to - 1]) to--;
  return { from, to };
}

/** Split at a separate `添加物` heading: the part behind it is additives. */
function withAdditiveHeading(context: LabelContext, region: Region): Region[] {
  const { text } = context.folded;
  for (const match of text.slice(region.from, region.to).matchAll(ADDITIVE_HEADING)) {
    const at = region.from + match.index;
    const behind = at + match[0].length;
    if (context.isMasked[at] || (!context.isLineStart[at] && !/:|\)$/.test(match[0]))) continue;
    if (/^(?:不|無|は|を|の|等|や|・)/.test(text.slice(behind, behind + 1))) continue;
    return [
      { from: region.from, to: text[at - 1] === '(' ? at - 1 : at },
      { from: behind, to: region.to },
    ].filter((part) => part.to > part.from);
  }
  return [region];
}

/** Text without a heading: a stored list, or a photo on which the heading was not read. */
function findBareList(context: LabelContext): Region | null {
  const { text } = context.folded;
  const lines: Region[] = [];
  for (let at = 0; at < text.length; at++)
    if (context.isLineStart[at]) {
      if (lines.length > 0) lines[lines.length - 1] = { from: lines.at(-1)!.from, to: at };
      lines.push({ from: at, to: text.length });
    }
  const isListLine = (line: Region) => {
    if (context.isMasked[line.from]) return false;
    return (
      /[、/(]/.test(text.slice(line.from, line.to)) &&
      hasWord(context, line) &&
      !/^(?:名称|品名|内容量|保存方法|賞味|製造者|販売者)/.test(text.slice(line.from, line.to))
    );
  };
  let first = lines.findIndex(isListLine);
  if (first < 0) {
    // One ingredient alone: `米`.
    if (lines.length !== 1 || !hasWord(context, lines[0]!) || text.length > 40 || context.isMasked[0]) return null;
    first = 0;
  }
  while (first > 0 && (text[lines[first]!.from] === '、' || text[lines[first - 1]!.to - 1] === '、')) first--;
  const from = lines[first]!.from;
  if (first > 0) context.incomplete.add('no-heading');
  const region = trimRegion(context, { from, to: listEnd(context, from) });
  return region.to > region.from && hasWord(context, region) ? region : null;
}
