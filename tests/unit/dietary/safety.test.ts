/** The safety property: no `suits` when a forbidden ingredient stands in the text, however the text is written. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RuleId } from '../../../src/contracts/dietary.ts';
import { judge } from '../../../src/core/dietary/judge.ts';
import { allergens, knowledge } from '../../../src/core/dietary/knowledge.ts';
import { parseLabel } from '../../../src/core/dietary/parse-label.ts';

const FORBIDDEN: Readonly<Record<string, readonly string[]>> = {
  halal: ['豚肉', 'ラード', 'ポークエキス', '清酒', 'みりん', '赤ワイン', 'ベーコン', '豚脂', 'ラム酒', 'とんこつ', '酒粕', 'チャーシュー'],
  'no-pork': ['豚肉', 'ラード', 'ポークエキス', 'ベーコン', 'ロースハム', '豚ゼラチン', '豚レバー'],
  'no-alcohol': ['酒精', 'アルコール', '清酒', 'みりん', '洋酒', 'ブランデー', '赤ワイン', 'ビール'],
  vegan: [
    '卵白',
    'バター',
    '脱脂粉乳',
    'はちみつ',
    'かつお節',
    '鶏肉',
    'ゼラチン',
    'コチニール',
    'カゼインNa',
    'ホエイパウダー',
    '牛脂',
    'えび',
  ],
  vegetarian: ['かつおエキス', '鶏肉', 'ゼラチン', 'チキンエキス', '牛肉', 'えび', '魚醤', '動物油脂'],
  pescatarian: ['鶏肉', 'チキンエキス', '牛脂', '豚肉', '動物油脂'],
  'gluten-free': ['小麦粉', '大麦', 'ライ麦粉', 'パン粉', '麦芽エキス', 'うどん', '小麦たん白'],
  'allergen:egg': ['卵黄', '全卵', 'たまご', '液卵白', 'マヨネーズ', '厚焼玉子'],
  'allergen:milk': ['バター', '脱脂粉乳', '乳糖', 'ホエイ', 'チーズ', '生クリーム', '練乳'],
  'allergen:peanut': ['落花生', 'ピーナッツバター', 'ピーナツ'],
  'allergen:shrimp': ['えび', 'エビ', '桜えび', '海老'],
};
const HARMLESS = [
  '米',
  '砂糖',
  '食塩',
  'にんじん',
  'たまねぎ',
  '植物油脂',
  'トマト',
  '昆布',
  'りんご',
  'しいたけ',
  '寒天',
  '馬鈴薯',
  'こしょう',
];

/** The same list as packs and readers write it. */
const writing = fc.record({
  separator: fc.constantFrom('、', '，', ',', '､', '、 ', '、\n'),
  brackets: fc.constantFrom(['（', '）'], ['(', ')'], ['［', '］'], ['〔', '〕'], ['【', '】'], ['「', '」']),
  heading: fc.constantFrom('原材料名：', '原材料名 ', '【原材料名】', '原材料：', '原材料名\n', ''),
  breakEvery: fc.integer({ min: 2, max: 40 }),
  end: fc.constantFrom('\n内容量：10g', '\n賞味期限：枠外', '', '\n【保存方法】常温'),
  note: fc.constantFrom('', '国産', 'アメリカ産', '国内製造'),
  wrap: fc.constantFrom('none', 'compound', 'compound-twice', 'slash'),
});

const rules = Object.keys(FORBIDDEN) as RuleId[];

const labelWith = fc.constantFrom(...rules).chain((rule) =>
  fc.record({
    rule: fc.constant(rule),
    forbidden: fc.constantFrom(...FORBIDDEN[rule]!),
    before: fc.array(fc.constantFrom(...HARMLESS), { maxLength: 6 }),
    after: fc.array(fc.constantFrom(...HARMLESS), { maxLength: 6 }),
    writing,
  }),
);

function write(one: {
  forbidden: string;
  before: readonly string[];
  after: readonly string[];
  writing: { separator: string; brackets: readonly string[]; heading: string; breakEvery: number; end: string; note: string; wrap: string };
}): string {
  const { writing: how } = one;
  const [open, close] = how.brackets as readonly [string, string];
  const noted = how.note === '' ? one.forbidden : `${one.forbidden}${open}${how.note}${close}`;
  const compound =
    how.wrap === 'compound'
      ? `ソース${open}砂糖、${noted}${close}`
      : how.wrap === 'compound-twice'
        ? `ソース${open}たれ${open}${noted}、食塩${close}、砂糖${close}`
        : noted;
  const slash = how.wrap === 'slash' ? '／' : how.separator;
  const parts = [...one.before];
  const list = [parts.join(how.separator), [compound, ...one.after].join(how.separator)]
    .filter((part) => part !== '')
    .join(parts.length > 0 ? slash : '');
  const broken = Array.from(list, (character, index) => (index > 0 && index % how.breakEvery === 0 ? `${character}\n` : character)).join(
    '',
  );
  return `${how.heading}${broken}${how.end}`;
}

