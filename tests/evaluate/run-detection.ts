/** @file Kind `detection`: boxes of people and of bibs as the bib lens finds them. Boxes of other things in the folder count neither way. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createNodeRuntime } from '../../server/runtime/node-runtime.ts';
import { AppError } from '../../src/contracts/errors.ts';
import type { Box } from '../../src/contracts/geometry.ts';
import { MAX_FRAME_SIDE_PX } from '../../src/contracts/media.ts';
import type { RaceDetections } from '../../src/contracts/race.ts';
import { RACE_CONFIDENCE, detectRunners } from '../../workers/stages/detect-runners.ts';
import { FrameLevels } from '../../workers/stages/frame-levels.ts';
import type { Dataset, DatasetItem } from './dataset.ts';
import { detectionFigures, type DetectionResult } from './detection-metrics.ts';
import { progressLine, type ItemReport, type KindReport } from './report.ts';

/** Least confidence of boxes that average precision is counted over. */
const LEAST_CONFIDENCE = 0.05;

/** Labels that mean what the net finds. */
const LABELS: Readonly<Record<keyof RaceDetections, readonly string[]>> = { people: ['person', 'runner'], bibs: ['bib', 'bib_number'] };

/** `bib_` and `person_` + `ap50` `ap` `precision` `recall`, each where the folder has such boxes; `ms_median` of finding them, decoding left out. */
export async function runDetection(dataset: Dataset): Promise<KindReport> {
  const kinds = (['bibs', 'people'] as const).filter((kind) =>
    dataset.items.some(({ boxes = [] }) => boxes.some(({ label }) => isA(kind, label))),
  );
  if (kinds.length === 0) throw new AppError('invalid-input', 'no item has boxes labelled bib or person');
  const runtime = createNodeRuntime();
  const progress = progressLine('photos', dataset.items.length);
  const results: Record<keyof RaceDetections, DetectionResult[]> = { people: [], bibs: [] };
  const items: ItemReport[] = [];
  for (const item of dataset.items) {
    const { frame } = await runtime.decode(new Blob([await readFile(join(dataset.folder, item.file))]), MAX_FRAME_SIDE_PX);
    const startedAtMs = performance.now();
    const found = await detectRunners(new FrameLevels(frame), runtime, { minConfidence01: LEAST_CONFIDENCE });
    const ms = performance.now() - startedAtMs;
    for (const kind of kinds) results[kind].push({ found: found[kind], truth: truthOf(kind, item, frame) });
    items.push({ file: item.file, expected: item.boxes ?? [], got: { people: found.people, bibs: found.bibs }, ms });
    progress(items.length);
  }
  const metrics: Record<string, number> = {};
  for (const kind of kinds) {
    const name = kind === 'bibs' ? 'bib' : 'person';
    const { ap50, ap, precision, recall } = detectionFigures(results[kind], RACE_CONFIDENCE[name]);
    Object.assign(metrics, { [`${name}_ap50`]: ap50, [`${name}_ap`]: ap, [`${name}_precision`]: precision, [`${name}_recall`]: recall });
  }
  const times = items.map(({ ms }) => ms).sort((a, b) => a - b);
  return { metrics: { ...metrics, ms_median: times[times.length >> 1]! }, items };
}

function isA(kind: keyof RaceDetections, label: string | undefined): boolean {
  return label !== undefined && LABELS[kind].includes(label.toLowerCase());
}

/** Boxes of the photo as stored, 0..1 of it; a photo without boxes shows none. */
function truthOf(
  kind: keyof RaceDetections,
  { boxes = [], width, height }: DatasetItem,
  frame: { widthPx: number; heightPx: number },
): Box[] {
  const widthPx = width ?? frame.widthPx;
  const heightPx = height ?? frame.heightPx;
  return boxes
    .filter(({ label }) => isA(kind, label))
    .map(({ bbox: [x, y, w, h] }) => ({ x: x / widthPx, y: y / heightPx, width: w / widthPx, height: h / heightPx }));
}
