/** @file What a Japanese label's sentences on mixing and on shared factories name. Pure. */
import type { StatedAllergen } from '../../../contracts/dietary.ts';
import { isMaskedSpan, spanOf, type LabelContext, type Region } from './label-context.ts';
import { allergensInSentence } from '../stated-allergens.ts';

const SENTENCE_START =
  /(?:本|当)(?:製品|商品|品|工場|社)|弊社|この(?:製品|商品|工場|製造)|同[じー一](?:の)?(?:製造|生産)?(?:工場|ライン|設備|施設|機械)|製造(?:工場|ライン|設備|施設|所では)|生産(?:工場|ライン|設備)|共[通用有](?:の)?(?:設備|ライン|機械|工場)|※|\*/g;
const FACTORY = /工場|ライン|設備|施設|機械|共[通用有]|製造所/;
const MIXED = /混入|混ざ|混じ|混獲|コンタミ|可能性|捕食|食べて(?:い|お)|生息|付着|移行|限りません/;
const HANDLED = /含[むんみ]|使用|生産|製造|取り?扱|加工|作って/;

/** Allergens that may have got in, by what is said of them. */
export interface MixingSentences {
  readonly mayContain: StatedAllergen[];
  readonly sharedFactory: StatedAllergen[];
}

/** Sentences outside the list that speak of mixing or of a shared factory. */
export function readMixingSentences(context: LabelContext, list: readonly Region[] | null): MixingSentences {
  const mayContain: StatedAllergen[] = [];
  const sharedFactory: StatedAllergen[] = [];
  const isInList = (index: number) => list?.some((region) => index >= region.from && index < region.to) ?? false;
  for (const sentence of sentencesOf(context, isInList)) {
    const body = context.folded.text.slice(sentence.from, sentence.to);
    const isMixed = MIXED.test(body);
    const isFactory = FACTORY.test(body) && HANDLED.test(body);
    if (!isMixed && !isFactory) continue;
    // `しらすは、えび・かにが混ざる漁法で…`: the subject is the ingredient itself.
    const subject = /漁|採[取捕]|捕食|食べて/.test(body) ? /は[、]?/.exec(body) : null;
    const predicate = subject === null ? sentence : { from: sentence.from + subject.index + subject[0].length, to: sentence.to };
    if (predicate.from >= predicate.to) continue;
    const items = allergensInSentence(context.text, spanOf(context, predicate), context.words).filter(
      (item) => !isMaskedSpan(context, item.span),
    );
    // `同じ工場で小麦を使用しているため混入の可能性` is about the factory as much as about mixing: the stronger wording decides.
    if (isMixed && !isFactory) mayContain.push(...items);
    else if (isFactory && !/漁|採[取捕]|捕食|食べて/.test(body)) sharedFactory.push(...items);
    else mayContain.push(...items);
  }
  return { mayContain, sharedFactory };
}

function sentencesOf(context: LabelContext, isInList: (index: number) => boolean): Region[] {
  const { text } = context.folded;
  const cuts: Region[] = [];
  let from = 0;
  const close = (to: number) => {
    if (to > from) cuts.push({ from, to });
    from = to;
  };
  for (let at = 0; at < text.length; at++) {
    if (isInList(at) !== isInList(Math.max(0, at - 1))) close(at);
    if (text[at] === '。' || text[at] === '※' || text[at] === '●' || text[at] === '■') {
      close(at);
      continue;
    }
    // A sentence's polite end, when the full stop was lost.
    const polite = /^(?:ます|ません|ください|です)(?![がのか、ので])/.exec(text.slice(at, at + 8));
    if (polite !== null) close(Math.min(text.length, at + polite[0].length));
  }
  close(text.length);
  return cuts
    .filter((cut) => !isInList(cut.from))
    .map((cut) => {
      const body = text.slice(cut.from, cut.to);
      const first = [...body.matchAll(SENTENCE_START)][0];
      return first === undefined ? cut : { from: cut.from + first.index, to: cut.to };
    });
}
