/** @file Metrics of kind `faces` on made-up boxes, and the hand-made marks themselves. */
import { expect, it } from 'vitest';
import type { Box } from '../../../src/contracts/geometry.ts';
import { blurredArea } from '../../../workers/stages/anonymise.ts';
import annotations from '../../evaluate/faces/annotations.json' with { type: 'json' };
import { faceMetrics, type FaceResult } from '../../evaluate/faces/face-metrics.ts';
import { faceTruthOf } from '../../evaluate/faces/face-truth.ts';

const at = (x: number, y: number, side: number): Box => ({ x, y, width: side, height: side });
const photo = (faces: Box[], found: [Box, number][], doubtful: Box[] = []): FaceResult => ({
  truth: { faces, doubtful, sizes01: faces.map(({ width }) => width) },
  found: found.map(([box, confidence01]) => ({ box, confidence01 })),
});
const metricsOf = (results: readonly FaceResult[]): Record<string, number> => faceMetrics(results, 0.6, 0.4, blurredArea);

it('counts faces by size, each by the blur that would hide it', () => {
  const metrics = metricsOf([
    photo(
      [at(0.1, 0.1, 0.2), at(0.5, 0.5, 0.04), at(0.8, 0.8, 0.02)],
      [
        [at(0.11, 0.11, 0.19), 0.9],
        [at(0.5, 0.5, 0.04), 0.5],
      ],
    ),
  ]);
  expect(metrics).toMatchObject({
    recall: 1 / 3,
    recall_large: 1,
    recall_medium: 0,
    recall_small: 0,
    faces: 3,
    faces_large: 1,
    faces_medium: 1,
    faces_small: 1,
  });
  expect(metrics.refused_with_faces).toBe(1);
});

it('does not take a blur for hiding that leaves a third of the face', () => {
  expect(metricsOf([photo([at(0.1, 0.1, 0.3)], [[at(0.1, 0.32, 0.08), 0.9]])]).recall).toBe(0);
});

it('counts false alarms where no face is, and those beside faces apart', () => {
  const metrics = metricsOf([
    photo(
      [],
      [
        [at(0.1, 0.1, 0.2), 0.9],
        [at(0.5, 0.1, 0.2), 0.7],
      ],
    ),
    photo([], [[at(0.1, 0.1, 0.2), 0.5]]),
    photo([], []),
    photo([], []),
    photo(
      [at(0.1, 0.1, 0.2)],
      [
        [at(0.1, 0.1, 0.2), 0.9],
        [at(0.7, 0.7, 0.1), 0.9],
      ],
    ),
    photo([at(0.1, 0.1, 0.2)], [[at(0.7, 0.7, 0.1), 0.9]], [at(0.6, 0.6, 0.3)]),
  ]);
  expect(metrics).toMatchObject({
    false_alarms_per_100: 50,
    refused_without_faces: 0.5,
    photos_without_faces: 4,
    false_alarms_beside_faces: 1,
  });
});

it('leaves photos that nobody can tell out of those without faces', () => {
  expect(metricsOf([photo([], [[at(0.1, 0.1, 0.1), 0.9]], [at(0, 0, 1)])]).photos_without_faces).toBe(0);
});

it('has marks that lie within their photos', () => {
  for (const [task, photos] of Object.entries(annotations.tasks))
    for (const file of Object.keys(photos)) {
      const { faces, doubtful } = faceTruthOf(task, file);
      for (const { x, y, width, height } of [...faces, ...doubtful]) {
        expect(Math.min(x, y, width, height), file).toBeGreaterThanOrEqual(0);
        expect(Math.max(x + width, y + height), file).toBeLessThanOrEqual(1);
      }
    }
});

it('refuses photos that nobody looked at, and knows the tasks without faces', () => {
  expect(() => faceTruthOf('object_detection', 'images/none.jpg')).toThrow(expect.objectContaining({ code: 'invalid-input' }));
  expect(faceTruthOf('clothing_type', 'images/any.jpg').faces).toEqual([]);
});