describe('safety', { timeout: 60_000 }, () => {
  it('never calls a label fine that holds a forbidden ingredient', () => {
    fc.assert(
      fc.property(labelWith, (one) => {
        const text = write(one);
        const { verdict } = judge(parseLabel(text), [{ id: 'p', name: 'P', rules: [one.rule] }], {
          basis: 'edited',
          contentsUpdatedAtMs: null,
        }).people[0]!;
        expect([text, verdict]).not.toEqual([text, 'suits']);
      }),
      { numRuns: 500 },
    );
  });

  it('says avoid when the list has its heading and its words are whole', () => {
    fc.assert(
      fc.property(labelWith, (one) => {
        const text = write({ ...one, writing: { ...one.writing, heading: '原材料名：' } });
        const { verdict } = judge(parseLabel(text), [{ id: 'p', name: 'P', rules: [one.rule] }], {
          basis: 'edited',
          contentsUpdatedAtMs: null,
        }).people[0]!;
        // What only usually brings the allergen along may end as check.
        expect([text, verdict]).toEqual([text, 'avoid']);
      }),
      { numRuns: 500 },
    );
  });

  it('finds every allergen that a statement of Japanese law declares, however it is written', () => {
    const declarable = allergens().filter((allergen) => allergen.japan !== 'none');
    const statement = fc.record({
      chosen: fc.uniqueArray(fc.constantFrom(...declarable), { minLength: 1, maxLength: 6 }),
      form: fc.constantFrom('（一部に#を含む）', '(一部に#を含む)', '（原材料の一部に#を含む）', '、（一部に#を含む。）'),
      joint: fc.constantFrom('・', '、', '･', '，'),
      breakEvery: fc.integer({ min: 2, max: 30 }),
    });
    fc.assert(
      fc.property(statement, ({ chosen, form, joint, breakEvery }) => {
        const names = chosen.map((allergen) => (allergen.id === 'milk' ? '乳成分' : allergen.names.ja));
        const list = `米、食塩／香料、${form.replace('#', names.join(joint))}`;
        const text = `原材料名：${Array.from(list, (character, index) => (index % breakEvery === breakEvery - 1 ? `${character}\n` : character)).join('')}\n内容量：10g`;
        const found = new Set(parseLabel(text).containsStatement.map((stated) => stated.id));
        for (const allergen of chosen) expect([text, allergen.id, found.has(allergen.id)]).toEqual([text, allergen.id, true]);
      }),
      { numRuns: 300 },
    );
  });

  it('declares by every word of the allergen list', () => {
    for (const allergen of knowledge().allergens.values())
      for (const name of allergen.names.ja) {
        const text = `原材料名：米、${name}、食塩\n内容量：10g`;
        const { verdict } = judge(parseLabel(text), [{ id: 'p', name: 'P', rules: [`allergen:${allergen.id}`] }], {
          basis: 'edited',
          contentsUpdatedAtMs: null,
        }).people[0]!;
        expect([allergen.id, name, verdict]).toEqual([allergen.id, name, 'avoid']);
      }
  });

  it('survives any text, with spans inside it', () => {
    const piece = fc.constantFrom(
      '原材料名',
      '：',
      '（',
      '）',
      '(',
      ')',
      '、',
      '／',
      '\n',
      '一部に',
      'を含む',
      '卵',
      '小麦',
      'ﾊﾟ',
      '゛',
      '\ud83c\udf63',
      '【',
      '】',
      'Ingredients:',
      'contains',
      'milk',
      ',',
      '.',
      'free',
      '不使用',
      '本製品',
      '工場',
      'E471',
      '\u3099',
      '・',
      '添加物',
      '内容量',
      ' ',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(piece, { maxLength: 60 }).map((parts) => parts.join('')),
          fc.string({ unit: 'binary', maxLength: 200 }),
        ),
        (text) => {
          const label = parseLabel(text);
          const result = judge(label, [{ id: 'p', name: 'P', rules: ['halal', 'vegan', 'allergen:egg', 'word:卵', 'gluten-free'] }], {
            basis: 'label',
            contentsUpdatedAtMs: null,
          });
          for (const reason of result.people[0]!.reasons) {
            if (reason.span === null) continue;
            expect(reason.span.start).toBeGreaterThanOrEqual(0);
            expect(reason.span.end).toBeLessThanOrEqual(text.length);
            if (reason.quote !== '' && reason.knowledgeId !== null)
              expect(text.slice(reason.span.start, reason.span.end)).toBe(reason.quote);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
