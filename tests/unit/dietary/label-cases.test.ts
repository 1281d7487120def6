import { describe, expect, it } from 'vitest';
import type { LabelIngredient, ParsedLabel, RuleId } from '../../../src/contracts/dietary.ts';
import { judge } from '../../../src/core/dietary/judge.ts';
import { parseLabel } from '../../../src/core/dietary/parse-label.ts';
import { ENGLISH_CASES, JAPANESE_CASES } from './label-cases.ts';

function flatten(items: readonly LabelIngredient[]): LabelIngredient[] {
  return items.flatMap((item) => [item, ...flatten(item.children)]);
}

function judged(label: ParsedLabel, rule: RuleId) {
  return judge(label, [{ id: 'p', name: 'P', rules: [rule] }], { basis: 'edited', contentsUpdatedAtMs: null }).people[0]!;
}

function ids(stated: readonly { id: string | null }[]): string[] {
  return [...new Set(stated.map((one) => one.id).filter((id) => id !== null))].sort();
}

describe.each([
  ['ja', JAPANESE_CASES],
  ['en', ENGLISH_CASES],
] as const)('labels (%s)', (_language, cases) => {
  describe.each(cases.map((one) => [one.name, one] as const))('%s', (_name, one) => {
    const label = parseLabel(one.text);

    it('has spans that quote the text', () => {
      for (const item of flatten([...label.ingredients, ...label.additives])) {
        const quoted = one.text.slice(item.span.start, item.span.end);
        expect(quoted.replace(/\s/g, '')).toContain(item.raw.replace(/\s/g, '').slice(0, 1));
        expect(item.span.end).toBeGreaterThan(item.span.start);
      }
      for (const stated of [...label.containsStatement, ...label.mayContain, ...label.sharedFactory])
        expect(one.text.slice(stated.span.start, stated.span.end)).toBe(stated.raw);
    });

    if (one.separator !== undefined) it('tells additives apart', () => expect(label.additiveSeparator).toBe(one.separator));
    if (one.ingredients !== undefined)
      it('lists the ingredients', () => expect(label.ingredients.map((item) => item.raw)).toEqual(one.ingredients));
    if (one.additives !== undefined)
      it('lists the additives', () => expect(label.additives.map((item) => item.raw)).toEqual(one.additives));
    if (one.isIncomplete !== undefined) it('knows whether it is complete', () => expect(label.isIncomplete).toBe(one.isIncomplete));
    if (one.mayContain !== undefined)
      it('finds may-contain lines', () => expect(ids(label.mayContain)).toEqual([...one.mayContain!].sort()));
    if (one.sharedFactory !== undefined)
      it('finds shared-factory lines', () => expect(ids(label.sharedFactory)).toEqual([...one.sharedFactory!].sort()));
    if (one.declares !== undefined)
      it('finds every declared allergen', () => {
        for (const id of one.declares!) expect([id, judged(label, `allergen:${id}`).verdict]).toEqual([id, 'avoid']);
      });
    for (const [rule, verdict] of Object.entries(one.verdicts ?? {}))
      it(`${rule}: ${verdict}`, () => {
        const result = judged(label, rule as RuleId);
        expect({
          verdict: result.verdict,
          reasons: result.reasons.map((reason) => `${reason.verdict} ${reason.place} ${reason.quote} ${reason.meaning.en ?? ''}`),
        }).toMatchObject({ verdict });
      });
  });
});
