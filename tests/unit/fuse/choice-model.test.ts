import { describe, expect, it } from 'vitest';
import { choiceProbabilities, fitChoiceModel, type Choice } from '../../evaluate/choice-model.ts';
import { identificationMetrics, isLooseGoods, type IdentificationResult } from '../../evaluate/identification.ts';
import { retrievalMetrics } from '../../evaluate/retrieval.ts';

/** Deterministic draws in 0..1. */
function* draws(): Generator<number> {
  for (let state = 1; ;) {
    state = (state * 48271) % 2147483647;
    yield state / 2147483647;
  }
}

describe('fitChoiceModel', () => {
  it('finds the numbers that made the choices', () => {
    const truth = { weights: [6, 2], none: 3 };
    const random = draws();
    const next = (): number => random.next().value as number;
    const choices = Array.from({ length: 4000 }, (): Choice => {
      const alternatives = Array.from({ length: 4 }, () => [next(), next() > 0.7 ? 1 : 0]);
      let rest = next();
      const right = choiceProbabilities(truth, alternatives).findIndex((probability) => (rest -= probability) < 0);
      return { alternatives, right: right === 4 || right < 0 ? null : right, weight: 1 };
    });
    const { weights, none } = fitChoiceModel(choices, 2);
    expect(weights[0]).toBeCloseTo(6, 0);
    expect(weights[1]).toBeCloseTo(2, 0);
    expect(none).toBeCloseTo(3, 0);
  });

  it('gives a cue that speaks against what is right no weight', () => {
    const choices = Array.from({ length: 50 }, (): Choice => ({
      alternatives: [
        [0, 1],
        [1, 0],
      ],
      right: 0,
      weight: 1,
    }));
    expect(fitChoiceModel(choices, 2).weights[0]).toBe(0);
  });
});

describe('identificationMetrics', () => {
  const result = (change: Partial<IdentificationResult>): IdentificationResult => ({
    file: 'x',
    expected: 'a',
    group: 'packaged',
    got: ['a', 'b'],
    certainty: 'sure',
    probability01: 1,
    ms: 1,
    ...change,
  });

  it('counts ranks, groups, what sure is worth, and unknown products apart', () => {
    const metrics = identificationMetrics([
      result({}),
      result({ expected: 'b', group: 'loose', probability01: 0.5, certainty: 'likely' }),
      result({ expected: 'c', got: ['a'], probability01: 0.9 }),
      result({ expected: null, certainty: 'not-sure', probability01: 0.1 }),
    ]);
    expect(metrics).toMatchObject({ top1: 1 / 3, top1_loose: 0, top5_loose: 1, sure_precision: 0.5, sure_count: 2, unknown_not_sure: 1 });
    expect(metrics.top5).toBeCloseTo(2 / 3);
    expect(metrics.expected_calibration_error).toBeCloseTo((0 + 0.5 + 0.9 + 0.1) / 4);
  });

  it('says nothing of what was not seen', () => {
    expect(identificationMetrics([])).not.toHaveProperty('top1');
    expect(identificationMetrics([result({ certainty: 'not-sure' })])).not.toHaveProperty('sure_precision');
  });

  it('knows loose goods however they are written', () => {
    expect(['Apple', 'Red-Beet', 'red grapefruit', 'Juice', undefined].map(isLooseGoods)).toEqual([true, true, true, false, false]);
  });
});

describe('retrievalMetrics', () => {
  it('looks for the label among the first k', () => {
    const got = ['b', 'b', 'a', ...Array.from({ length: 7 }, () => 'c')];
    expect(retrievalMetrics([{ file: 'x', expected: 'a', got, ms: 1 }])).toEqual({ recall_at_1: 0, recall_at_5: 1, recall_at_10: 1 });
    expect(retrievalMetrics([])).toEqual({});
  });
});
