/**
 * @file One image, one model: what it finds, as developers get it. [Note: Recognition by registry] Which stage runs is said by the model's
 * row, so a model of a known kind appears here by its row alone. Runtime-neutral. Thread: Node.
 */
import { AppError } from '../../src/contracts/errors.ts';
import { WHOLE_FRAME, type Box, type PixelBox, type Point } from '../../src/contracts/geometry.ts';
import type { Frame } from '../../src/contracts/media.ts';
import type { ModelSpec } from '../../src/contracts/model-spec.ts';
import { ANY_BIB, type RaceDetection } from '../../src/contracts/race.ts';
import type { Finding } from '../../src/contracts/recognise-api.ts';
import type { ScriptHint } from '../../src/contracts/results.ts';
import type { Runtime } from '../../src/contracts/runtime.ts';
import type { ShelfDetection } from '../../src/contracts/shelf.ts';
import { fromRegion } from '../../src/core/letterbox.ts';
import { plainBox } from '../../src/core/plain-box.ts';
import { decodeBib } from '../../src/core/race/decode-bib.ts';
import { raceNumbers } from '../../src/core/race/race-numbers.ts';
import { cropFrame, cropPixels, toPixelBox } from '../../src/core/resize.ts';
import { tagScores } from '../../src/core/tag-scores.ts';
import { isFiniteVector } from '../../src/core/vector.ts';
import { runDeclaredNet } from './declared-net.ts';
import { detectFaces } from './detect-faces.ts';
import { BIB_MODEL, detectRunners } from './detect-runners.ts';
import { FACING_MODEL, detectShelf } from './detect-shelf.ts';
import { embedCrops } from './embed.ts';
import { FrameLevels } from './frame-levels.ts';
import { proposeBox } from './propose-box.ts';
import { readBarcodes } from './read-barcodes.ts';
import { BIB_READER, readBibs } from './read-bibs.ts';
import { readText } from './read-text.ts';
import { boundingBox } from './text-assembly.ts';

/** What is asked of a model beside the image. */
export interface RecogniseInput {
  /** Part to look at; absent: all of it, and for embeddings and tags the thing in the middle. */
  readonly region?: Box;
  readonly script: ScriptHint;
  /** Most tags. */
  readonly limit: number;
}

type Recognise = (frame: Frame, spec: ModelSpec, input: RecogniseInput, runtime: Runtime, check: () => void) => Promise<Finding>;

