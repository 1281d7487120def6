/** @file Labels made up at random from the reader's own vocabulary: the development set. Its figures flatter; `held-out-texts.ts` is the test. */
import lexicon from '../../../src/core/text/label-lexicon.json' with { type: 'json' };
import { ALLERGEN_WORDS, allergensOf, type LabelText } from './label-text.ts';
import type { Random } from './random.ts';

const ORIGINS = ['国内製造', '国産', '外国製造', 'アメリカ製造', 'タイ製造', '輸入', '北海道産', '遺伝子組換えでない'];
const STORAGE = [
  '直射日光・高温多湿を避けて保存してください。',
  '要冷蔵（10℃以下で保存）',
  '-18℃以下で保存してください。',
  '常温で保存してください。',
  '直射日光を避け、涼しい所に保存してください。',
];
const PLACES = [
  '東京都中央区日本橋1-2-3',
  '大阪府大阪市北区中之島4丁目5番6号',
  '埼玉県川越市南台1-10',
  '北海道小樽市銭函5-88',
  '福岡県久留米市宮ノ陣6-1',
  '新潟県上越市大潟区98',
];
const MAKERS = ['株式会社あさひ食品', '山田製菓株式会社', '有限会社みどり屋', '（株）フレンドフーズ', '北斗乳業株式会社', '丸山商店'];

/** @returns one label; the same for the same state of `random`. */
export function generateLabel(random: Random): LabelText {
  const main = random.sample(lexicon.ingredients, random.integer(5, 16)).map((term) => {
    if (random.chance(0.14)) return `${term}（${random.pick(ORIGINS)}）`;
    if (random.chance(0.12)) return `${term}（${random.sample(lexicon.ingredients, random.integer(2, 4)).join('、')}）`;
    return term;
  });
  const additives = random.chance(0.9) ? random.sample(lexicon.additives, random.integer(2, 8)).join('、') : null;
  const words = random.sample(
    Object.keys(ALLERGEN_WORDS).filter((word) => word !== '乳'),
    random.integer(1, 6),
  );
  const statement = random.chance(0.85) ? `（一部に${words.join('・')}を含む）` : '';
  const others = random.sample(Object.keys(ALLERGEN_WORDS), random.integer(1, 3)).join('・');
  return {
    title: '',
    before: [['名称', random.pick(lexicon.names)]],
    ingredients: main.join('、'),
    additives,
    separator: random.chance(0.8) ? '／' : random.chance(0.5) ? '/' : 'row',
    statement,
    after: [
      ['内容量', `${random.integer(3, 60) * 10}${random.pick(['g', 'ml'])}`],
      ['賞味期限', random.chance(0.5) ? '枠外下部に記載' : `2027.${random.integer(1, 12)}.${random.integer(1, 28)}`],
      ['保存方法', random.pick(STORAGE)],
      [random.pick(['製造者', '販売者', '加工者']), `${random.pick(MAKERS)}\u3000${random.pick(PLACES)}`],
    ],
    notes: random.chance(0.4) ? [`本品製造工場では${others}を含む製品を生産しています。`] : [],
    nutrition: random.chance(0.5)
      ? {
          per: `栄養成分表示（${random.pick(['100g', '1袋', '1食', '1個'])}当たり）`,
          rows: [
            ['エネルギー', `${random.integer(10, 620)}kcal`],
            ['たんぱく質', `${(random.next() * 20).toFixed(1)}g`],
            ['脂質', `${(random.next() * 40).toFixed(1)}g`],
            ['炭水化物', `${(random.next() * 80).toFixed(1)}g`],
            ['食塩相当量', `${(random.next() * 3).toFixed(2)}g`],
          ],
        }
      : null,
    allergens: [...new Set(allergensOf(statement))],
  };
}
