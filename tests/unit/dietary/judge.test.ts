import { describe, expect, it } from 'vitest';
import type { Person, RuleId } from '../../../src/contracts/dietary.ts';
import { judge } from '../../../src/core/dietary/judge.ts';
import type { JudgeOptions } from '../../../src/core/dietary/judge-options.ts';
import { parseLabel } from '../../../src/core/dietary/parse-label.ts';

const OPTIONS: JudgeOptions = { basis: 'edited', contentsUpdatedAtMs: 5 };
const person = (...rules: RuleId[]): Person => ({ id: 'p', name: 'P', rules });
const one = (text: string, rules: RuleId[], options: Partial<JudgeOptions> = {}) =>
  judge(parseLabel(text), [person(...rules)], { ...OPTIONS, ...options }).people[0]!;

const PACK = '名称：菓子\n原材料名：米（国産）、食塩、砂糖\n内容量：10g';

describe('judge', () => {
  it('gives each person a verdict of their own, in order', () => {
    const people: Person[] = [
      { id: 'a', name: 'A', rules: ['vegan', 'no-pork'] },
      { id: 'b', name: 'B', rules: ['allergen:egg'] },
    ];
    const result = judge(parseLabel('原材料名：米、豚肉、食塩\n内容量：1個'), people, OPTIONS);
    expect(result.people.map((verdict) => [verdict.personId, verdict.verdict])).toEqual([
      ['a', 'avoid'],
      ['b', 'suits'],
    ]);
    expect(result.contentsUpdatedAtMs).toBe(5);
    expect(new Set(result.people[0]!.reasons.filter((reason) => reason.verdict === 'avoid').map((reason) => reason.rule))).toEqual(
      new Set(['vegan', 'no-pork']),
    );
  });

  it('never says a bare suits', () => {
    const { verdict, reasons } = one(PACK, ['vegan']);
    expect(verdict).toBe('suits');
    expect(reasons).toHaveLength(1);
    expect(reasons[0]!.explanation.en).toMatch(/not a certificate/);
    expect(reasons[0]!.explanation.ja).toMatch(/認証ではありません/);
  });

  it('calls nothing fine for a person without rules', () => {
    expect(one(PACK, [])).toEqual({ personId: 'p', verdict: 'check', reasons: [] });
  });

  it('quotes exactly what stands on the label, across line breaks', () => {
    const text = '原材料名：米、ショート\nニング、食塩\n内容量：1個';
    const reason = one(text, ['halal']).reasons.find((candidate) => candidate.knowledgeId === 'shortening')!;
    expect(reason.quote).toBe('ショート\nニング');
    expect(text.slice(reason.span!.start, reason.span!.end)).toBe(reason.quote);
    expect(reason.source).not.toBeNull();
    expect(reason.meaning.ja).toBeTruthy();
  });

  it('sorts the worst first and repeats nothing', () => {
    const { reasons } = one('原材料名：米、香料、豚肉、香料、豚肉\n内容量：1個', ['halal']);
    expect(reasons.map((reason) => reason.verdict)).toEqual([...reasons.map((reason) => reason.verdict)].sort());
    expect(reasons.filter((reason) => reason.quote === '香料')).toHaveLength(1);
    expect(reasons.filter((reason) => reason.quote === '豚肉')).toHaveLength(1);
  });

  it('judges a list without heading as cut off when it was read from a photo only', () => {
    expect(one('米、食塩、砂糖', ['vegan'], { basis: 'label' }).verdict).toBe('check');
    expect(one('米、食塩、砂糖', ['vegan'], { basis: 'database' }).verdict).toBe('suits');
  });

  it('judges a photo whose list has no end as cut off', () => {
    expect(one('原材料名：米、食塩、砂糖', ['vegan'], { basis: 'label' }).verdict).toBe('check');
    expect(one(PACK, ['vegan'], { basis: 'label' }).verdict).toBe('suits');
  });

  it('calls nothing fine that was hard to read', () => {
    expect(one(PACK, ['vegan'], { basis: 'label', textConfidence01: 0.4 }).verdict).toBe('check');
    expect(one(PACK, ['vegan'], { basis: 'label', textConfidence01: 0.95 }).verdict).toBe('suits');
  });

  it('takes what the database declares into account', () => {
    const declared = one(PACK, ['allergen:egg', 'vegan'], { basis: 'database', declaredAllergens: ['egg'] });
    expect(declared.verdict).toBe('avoid');
    expect(
      declared.reasons
        .filter((reason) => reason.place === 'database')
        .map((reason) => reason.rule)
        .sort(),
    ).toEqual(['allergen:egg', 'vegan']);
    const traces = one(PACK, ['allergen:egg'], { basis: 'database', declaredTraces: ['egg'] });
    expect(traces.verdict).toBe('check');
  });

  it('finds the user’s own words whatever their width and kana', () => {
    expect(one('原材料名：米、ﾊﾟｸﾁｰ、食塩\n内容量：1個', ['word:ぱくちー']).verdict).toBe('avoid');
    expect(one(PACK, ['word:パクチー']).verdict).toBe('suits');
    expect(one('Ingredients: rice, Crème Fraîche, salt.', ['word:creme fraiche']).verdict).toBe('avoid');
    expect(one(`${PACK}\n同一工場でパクチーを使用した製品を製造しています。`, ['word:パクチー']).verdict).toBe('check');
  });

  it('tells the factory from the ingredients', () => {
    const { reasons } = one(`${PACK}\n本製品製造工場では、卵を含む製品を生産しています。`, ['allergen:egg']);
    expect(reasons.map((reason) => [reason.verdict, reason.place])).toEqual([['check', 'shared-factory']]);
  });

  it('never says fine about text that holds no list, or an unknown allergen', () => {
    expect(one('', ['vegan']).verdict).toBe('check');
    expect(one('新発売 おいしい野菜', ['halal'], { basis: 'label' }).verdict).toBe('check');
    expect(one(PACK, ['allergen:unobtainium']).verdict).toBe('check');
  });

  it('explains what is taken for something else', () => {
    const { verdict, reasons } = one('原材料名：米、焼きそば（小麦粉、食塩）、食塩\n内容量：1個', ['allergen:buckwheat']);
    expect(verdict).toBe('suits');
    expect(reasons.some((reason) => reason.quote === '焼きそば' && reason.verdict === 'suits')).toBe(true);
  });
});