const STAGES: Readonly<Record<NonNullable<ModelSpec['recognises']>, Recognise>> = {
  barcode: async (frame, _spec, { region }, runtime) => {
    const part = pixelsOf(frame, region);
    const readings = await readBarcodes(part === null ? frame : cropPixels(frame, part), runtime);
    const place = ({ x, y }: { x: number; y: number }) =>
      part === null ? { x, y } : { x: (part.x + x * part.width) / frame.widthPx, y: (part.y + y * part.height) / frame.heightPx };
    return {
      barcodes: readings.map(({ format, text, gtin, gs1, quad: [a, b, c, d] }) => ({
        ...{ format, text, gtin, gs1: gs1 === null ? null : { ...gs1 } },
        quad: [place(a), place(b), place(c), place(d)],
      })),
    };
  },
  text: async (frame, spec, { region, script }, runtime, check) => {
    if (spec.id === BIB_READER) return readBib(frame, region ?? WHOLE_FRAME, runtime);
    const reading = await readText(frame, { script, ...(region === undefined ? {} : { region }) }, runtime, { checkCancelled: check });
    const { text, script: found, confidence01 } = reading;
    const lines = reading.lines.map(({ text: line, quad, box, confidence01: sure, direction }) => ({
      ...{ text: line, box: plainBox(box), confidence01: sure, direction },
      quad: [...quad] as [...typeof quad],
    }));
    return { text: { text, script: found, confidence01, lines } };
  },
  face: async (frame, _spec, { region }, runtime, check) => {
    const faces = await detectFaces(frame, runtime, {
      ...(region === undefined ? {} : { region }),
      checkCancelled: () => {
        check();
        return Promise.resolve();
      },
    });
    return { boxes: faces.map(({ box, confidence01 }) => ({ box: plainBox(box), label: 'face', score01: confidence01 })) };
  },
  boxes: async (frame, spec, { region }, runtime, check) => {
    const part = pixelsOf(frame, region);
    const levels = new FrameLevels(part === null ? frame : cropPixels(frame, part));
    const options = {
      checkCancelled: () => {
        check();
        return Promise.resolve();
      },
    };
    const place = (label: 'facing' | 'gap' | 'person' | 'bib') => (found: ShelfDetection | RaceDetection) => ({
      box: plainBox(part === null ? found.box : fromRegion(found.box, shareOf(part, frame))),
      label,
      score01: found.confidence01,
    });
    switch (spec.id) {
      case FACING_MODEL: {
        const { facings, gaps } = await detectShelf(levels, runtime, options);
        return { boxes: [...facings.map(place('facing')), ...gaps.map(place('gap'))] };
      }
      case BIB_MODEL: {
        const { people, bibs } = await detectRunners(levels, runtime, options);
        return { boxes: [...people.map(place('person')), ...bibs.map(place('bib'))] };
      }
      default:
        throw new AppError('bug', `${spec.id} finds no boxes that this program can read`);
    }
  },
  embedding: async (frame, spec, { region }, runtime) => {
    const box = region ?? (await proposeBox(frame, runtime));
    const [look] = await embedCrops(frame, [box], runtime, undefined, spec);
    if (look === undefined) throw new AppError('bug', `${spec.id} gave no vector`);
    const { space, vector } = look.embedding;
    // An empty picture has no direction.
    if (!isFiniteVector(vector)) throw new AppError('bug', `${spec.id} gave no finite vector`);
    return { vector: { space, dimensions: vector.length, values: [...vector], box: plainBox(box) } };
  },
  tags: async (frame, spec, { region, limit }, runtime) => {
    if (spec.tags === undefined) throw new AppError('bug', `${spec.id} declares no tags`);
    const { rows } = await runDeclaredNet([region === undefined ? frame : cropFrame(frame, region)], spec, runtime);
    if (rows[0]?.length !== spec.tags.labels.length)
      throw new AppError('model-integrity', `${spec.id} gives ${rows[0]?.length ?? 0} numbers for ${spec.tags.labels.length} labels`);
    return { tags: tagScores(rows[0], spec.tags, limit) };
  },
};

/**
 * @param frame upright; not consumed. @param check called between steps; throws to stop.
 * @returns what the model's type gives; places are 0..1 of the whole frame.
 * @throws AppError('invalid-input' | 'model-unavailable' | 'cancelled' | 'bug')
 */
export function recognise(frame: Frame, spec: ModelSpec, input: RecogniseInput, runtime: Runtime, check: () => void): Promise<Finding> {
  if (spec.recognises === undefined) throw new AppError('invalid-input', `${spec.id} recognises nothing by itself`);
  return STAGES[spec.recognises](frame, spec, input, runtime, check);
}

/** A bib fills the part that is asked for: find it with the bib detector first. `?45` is a number whose beginning is hidden. */
async function readBib(frame: Frame, box: Box, runtime: Runtime): Promise<Finding> {
  const [scores = null] = await readBibs(new FrameLevels(frame), [box], runtime);
  const { bib, partial, probability01 } = decodeBib(scores, raceNumbers(ANY_BIB));
  const text = bib ?? partial ?? '';
  if (scores === null || text === '') return { text: { text: '', script: 'none', confidence01: 0, lines: [] } };
  const [a, b, c, d] = scores.quad;
  const quad = [a, b, c, d] as [Point, Point, Point, Point];
  const line = { text, quad, box: plainBox(boundingBox(quad)), confidence01: probability01, direction: 'horizontal' as const };
  return { text: { text, script: 'latin', confidence01: probability01, lines: [line] } };
}

function pixelsOf(frame: Frame, region: Box | undefined) {
  return region === undefined ? null : toPixelBox(region, frame);
}

function shareOf({ x, y, width, height }: PixelBox, { widthPx, heightPx }: Frame): Box {
  return { x: x / widthPx, y: y / heightPx, width: width / widthPx, height: height / heightPx };
}
