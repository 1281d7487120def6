/** @file Rows of a long list: only those in view are fetched, a few at a time, and what has left the view is passed over. */
import { expect, it } from 'vitest';
import { ShownRows, type RowsAtHand } from '../../../src/state/shown-rows.ts';

interface Row {
  readonly key: string;
  readonly text: string;
}

const keys = (from: number, count: number): string[] => Array.from({ length: count }, (_, i) => String(from + i));

function stand(gone: readonly string[] = []) {
  const asked: string[][] = [];
  const drawn: RowsAtHand<Row>[] = [];
  const values = new Map<string, string>();
  const waiting: (() => void)[] = [];
  const rows = new ShownRows<Row>(
    async (wanted) => {
      asked.push([...wanted]);
      await new Promise<void>((resolve) => waiting.push(resolve));
      return wanted.filter((key) => !gone.includes(key)).map((key) => ({ key, text: values.get(key) ?? `row ${key}` }));
    },
    ({ key }) => key,
    (now) => drawn.push(now),
  );
  /** Let one question be answered, and what follows from it happen. */
  const answer = async (): Promise<void> => {
    waiting.shift()?.();
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setTimeout(resolve, 0));
  };
  return { rows, asked, drawn, values, answer, now: () => drawn.at(-1) ?? new Map<string, Row | null>() };
}

it('fetches what is in view piece by piece, each row once', async () => {
  const { rows, asked, answer, now } = stand();
  rows.show(keys(0, 40));
  while (asked.flat().length < 40) await answer();
  await answer();
  expect(asked.flat()).toEqual(keys(0, 40));
  expect(Math.max(...asked.map(({ length }) => length))).toBeLessThanOrEqual(16);
  expect(now().get('39')?.text).toBe('row 39');
  rows.show(keys(0, 40));
  await answer();
  expect(asked.flat()).toHaveLength(40);
});

it('passes over what left the view before its turn came', async () => {
  const { rows, asked, answer, now } = stand();
  rows.show(keys(0, 100));
  for (let from = 1000; from < 9000; from += 1000) rows.show(keys(from, 100));
  for (let i = 0; i < 10; i++) await answer();
  expect(asked.flat().filter((key) => Number(key) >= 100 && Number(key) < 8000)).toEqual([]);
  expect(now().get('8099')?.text).toBe('row 8099');
});

it('asks once for rows that are gone, and keeps a limited number', async () => {
  const { rows, asked, answer, now } = stand(['3']);
  rows.show(keys(0, 5));
  await answer();
  expect([now().get('3'), asked]).toEqual([null, [keys(0, 5)]]);
  for (let from = 0; from < 2000; from += 50) {
    rows.show(keys(from, 50));
    for (let i = 0; i < 4; i++) await answer();
  }
  expect(now().size).toBeLessThan(800);
  expect(now().get('1999')?.text).toBe('row 1999');
});

it('looks again at what is in view, and draws only what is different', async () => {
  const { rows, drawn, values, answer, now } = stand();
  rows.show(keys(0, 3));
  await answer();
  const before = drawn.length;
  values.set('1', 'other');
  const refreshed = rows.refresh();
  await answer();
  await refreshed;
  expect([...now().values()].map((row) => row?.text)).toEqual(['row 0', 'other', 'row 2']);
  expect(drawn.length - before).toBe(2);
});
