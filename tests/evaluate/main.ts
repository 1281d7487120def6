/**
 * @file `npm run evaluate -- --data <folder>`: the real pipeline over a labelled folder, docs/evaluate.md.
 * Exit status 0 when it ran, 2 for a wrong folder, format or option.
 */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { AppError, toAppError } from '../../src/contracts/errors.ts';
import type { LensSpec } from '../../src/contracts/lens.ts';
import { BIB_LENS } from '../../src/lenses/bib/lens.ts';
import { LABEL_LENS } from '../../src/lenses/label/lens.ts';
import { PRODUCT_LENS } from '../../src/lenses/product/lens.ts';
import { SHELF_LENS } from '../../src/lenses/shelf/lens.ts';
import { modelSpec } from '../../src/models/registry.ts';
import { createNodeRuntime } from '../../server/runtime/node-runtime.ts';
import { readDataset, type Dataset } from './dataset.ts';
import { openNodePipeline, type NodePipeline } from './node-pipeline.ts';
import { environmentOf, printReport, type KindReport, type Report } from './report.ts';
import { runDetection } from './run-detection.ts';
import { runFaces } from './run-faces.ts';
import { runIdentification, runRetrieval } from './run-identification.ts';
import { runNumbers } from './run-numbers.ts';
import { runOcrText } from './run-ocr-text.ts';
import { runShelf, type ShelfGiven } from './run-shelf.ts';
import { runTextLines } from './run-text-lines.ts';
import { runVerification } from './run-verification.ts';
import { readStartList, type StartListFile } from './start-list-file.ts';
import { withTranscripts } from './transcripts.ts';

const LENSES: readonly LensSpec[] = [PRODUCT_LENS, LABEL_LENS, SHELF_LENS, BIB_LENS];
const LENS_OF_KIND: Readonly<Record<string, LensSpec>> = {
  identification: PRODUCT_LENS,
  retrieval: PRODUCT_LENS,
  ocr_text: LABEL_LENS,
  text_lines: LABEL_LENS,
  faces: PRODUCT_LENS,
  shelf: SHELF_LENS,
  detection: BIB_LENS,
  numbers: BIB_LENS,
  verification: BIB_LENS,
};

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      data: { type: 'string' },
      lens: { type: 'string' },
      model: { type: 'string' },
      out: { type: 'string' },
      limit: { type: 'string' },
      kind: { type: 'string' },
      without: { type: 'string', multiple: true, default: [] },
      script: { type: 'string', default: 'auto' },
      'with-text': { type: 'boolean', default: false },
      boxes: { type: 'string', default: 'found' },
      names: { type: 'string', default: 'found' },
      'start-list': { type: 'string' },
    },
  });
  if (values.data === undefined) throw new AppError('invalid-input', 'Say which folder: npm run evaluate -- --data <folder>');
  const dataset = limited(asKind(await readDataset(values.data), values.kind), values.limit);
  const lens = lensOf(dataset.kind, values.lens);
  if (values.model !== undefined && !lens.models.includes(modelSpec(values.model).id))
    throw new AppError('invalid-input', `the ${lens.id} lens does not use ${values.model}; it uses ${lens.models.join(', ')}`);

  const startedAtMs = performance.now();
  const pipeline = openNodePipeline(
    [],
    values.without.map((id) => modelSpec(id).id),
  );
  const given = { boxes: givenOf('boxes', values.boxes), names: givenOf('names', values.names) };
  const startListPath = values['start-list'];
  const { metrics, items } = await runKind(
    dataset,
    lens,
    { withText: values['with-text'], given, startList: startListPath === undefined ? null : await readStartList(startListPath) },
    reading(pipeline, values.script),
  );
  const report: Report = {
    lens: lens.id,
    kind: dataset.kind,
    dataset: dataset.task,
    count: items.length,
    seconds: (performance.now() - startedAtMs) / 1000,
    environment: environmentOf(Object.fromEntries(lens.models.map((id) => [id, modelSpec(id).version]))),
    metrics,
    items,
  };
  printReport(report);
  if (values.out !== undefined) await writeFile(values.out, JSON.stringify(report, null, 1));
}

