/** @file How far a camera's clock is off. */
import { describe, expect, it } from 'vitest';
import { offsetFromTime, offsetText } from '../../../../src/lenses/bib/clock-offset.ts';

const at = (time: string): number => Date.parse(`2026-11-22T${time}Z`);

describe('offsetFromTime', () => {
  it('is what has to be added to the camera', () => {
    expect(offsetFromTime(at('10:40:32'), '10:42:07')).toBe(95_000);
    expect(offsetFromTime(at('10:42:07.400'), '10:40:32')).toBe(-95_000);
    expect(offsetFromTime(at('10:42:07'), '10:42:07')).toBe(0);
  });

  it('takes minutes without seconds', () => expect(offsetFromTime(at('10:40:00'), '9:40')).toBe(-3_600_000));

  it.each(['104207', '１０：４２：０７', ' 10:42:07 '])('takes %j, as a number pad or a Japanese keyboard writes it', (said) =>
    expect(offsetFromTime(at('10:40:32'), said)).toBe(95_000),
  );

  it('goes over midnight the short way', () => {
    expect(offsetFromTime(at('23:59:50'), '00:00:10')).toBe(20_000);
    expect(offsetFromTime(at('00:00:10'), '23:59:50')).toBe(-20_000);
  });

  it.each(['', '25:00', '10:61', '10', 'ten', '10:42:99'])('takes %j for no time', (said) =>
    expect(offsetFromTime(at('10:40:32'), said)).toBeNull(),
  );
});

describe('offsetText', () => {
  it.each([
    [0, '0:00'],
    [95_000, '+1:35'],
    [-7_000, '−0:07'],
    [9 * 3_600_000, '+9:00:00'],
  ])('%d ms is %s', (offset, text) => expect(offsetText(offset)).toBe(text));
});
