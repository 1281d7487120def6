/** @file From scores to a number: format, start list, hidden ends, certainty. */
import { describe, expect, it } from 'vitest';
import { ANY_BIB, type BibFormat } from '../../../../src/contracts/race.ts';
import { decodeBib } from '../../../../src/core/race/decode-bib.ts';
import { decodeBibs } from '../../../../src/core/race/decode-bibs.ts';
import { raceNumbers } from '../../../../src/core/race/race-numbers.ts';
import { clearScores, scoresOf } from './draw-scores.ts';

const ANY = raceNumbers(ANY_BIB);
const PREFIXED: BibFormat = { prefixes: ['T', 'S'], minDigits: 4, maxDigits: 4, waveColours: [] };

describe('without a start list', () => {
  it('is sure of a clear number', () => {
    expect(decodeBib(clearScores('2182'), ANY)).toMatchObject({ bib: '2182', certainty: 'sure', partial: null, saidBy: 'print' });
  });

  it('keeps double digits', () => {
    expect(decodeBib(clearScores('11003'), ANY).bib).toBe('11003');
  });

  it('takes letters that the format does not know for ornament, those that it knows for part of the number', () => {
    expect(decodeBib(clearScores('M90068'), ANY).bib).toBe('90068');
    expect(decodeBib(clearScores('T2182'), raceNumbers(PREFIXED)).bib).toBe('T2182');
  });

  it('is not sure between two digits, and offers both', () => {
    const { certainty, candidates } = decodeBib(scoresOf(['4', { 3: 0.55, 8: 0.45 }, '1']), ANY);
    expect(certainty).not.toBe('sure');
    expect(candidates.slice(0, 2).map(({ bib }) => bib)).toEqual(['431', '481']);
  });

  it('marks a number with a hidden end partial and gives no number', () => {
    expect(decodeBib(clearScores('45', [0.98, 0.01]), ANY)).toMatchObject({ bib: null, certainty: 'none', partial: '?45' });
    expect(decodeBib(clearScores('45', [0.01, 0.98]), ANY)).toMatchObject({ bib: null, partial: '45?' });
  });

  it('trusts a narrow bib, or a number at its edge, less: an arm may cover the rest', () => {
    const whole = clearScores('218', [0.05, 0.05]);
    const probability = (scores: typeof whole) => decodeBib(scores, ANY).candidates[0]!.probability01;
    expect(probability({ ...whole, aspect: 0.8 })).toBeLessThan(probability(whole) - 0.1);
    expect(probability({ ...whole, offCentre: 1.5 })).toBeLessThan(probability(whole) - 0.02);
  });

  it('leaves to a person what may be a fragment', () => {
    expect(decodeBib(clearScores('218', [0.01, 0.3]), ANY).certainty).toBe('check');
    expect(decodeBib(clearScores('4'), ANY).certainty).toBe('check');
  });

  it('says nothing where nothing was seen', () => {
    expect(decodeBib(null, ANY)).toMatchObject({ bib: null, certainty: 'none', partial: null, candidates: [] });
    expect(decodeBib(clearScores(''), ANY)).toMatchObject({ bib: null, certainty: 'none' });
  });

  it('lets a second look decide', () => {
    const doubtful = scoresOf(['4', { 3: 0.55, 8: 0.45 }, '1']);
    const more = { ...doubtful, moreLooks: [{ reader: 'line' as const, logProbabilities: clearScores('481').logProbabilities }] };
    expect(decodeBib(more, ANY).bib).toBe('481');
  });

  it('refuses scores of another alphabet', () => {
    expect(() => decodeBib({ ...clearScores('1'), alphabet: '01' }, ANY)).toThrow('01');
  });
});

describe('with a start list', () => {
  const numbers = Array.from({ length: 400 }, (_, i) => String(1000 + i * 7));

  it('prefers a listed number to a slightly likelier one that is not', () => {
    const race = raceNumbers(ANY_BIB, [...numbers, '4812']);
    expect(decodeBib(scoresOf(['4', { 3: 0.6, 8: 0.4 }, '1', '2']), race).bib).toBe('4812');
  });

  it('still gives a clear number that is not listed, at a lower probability', () => {
    const race = raceNumbers(ANY_BIB, numbers);
    const listed = decodeBib(clearScores('1007'), race);
    const unlisted = decodeBib(clearScores('9999'), race);
    expect(listed).toMatchObject({ bib: '1007', certainty: 'sure' });
    expect([...unlisted.candidates.map(({ bib }) => bib)]).toContain('9999');
    expect(unlisted.probability01).toBeLessThan(listed.probability01);
  });

  it('completes a hidden end where the list knows one number only, for a person to check', () => {
    const race = raceNumbers(ANY_BIB, ['8745', '1200', '3311']);
    expect(decodeBib(clearScores('45', [0.98, 0.01]), race)).toMatchObject({ bib: '8745', certainty: 'check', partial: '?45' });
  });

  it('leaves a hidden end open where the list knows several, and names them', () => {
    const { bib, certainty, candidates } = decodeBib(clearScores('45', [0.98, 0.01]), raceNumbers(ANY_BIB, ['8745', '1245', '3311']));
    expect(certainty).not.toBe('sure');
    expect(bib === null || certainty === 'check').toBe(true);
    expect(candidates.map((one) => one.bib).sort()).toEqual(expect.arrayContaining(['1245', '8745']));
  });

  it('knows letters that only the list has', () => {
    expect(decodeBib(clearScores('K12'), raceNumbers(ANY_BIB, ['K12', '999'])).bib).toBe('K12');
  });

  it('answers within a list of 50,000', () => {
    const race = raceNumbers(
      ANY_BIB,
      Array.from({ length: 50_000 }, (_, i) => String(i + 1)),
    );
    expect(decodeBib(clearScores('31415'), race)).toMatchObject({ bib: '31415' });
  });
});

describe('one photo', () => {
  it('doubts two bibs with the same number', () => {
    const answers = decodeBibs([clearScores('2182'), clearScores('2182'), clearScores('77'), null], ANY);
    expect(answers.map(({ bib }) => bib)).toEqual(['2182', '2182', '77', null]);
    expect(answers.map(({ certainty }) => certainty)).toEqual(['check', 'check', 'sure', 'none']);
  });
});
