/** @file Bibs and people: chests, crowds, bibs that are nobody's. */
import { describe, expect, it } from 'vitest';
import type { Box } from '../../../src/contracts/geometry.ts';
import { bodyAround, pairBibs } from '../../../src/core/race/pair-bibs.ts';

const found = (x: number, y: number, width: number, height: number) => ({ box: { x, y, width, height }, confidence01: 0.9 });
const bib = (...at: Parameters<typeof found>) => ({ ...found(...at), isFaint: false });
/** A bib as it is worn, on a person of a box. */
const worn = ({ box: { x, y, width, height } }: { box: Box }, across = 0.5, down = 0.38) => {
  const [bibWidth, bibHeight] = [width * 0.42, height * 0.115];
  return bib(x + width * across - bibWidth / 2, y + height * down - bibHeight / 2, bibWidth, bibHeight);
};

describe('pairing', () => {
  it('gives each runner of a row the bib on their chest, from left to right', () => {
    const people = [found(0.6, 0.1, 0.15, 0.8), found(0.1, 0.1, 0.15, 0.8), found(0.35, 0.1, 0.15, 0.8)];
    const bibs = [worn(people[1]!), worn(people[0]!, 0.45, 0.55)];
    const paired = pairBibs(people, bibs);
    expect(paired.map(({ person, bib }) => [people.indexOf(person!), bib === null ? null : bibs.indexOf(bib)])).toEqual([
      [1, 0],
      [2, null],
      [0, 1],
    ]);
  });

  it('gives a bib to the one in front, and the one behind keeps none', () => {
    const front = found(0.4, 0.25, 0.2, 0.7);
    const behind = found(0.42, 0.15, 0.17, 0.6);
    expect(pairBibs([behind, front], [worn(front)]).find(({ bib }) => bib !== null)?.person).toBe(front);
  });

  it('tells two who overlap apart by where the bibs sit', () => {
    const left = found(0.3, 0.1, 0.2, 0.8);
    const right = found(0.42, 0.1, 0.2, 0.8);
    const [ofLeft, ofRight] = [worn(left, 0.4), worn(right, 0.6)];
    const paired = pairBibs([left, right], [ofRight, ofLeft]);
    expect(paired.map(({ bib }) => bib)).toEqual([ofLeft, ofRight]);
  });

  it('leaves bibs without a person alone: beside everybody, at the feet, or too large', () => {
    const person = found(0.4, 0.1, 0.2, 0.8);
    const bibs = [bib(0.05, 0.4, 0.08, 0.09), worn(person, 0.5, 0.93), bib(0.3, 0.3, 0.4, 0.3)];
    const paired = pairBibs([person], bibs);
    expect(paired.filter((one) => one.person === null)).toHaveLength(3);
    expect(paired).toHaveLength(4);
  });

  it('guesses a body around a bib that has the bib where bibs are', () => {
    const person = found(0.4, 0.1, 0.2, 0.8);
    const body = bodyAround(worn(person).box, { widthPx: 3000, heightPx: 2000 });
    expect(body.y).toBeCloseTo(person.box.y, 2);
    expect(body.height).toBeCloseTo(person.box.height, 2);
    expect(pairBibs([{ box: body, confidence01: 0.5 }], [worn(person)])).toHaveLength(1);
  });
});