interface KindOptions {
  readonly withText: boolean;
  readonly given: ShelfGiven;
  /** Numbers of the race; null: nobody says. */
  readonly startList: StartListFile | null;
}

async function runKind(
  dataset: Dataset,
  lens: LensSpec,
  { withText, given, startList }: KindOptions,
  pipeline: NodePipeline,
): Promise<KindReport> {
  switch (dataset.kind) {
    case 'identification': {
      // Gallery photos of a labelled folder carry no words to compare to, so reading them only costs time; `--with-text` reads all the same.
      const stages = { ...lens.stages, read: withText ? lens.stages.read : (false as const), judge: false };
      return runIdentification(dataset, { ...lens, stages }, pipeline);
    }
    case 'retrieval':
      return runRetrieval(dataset, pipeline);
    case 'ocr_text':
      return runOcrText(await withTranscripts(dataset), pipeline);
    case 'text_lines':
      return runTextLines(dataset, createNodeRuntime());
    case 'faces':
      return runFaces(dataset);
    case 'detection':
      return runDetection(dataset);
    case 'shelf':
      return runShelf(dataset, pipeline, { given, withText });
    case 'numbers':
      return runNumbers(dataset, pipeline, startList);
    case 'verification':
      return runVerification(dataset, pipeline);
    default:
      throw new AppError('invalid-input', `kind ${dataset.kind} is not evaluated yet; known: ${Object.keys(LENS_OF_KIND).join(', ')}`);
  }
}

/** A folder may be asked another question than the one that it was made for. */
function asKind(dataset: Dataset, kind: string | undefined): Dataset {
  return kind === undefined ? dataset : { ...dataset, kind };
}

/** @throws AppError('invalid-input') for anything but `found` and `truth`. */
function givenOf(name: string, value: string): 'found' | 'truth' {
  if (value !== 'found' && value !== 'truth') throw new AppError('invalid-input', `--${name} ${value} is not one of found, truth`);
  return value;
}

/** The pipeline, told which script to expect. @throws AppError('invalid-input') for an unknown one. */
function reading(pipeline: NodePipeline, script: string): NodePipeline {
  if (script === 'auto') return pipeline;
  if (script !== 'latin' && script !== 'japanese')
    throw new AppError('invalid-input', `--script ${script} is not one of auto, latin, japanese`);
  const { vision } = pipeline;
  return {
    ...pipeline,
    vision: { ...vision, readText: (frameId, input, options) => vision.readText(frameId, { ...input, script }, options) },
  };
}

function lensOf(kind: string, id: string | undefined): LensSpec {
  if (id === undefined) return LENS_OF_KIND[kind] ?? PRODUCT_LENS;
  const lens = LENSES.find((candidate) => candidate.id === id);
  if (lens === undefined) throw new AppError('invalid-input', `no lens ${id}; known: ${LENSES.map((known) => known.id).join(', ')}`);
  return lens;
}

/** The first `limit` items that are tested; a gallery stays whole. */
function limited(dataset: Dataset, limit: string | undefined): Dataset {
  if (limit === undefined) return dataset;
  const count = Number(limit);
  if (!Number.isInteger(count) || count < 1) throw new AppError('invalid-input', `--limit ${limit} is not a positive number`);
  const gallery = dataset.items.filter(({ role }) => role === 'gallery');
  const tested = dataset.items.filter(({ role }) => role !== 'gallery').slice(0, count);
  return { ...dataset, items: [...gallery, ...tested] };
}

try {
  await main();
  process.exit(0); // Runtimes keep threads; the work is done.
} catch (caught) {
  const error = toAppError(caught);
  console.error(error.code === 'invalid-input' || error.code === 'bug' ? error.message : `${error.code}: ${error.message}`);
  if (error.code === 'bug') console.error(error.cause);
  process.exit(error.code === 'invalid-input' ? 2 : 1);
}
