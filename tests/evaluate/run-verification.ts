/** @file Kind `verification`: pictures of people, the way a selfie is looked at, and which of them are told to be one person. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../src/contracts/errors.ts';
import type { FaceDescription } from '../../src/contracts/results.ts';
import { EVIDENCE, faceLack } from '../../src/core/faces/face-likeness.ts';
import { dot } from '../../src/core/vector.ts';
import { describeSelfie } from '../../src/flow/describe-race-faces.ts';
import type { Dataset } from './dataset.ts';
import type { NodePipeline } from './node-pipeline.ts';
import { progressLine, type ItemReport, type KindReport } from './report.ts';
import { verificationFigures, type PairResult } from './verification-metrics.ts';

/**
 * The largest face of each picture counts. Pairs are the folder's; where it has none, all of its pictures by their labels.
 * @returns `verificationFigures`, and which share of the pictures showed a face that the app would compare.
 * @throws AppError('invalid-input') for a folder without pairs of both kinds.
 */
export async function runVerification(dataset: Dataset, { vision }: NodePipeline): Promise<KindReport> {
  const pairs = pairsOf(dataset);
  if (!pairs.some(({ isSame }) => isSame) || pairs.every(({ isSame }) => isSame))
    throw new AppError('invalid-input', 'verification wants pairs of one person and pairs of two');
  const progress = progressLine('pictures', dataset.items.length);
  const faces = new Map<string, FaceDescription>();
  const items: ItemReport[] = [];
  for (const { file, label } of dataset.items) {
    const startedAtMs = performance.now();
    const [face] = await describeSelfie(new Blob([await readFile(join(dataset.folder, file))]), vision);
    if (face !== undefined && faceLack(face) === null) faces.set(file, face);
    const got =
      face === undefined ? null : { box: face.box, eyeDistancePx: face.eyeDistancePx, sharpness01: face.sharpness01, lack: faceLack(face) };
    items.push({ file, expected: label ?? null, got, ms: performance.now() - startedAtMs });
    progress(items.length);
  }
  const results = pairs.map(({ a, b, isSame }): PairResult => {
    const [one, other] = [faces.get(a), faces.get(b)];
    return { isSame, likeness: one === undefined || other === undefined ? null : dot(one.embedding.vector, other.embedding.vector) };
  });
  return { metrics: { ...verificationFigures(results, EVIDENCE.even), found: faces.size / dataset.items.length }, items };
}

function pairsOf({ items, pairs }: Dataset): { readonly a: string; readonly b: string; readonly isSame: boolean }[] {
  if (pairs !== undefined) return pairs.map(({ a, b, same }) => ({ a, b, isSame: same }));
  const named = items.flatMap(({ file, label }) => (label == null ? [] : [{ file, label }]));
  return named.flatMap((one, i) => named.slice(i + 1).map((other) => ({ a: one.file, b: other.file, isSame: one.label === other.label })));
}
