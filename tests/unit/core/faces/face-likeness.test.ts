/** @file What a selfie finds: how sure it is depends on the likeness and on how many there are. */
import { describe, expect, it } from 'vitest';
import { EVIDENCE, faceFinds, faceLack, FaceSearchRun, samePerson01 } from '../../../../src/core/faces/face-likeness.ts';

/** A unit vector at an angle from the first axis: its likeness with the first axis is the cosine. */
const alike = (likeness: number): Float32Array<ArrayBuffer> => Float32Array.of(likeness, Math.sqrt(1 - likeness ** 2));
const SELFIE = alike(1);
const face = (sightingId: string, likeness: number) => ({ sightingId, vector: alike(likeness) });

describe('one person', () => {
  it('is surer the more alike two faces are, and the fewer others there are', () => {
    const likenesses = [-1, 0.5, EVIDENCE.even, 0.97, 1];
    const probabilities = likenesses.map((likeness) => samePerson01(likeness, 100));
    expect(probabilities).toEqual([...probabilities].sort((a, b) => a - b));
    expect(samePerson01(0.97, 40_000)).toBeLessThan(samePerson01(0.97, 100));
    expect(samePerson01(EVIDENCE.even, 0)).toBeCloseTo(samePerson01(EVIDENCE.even, 10), 9);
    expect(samePerson01(EVIDENCE.even, 10)).toBeCloseTo(1 / 3, 1);
  });
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
    const finds = faceFinds(run.candidates(), (_photoId, sightingId) => bibs[sightingId] ?? null);
    expect(finds.runners.map(({ bib, certainty, photos }) => [bib, certainty, photos.map(({ photoId }) => photoId)])).toEqual([
      ['12', 'likely', ['p1', 'p3']],
    ]);
    expect(finds.nameless.map(({ photoId, certainty }) => [photoId, certainty])).toEqual([['p2', 'likely']]);
  });

  it('finds nobody where nobody is like it, nor where there is nobody', () => {
    const run = new FaceSearchRun(SELFIE);
    expect(faceFinds(run.candidates(), () => '1')).toEqual({ runners: [], nameless: [] });
    run.see('p1', [face('p1/0', 0.4), face('p1/1', EVIDENCE.even - 0.1)]);
    expect(faceFinds(run.candidates(), () => '1')).toEqual({ runners: [], nameless: [] });
  });

  it('is less sure of the same face among thousands', () => {
    const certainties = [20, 5_000, 400_000].map((others) => {
      const run = new FaceSearchRun(SELFIE);
      run.see('p1', [face('p1/0', 0.985)]);
      for (let i = 0; i < others; i += 1000) run.see(`q${i}`, Array.from({ length: Math.min(others, 1000) }, (_, j) => face(`q${i}/${j}`, 0)));
      return run.candidates()[0]?.probability01 ?? 0;
    });
    expect(certainties[0]).toBeGreaterThan(certainties[1]!);
    expect(certainties[1]).toBeGreaterThan(certainties[2]!);
  });

  it('counts a photo once for a number that two in it have', () => {
    const run = new FaceSearchRun(SELFIE);
    run.see('p1', [face('p1/0', 0.99), face('p1/1', 0.995)]);
    const { runners } = faceFinds(run.candidates(), () => '5');
    expect(runners[0]!.photos).toEqual([expect.objectContaining({ sightingId: 'p1/1' })]);
  });
});

it('says why a face cannot be used', () => {
  expect(faceLack({ eyeDistancePx: 60, sharpness01: 0.6 })).toBeNull();
  expect(faceLack({ eyeDistancePx: 5, sharpness01: 0.6 })).toBe('small');
  expect(faceLack({ eyeDistancePx: 60, sharpness01: 0.05 })).toBe('blurred');
  expect(faceLack({ eyeDistancePx: 60, sharpness01: null })).toBe('blurred');
});
