import { describe, expect, it } from 'vitest';
import { shareTrends, trendsOf, type BayVisit } from '../../../../src/core/shelf/shelf-trend.ts';

const DAY = 86_400_000;
const dayOf = (atMs: number): number => Math.floor(atMs / DAY) * DAY;
const visit = (values: Partial<BayVisit>): BayVisit => ({
  ...{ shopId: 's', bayId: 'b1', atMs: 0, facings: 10, gaps: 0, compliance01: 1, shares: [{ key: 'x', linearShare01: 1 }] },
  ...values,
});

describe('trends', () => {
  it('adds up the bays of a shop by day', () => {
    const visits = [
      visit({ atMs: DAY + 5 }),
      visit({ atMs: 3 }),
      visit({ atMs: 9, bayId: 'b2', facings: 30, gaps: 10, compliance01: 0.5 }),
    ];
    expect(trendsOf(visits, 'facings', 'shop', dayOf)).toEqual([
      {
        key: 's',
        points: [
          { atMs: 0, value: 40 },
          { atMs: DAY, value: 10 },
        ],
      },
    ]);
    expect(trendsOf(visits, 'gap-rate', 'shop', dayOf)[0]?.points[0]).toEqual({ atMs: 0, value: 10 / 50 });
    expect(trendsOf(visits, 'compliance', 'shop', dayOf)[0]?.points[0]).toEqual({ atMs: 0, value: (10 + 15) / 40 });
    expect(trendsOf(visits, 'facings', 'bay', dayOf).map(({ key, points }) => [key, points.length])).toEqual([
      ['b1', 2],
      ['b2', 1],
    ]);
  });

  it('takes the last reading of a bay on a day, and leaves out what was not compared', () => {
    const visits = [visit({ atMs: 5, facings: 12 }), visit({ atMs: 1 }), visit({ atMs: DAY, compliance01: null })];
    expect(trendsOf(visits, 'facings', 'bay', dayOf)[0]?.points.map(({ value }) => value)).toEqual([12, 10]);
    expect(trendsOf(visits, 'compliance', 'bay', dayOf)[0]?.points).toHaveLength(1);
  });

  it('follows shares, 0 where a brand has gone', () => {
    const visits = [
      visit({
        shares: [
          { key: 'x', linearShare01: 0.75 },
          { key: 'y', linearShare01: 0.25 },
        ],
      }),
      visit({
        atMs: DAY,
        shares: [
          { key: 'x', linearShare01: 1 },
          { key: null, linearShare01: 0 },
        ],
      }),
    ];
    expect(shareTrends(visits, dayOf).map(({ key, points }) => [key, points.map(({ value }) => value)])).toEqual([
      ['x', [0.75, 1]],
      ['y', [0.25, 0]],
    ]);
  });
});
