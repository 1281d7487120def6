/** @file What names a thing without saying that it is in: traces, a shared factory, the rest of the pack, a flavour. Pure. */
import type { Reason } from '../../contracts/dietary.ts';
import type { BothLanguages } from './knowledge.ts';

/** Said of what is only the taste of it. */
export const FLAVOUR_WHY: BothLanguages = {
  en: 'Named as a flavour or likeness; the real thing may or may not be in it.',
  ja: '「風味」などの表現で、本物が使われているかどうかは表示から分かりません。',
};

const SOFT_WHY: Readonly<Partial<Record<Reason['place'], BothLanguages>>> = {
  'may-contain': {
    en: 'Not an ingredient: the label says that traces may be in it.',
    ja: '原材料ではありませんが、微量に混入する可能性があると表示されています。',
  },
  'shared-factory': {
    en: 'Not an ingredient: the label says that the same factory or line handles it.',
    ja: '原材料ではありませんが、同じ工場・ラインで扱っていると表示されています。',
  },
  label: { en: 'Named on the pack outside the ingredient list.', ja: '原材料名の欄の外に書かれています。' },
};

/** @returns why what stands at `place` is only to be checked; null where contents stand. */
export function softWhy(place: Reason['place']): BothLanguages | null {
  return SOFT_WHY[place] ?? null;
}
