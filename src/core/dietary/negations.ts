/** @file Places where a label says that something is *not* in it. Pure. */
import type { TextSpan } from '../../contracts/dietary.ts';
import { foldedIndex, foldText } from './folded-text.ts';
import type { FoundWord } from './find-words.ts';

const JAPANESE_SUFFIX = /不使用|未使用|無添加|無配合|フリー(?!ズ)|ゼロ|(?:を)?除去済?/g;
const JAPANESE_SENTENCE =
  /(?:は|を|も|が)?(?:一切|全く)?(?:原材料に|原料に)?(?:は)?(?:使用|使って|含有|配合|添加|含んで|含まれて|入って|入れて|用いて)(?:は)?(?:して|されて)?(?:い|お|おり)?(?:ません|ない|りません)|(?:は|を|も)?(?:一切)?含(?:みません|まない|まれません|まれない)/g;
const JAPANESE_LINK = /(?:・|、|や|及び|および|並びに|と|等|など|その他|類|成分|由来|の|原材料|原料|製品|\d+品目)+$/;
const ENGLISH_AFTER = /^[ ]?(?:free\b|is not used|are not used|not added)/;
const ENGLISH_BEFORE =
  /(?:\bfree (?:from|of)|\bno(?: added)?|\bwithout(?: added)?|\bcontains no|\bdoes not contain(?: any)?|\bnot contain(?: any)?|\bmade without|\bnon|\bdevoid of|\bexcluding|\bohne|\bsans)(?:[ ](?:any|the))?[ ]$/;

/**
 * @param text label text, unmodified.
 * @param words known words of `text`.
 * @returns spans of the words that are denied (`卵不使用`, `小麦は使用していません`, `milk free`, `contains no egg`); only words right at the
 * denial, so that a denial in the middle of a list never hides the ingredients before it.
 */
export function findNegations(text: string, words: readonly FoundWord[]): readonly TextSpan[] {
  return [...japaneseNegations(text, words), ...latinNegations(text, words)];
}

function japaneseNegations(text: string, words: readonly FoundWord[]): TextSpan[] {
  const folded = foldText(text, 'plain');
  const spans: TextSpan[] = [];
  for (const [pattern, isSentence] of [
    [JAPANESE_SUFFIX, false],
    [JAPANESE_SENTENCE, true],
  ] as const)
    for (const match of folded.text.matchAll(pattern)) {
      const denialEnd = folded.ends[match.index + match[0].length - 1]!;
      let at = match.index;
      let earliest: number | null = null;
      while (at > 0) {
        const offset = folded.ends[at - 1]!;
        const word = longestEndingAt(words, offset);
        if (word !== null && (earliest === null || !isSentence || word.entry.isAllergen)) {
          earliest = word.span.start;
          at = foldedIndex(folded, word.span.start);
          continue;
        }
        const link = JAPANESE_LINK.exec(folded.text.slice(0, at))?.[0];
        if (link === undefined) break;
        // `…砂糖、卵不使用` denies egg only; `卵、乳を使用していません` denies both.
        if (!isSentence && link.includes('、')) break;
        at -= link.length;
      }
      if (earliest === null) continue;
      spans.push({
        start: isListRun(folded.text, at)
          ? (longestEndingAtDenial(words, folded.ends[match.index - 1]!)?.span.start ?? earliest)
          : earliest,
        end: denialEnd,
      });
    }
  return spans;
}

/** A run of words that reaches back to a heading's colon or follows an ingredient may be the ingredient list itself. */
function isListRun(folded: string, at: number): boolean {
  return at > 0 && /[:、)名]/.test(folded[at - 1]!);
}

function longestEndingAtDenial(words: readonly FoundWord[], offset: number): FoundWord | null {
  return longestEndingAt(words, offset);
}

function longestEndingAt(words: readonly FoundWord[], offset: number): FoundWord | null {
  let best: FoundWord | null = null;
  for (const word of words) if (word.span.end === offset && (best === null || word.span.start < best.span.start)) best = word;
  return best;
}

function latinNegations(text: string, words: readonly FoundWord[]): TextSpan[] {
  const folded = foldText(text, 'words');
  const spans: TextSpan[] = [];
  const isDenied = new Set<FoundWord>();
  const sorted = [...words].sort((a, b) => a.span.start - b.span.start);
  for (const word of sorted) {
    const from = foldedIndex(folded, word.span.start);
    const to = foldedIndex(folded, word.span.end - 1) + 1;
    const after = ENGLISH_AFTER.exec(folded.text.slice(to, to + 24));
    // `lactose free milk` denies lactose, not the milk behind it; `milk free from …` denies nothing before it.
    if (after !== null && !/^[ ]?free (?:from|of|range)/.test(folded.text.slice(to, to + 12))) {
      spans.push({ start: word.span.start, end: folded.ends[to + after[0].length - 1]! });
      isDenied.add(word);
      continue;
    }
    const before = ENGLISH_BEFORE.exec(folded.text.slice(0, from));
    if (before !== null) {
      spans.push({ start: folded.starts[before.index]!, end: word.span.end });
      isDenied.add(word);
      continue;
    }
    // `contains no egg, milk or wheat`: the denial runs on over "or" only. A bare comma may as well lead to the
    // next ingredient (`no added sugar, milk`).
    const previous = [...isDenied].at(-1);
    if (
      previous !== undefined &&
      /^[ ]?、?[ ]?(?:or|nor|oder|ou)[ ]$/.test(folded.text.slice(foldedIndex(folded, previous.span.end - 1) + 1, from)) &&
      isRunOfDenial(spans, previous)
    ) {
      spans.push({ start: word.span.start, end: word.span.end });
      isDenied.add(word);
    }
  }
  return spans;
}

/** Only a denial that stands before its words runs on; `milk free, egg` does not deny egg. */
function isRunOfDenial(spans: readonly TextSpan[], previous: FoundWord): boolean {
  return spans.some((span) => span.end === previous.span.end);
}
