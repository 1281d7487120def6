/** @file Kind `faces`: the face detector as sharing runs it, against faces marked by hand (`faces/annotations.json`). */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createNodeRuntime } from '../../server/runtime/node-runtime.ts';
import { MAX_FRAME_SIDE_PX } from '../../src/contracts/media.ts';
import { blurredArea } from '../../workers/stages/anonymise.ts';
import { detectFaces, FACE_CONFIDENCE } from '../../workers/stages/detect-faces.ts';
import type { Dataset } from './dataset.ts';
import { faceMetrics, type FaceResult } from './faces/face-metrics.ts';
import { faceTruthOf } from './faces/face-truth.ts';
import { progressLine, type ItemReport, type KindReport } from './report.ts';

/** A shared photo's longest side; a crop for the egress gate, with its context, is smaller. */
const DETAIL_PX = 1280;

/** @returns `faceMetrics`. @throws AppError('invalid-input') for photos whose faces nobody marked. */
export async function runFaces({ task, folder, items: photos }: Dataset): Promise<KindReport> {
  const runtime = createNodeRuntime();
  const progress = progressLine('faces', photos.length);
  const results: FaceResult[] = [];
  const items: ItemReport[] = [];
  for (const { file } of photos) {
    const truth = faceTruthOf(task, file);
    const startedAtMs = performance.now();
    const { frame } = await runtime.decode(new Blob([await readFile(join(folder, file))]), MAX_FRAME_SIDE_PX);
    const found = await detectFaces(frame, runtime, { detailPx: DETAIL_PX });
    results.push({ truth, found });
    items.push({ file, expected: truth, got: found, ms: performance.now() - startedAtMs });
    progress(items.length);
  }
  return { metrics: faceMetrics(results, FACE_CONFIDENCE.blur, FACE_CONFIDENCE.refuse, blurredArea), items };
}
