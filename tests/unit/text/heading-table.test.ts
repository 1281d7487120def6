import { describe, expect, it } from 'vitest';
import { headingLength, readHeadingTable, type ReadLine } from '../../../src/core/text/heading-table.ts';

const line = (text: string, x0: number, y: number, x1: number): ReadLine => ({
  text,
  box: { x0, y0: y - 10, x1, y1: y + 10 },
  leftY: y,
  rightY: y,
});
const textsOf = (lines: readonly ReadLine[]): string[] => readHeadingTable(lines).map((i) => lines[i]!.text);

describe('headingLength', () => {
  it.each([
    ['名称', 2],
    ['名 称 菓子', 3],
    ['原材料名 小麦', 4],
    ['種類別名称', 5],
    ['小麦粉', 0],
  ])('%s → %i', (text, length) => {
    expect(headingLength(Array.from(text))).toBe(length);
  });
});

describe('readHeadingTable', () => {
  it('puts a heading that stands beside the middle of its value before it', () => {
    const lines = [
      line('菓子', 120, 20, 300),
      line('小麦粉、', 120, 60, 300),
      line('砂糖、', 120, 84, 300),
      line('食塩', 120, 108, 300),
      line('名称', 10, 20, 60),
      line('原材料名', 10, 84, 100),
      line('内容量', 10, 148, 80),
      line('10g', 120, 148, 160),
    ];
    expect(textsOf(lines)).toEqual(['名称', '菓子', '原材料名', '小麦粉、', '砂糖、', '食塩', '内容量', '10g']);
  });

  it('reads values that begin beside their heading and wrap below it', () => {
    const lines = [
      line('名称', 10, 20, 60),
      line('菓子', 120, 20, 300),
      line('原材料名', 10, 44, 100),
      line('小麦粉、', 120, 44, 300),
      line('砂糖', 120, 68, 300),
      line('内容量', 10, 92, 80),
      line('10g', 120, 92, 160),
    ];
    expect(textsOf(lines)).toEqual(['名称', '菓子', '原材料名', '小麦粉、', '砂糖', '内容量', '10g']);
  });

  it('joins pieces of a line, but not across a rule or a wide gap', () => {
    const lines = [
      line('名称', 10, 20, 60),
      line('洋', 120, 20, 200),
      line('菓子', 205, 20, 260),
      line('栄養', 290, 20, 400),
      line('内容量', 10, 50, 80),
      line('1個', 120, 50, 160),
    ];
    expect(textsOf(lines)).toEqual(['名称', '洋', '菓子', '内容量', '1個']);
    const barred = readHeadingTable(lines, [{ at: 203, from: 0, to: 100, slope: 0 }]).map((i) => lines[i]!.text);
    expect(barred).not.toContain('菓子');
  });

  it('sees through the lean of a photo', () => {
    const rows = ['名称', '原材料名', '内容量', '保存方法'];
    const lines = rows.flatMap((text, i) => [
      line(text, 10 + i * 12, 20 + i * 100, 90 + i * 12),
      line(`値${i}`, 120 + i * 12, 20 + i * 100, 300 + i * 12),
    ]);
    expect(textsOf(lines)).toEqual(rows.flatMap((text, i) => [text, `値${i}`]));
  });

  it('finds no table in running text', () => {
    expect(readHeadingTable([line('名称：菓子', 10, 20, 200), line('原材料名：小麦粉', 10, 50, 300)])).toEqual([]);
  });

  it('takes running text that wraps below its headings for no table', () => {
    const lines = [
      line('名称', 30, 20, 90),
      line('はちみつ加工品', 170, 20, 320),
      line('原材料名', 30, 50, 150),
      line('はちみつ（中国産、カナダ産）、りんご酢、', 170, 50, 800),
      line('果糖、レモン果汁／酸味料、香料、ビタミンC', 10, 80, 820),
      line('保存方法', 30, 110, 150),
      line('常温', 170, 110, 240),
    ];
    expect(textsOf(lines)).toEqual([]);
  });
});
