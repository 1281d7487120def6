/** @file What a selfie finds: how sure it is depends on the likeness and on how many there are. */
import { describe, expect, it } from 'vitest';
import { EVIDENCE, faceFinds, faceLack, FaceSearchRun, samePerson01 } from '../../../../src/core/faces/face-likeness.ts';

/** A unit vector at an angle from the first axis: its likeness with the first axis is the cosine. */
const alike = (likeness: number): Float32Array<ArrayBuffer> => Float32Array.of(likeness, Math.sqrt(1 - likeness ** 2));
const SELFIE = alike(1);
const face = (sightingId: string, likeness: number) => ({ sightingId, vector: alike(likeness) });

const none = (): null => null;
const finds = (run: FaceSearchRun, bibs: (sightingId: string) => string | null) =>
  faceFinds(run.candidates(), run.faces, (_photoId, sightingId) => bibs(sightingId));

it('is surer of one person the more speaks for it, and the fewer others there are', () => {
  const probabilities = [-100, -3, 0, 5, 10].map((evidence) => samePerson01(evidence, 100));
  expect(probabilities).toEqual([...probabilities].sort((a, b) => a - b));
  expect(samePerson01(6, 40_000)).toBeLessThan(samePerson01(6, 100));
  // Nobody else is known: a third, whatever the number.
  expect(samePerson01(0, 0)).toBeCloseTo(1 / 3, 6);
  expect(samePerson01(0, 10)).toBeCloseTo(1 / 3, 6);
});

describe('a selfie', () => {
  it('finds its runner among others, with the photos that show the number, and photos without one', () => {
    const run = new FaceSearchRun(SELFIE);
    run.see('p1', [face('p1/0', 0.995), face('p1/1', 0.3)]);
    run.see('p2', [face('p2/0', 0.99)]);
    run.see('p3', [face('p3/0', 0.985)]);
    run.see('p4', [face('p4/0', 0.1)]);
    expect(run.faces).toBe(5);
    const bibs: Record<string, string> = { 'p1/0': '12', 'p3/0': '12', 'p4/0': '7' };
    const { runners, nameless } = finds(run, (id) => bibs[id] ?? null);
    expect(runners.map(({ bib, certainty, photos }) => [bib, certainty, photos.map(({ photoId }) => photoId)])).toEqual([
      ['12', 'likely', ['p1', 'p3']],
    ]);
    expect(nameless.map(({ photoId, certainty }) => [photoId, certainty])).toEqual([['p2', 'likely']]);
  });

  it('finds nobody where nobody is like it, nor where there is nobody', () => {
    const run = new FaceSearchRun(SELFIE);
    expect(finds(run, () => '1')).toEqual({ runners: [], nameless: [] });
    run.see('p1', [face('p1/0', 0.4), face('p1/1', EVIDENCE.even - 0.1)]);
    expect(finds(run, () => '1')).toEqual({ runners: [], nameless: [] });
  });

  it('is less sure of the same face among thousands, and surer again of two photos of one number', () => {
    const among = (others: number, photos: number): number => {
      const run = new FaceSearchRun(SELFIE);
      for (let i = 0; i < photos; i++) run.see(`p${i}`, [face(`p${i}/0`, 0.97)]);
      const strangers = Array.from({ length: 100 }, (_, i) => face(`q/${i}`, 0));
      for (let i = 0; i < others; i += 100) run.see(`q${i}`, strangers);
      return finds(run, () => '5').runners[0]?.probability01 ?? 0;
    };
    const [few, many, most] = [among(100, 1), among(1000, 1), among(100_000, 1)];
    expect(few).toBeGreaterThan(0.9);
    expect(many).toBeLessThan(few);
    expect(most).toBe(0);
    expect(among(1000, 2)).toBeGreaterThan(0.9);
    expect(many).toBeLessThan(0.9);
  });

  it('counts a photo once for a number that two in it have', () => {
    const run = new FaceSearchRun(SELFIE);
    run.see('p1', [face('p1/0', 0.99), face('p1/1', 0.995)]);
    expect(finds(run, () => '5').runners[0]!.photos).toEqual([expect.objectContaining({ sightingId: 'p1/1' })]);
  });

  it('keeps the most alike of very many, whenever they were seen', () => {
    const run = new FaceSearchRun(SELFIE);
    for (let i = 0; i < 3000; i++) run.see(`p${i}`, [face(`p${i}/0`, i === 17 ? 0.999 : 0.96)]);
    expect(run.candidates().length).toBeLessThan(1000);
    expect(run.candidates()[0]).toMatchObject({ photoId: 'p17' });
    expect(finds(run, none).nameless[0]).toMatchObject({ photoId: 'p17' });
  });
});

it('says why a face cannot be used', () => {
  expect(faceLack({ eyeDistancePx: 60, sharpness01: 0.6 })).toBeNull();
  expect(faceLack({ eyeDistancePx: 5, sharpness01: 0.6 })).toBe('small');
  expect(faceLack({ eyeDistancePx: 60, sharpness01: 0.05 })).toBe('blurred');
  expect(faceLack({ eyeDistancePx: 60, sharpness01: null })).toBe('blurred');
});
