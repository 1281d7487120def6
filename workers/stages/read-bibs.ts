/**
 * @file Bibs → scores of every character at every step, by a net that finds the line of the number in the bib itself. Two looks: at the bib,
 * then at the line that the first one found, levelled and larger. Where these two do not agree or are not sure, PP-OCR reads the line, too: it is
 * right more often, but takes ten times as long. Runtime-neutral. Thread: vision worker or Node.
 */
import { AppError } from '../../src/contracts/errors.ts';
import { WHOLE_FRAME, type Box, type Point, type Quad } from '../../src/contracts/geometry.ts';
import type { Frame } from '../../src/contracts/media.ts';
import type { BibLook, BibScores } from '../../src/contracts/race.ts';
import type { Runtime } from '../../src/contracts/runtime.ts';
import { sigmoid } from '../../src/core/logistic.ts';
import { BIB_ALPHABET, BIB_CLASSES, classOf, textOf } from '../../src/core/race/bib-alphabet.ts';
import { bestPath } from '../../src/core/race/ctc-beam.ts';
import { lineOfNumber, type NumberLine } from '../../src/core/race/number-line.ts';
import { warpQuad } from '../../src/core/resize.ts';
import { toTensorData } from '../../src/core/tensor-layout.ts';
import { evenMargin, widenBox, type BoxMargin } from '../../src/core/widen-box.ts';
import { modelSpec } from '../../src/models/registry.ts';
import { NET_BATCH, inputSizeOf } from './declared-net.ts';
import type { FrameLevels } from './frame-levels.ts';
import { PPOCR } from './line-readers.ts';
import { LINE_HEIGHT_PX, lineProbabilities } from './line-recognition.ts';
import { cutStrip } from './text-strips.ts';

/** Registry id of the net. */
export const BIB_READER = 'bib-reader';

/** How far beyond the detector's box the first look goes, as a share of the box: its frames are loose and may cut a digit. */
const BIB_MARGIN = evenMargin(0.15);
/** How far beyond the line the second look goes: shares of its width and of its height. */
const LINE_MARGIN = { width: 0.12, height: 0.35 } as const;
/** A line that fills this share of the first look's width and height already is not looked at again. */
const FILLS = { width: 0.8, height: 0.5 } as const;

/** Registry id of the reader of any line. */
const LINE_READER = 'ppocr-recognition';
/** How far beyond the line PP-OCR looks: shares of its width and of its height. */
const STRIP_MARGIN: BoxMargin = { sides: 0.14, above: 0.15, below: 0.15 };
/** [Note: Seen after all] An end that PP-OCR reads beyond what the bib's reader could make out is hidden with this share of the chance only. */
const SEEN_AFTER_ALL = 0.2;
/** [Note: In doubt] Both looks read the same, each as surely as this: PP-OCR would hardly say anything else. */
const AGREED_LOG = Math.log(0.55);

/** One look, as the net answered it. */
interface Look {
  readonly quad: Quad;
  readonly logProbabilities: Float32Array<ArrayBuffer>;
  readonly line: NumberLine | null;
  /** Logits. */
  readonly cut: readonly [number, number];
}

/** What a stage wants to hear and to ask while it works. */
export interface ReadBibsOptions {
  readonly checkCancelled?: () => Promise<void>;
  readonly onStep?: (done: number, total: number) => void;
}

/**
 * @param boxes of bibs, 0..1 of the frame; parts outside repeat the frame's edge.
 * @returns in the order of `boxes`; null where there is no line of characters.
 * @throws AppError('invalid-input') for an empty box; AppError('model-unavailable' | 'gpu-lost' | 'out-of-memory' | 'bug') from the net.
 */
export async function readBibs(
  levels: FrameLevels,
  boxes: readonly Box[],
  runtime: Runtime,
  { checkCancelled = () => Promise.resolve(), onStep = () => {} }: ReadBibsOptions = {},
): Promise<(BibScores | null)[]> {
  for (const box of boxes) if (!(box.width > 0 && box.height > 0)) throw new AppError('invalid-input', 'Empty bib', { stage: 'read' });
  onStep(0, boxes.length);
  const scores: (BibScores | null)[] = [];
  for (let from = 0; from < boxes.length; from += NET_BATCH) {
    if (from > 0) await checkCancelled();
    const first = await lookAt(
      levels,
      boxes.slice(from, from + NET_BATCH).map((box) => quadOf(widenBox(box, BIB_MARGIN))),
      runtime,
    );
    const again = first.map(({ quad, line }) => (line === null || fills(line) ? null : aroundLine(line, quad)));
    const second = await lookAt(
      levels,
      again.filter((quad) => quad !== null),
      runtime,
    );
    let next = 0;
    for (const [i, look] of first.entries()) {
      const both = together(look, again[i] === null ? null : second[next++]!);
      const seen = both === null || areAgreed(both) ? both : await withLine(both, levels, runtime);
      scores.push(seen === null ? null : { ...seen, ...placeOnBib(seen.quad, boxes[from + i]!, levels.full) });
    }
    onStep(scores.length, boxes.length);
  }
  return scores;
}

/** One run of the net over straightened quads. */
async function lookAt(levels: FrameLevels, quads: readonly Quad[], runtime: Runtime): Promise<Look[]> {
  if (quads.length === 0) return [];
  const spec = modelSpec(BIB_READER);
  const { input, outputs } = spec;
  if (input === undefined) throw new AppError('bug', `${BIB_READER} declares no input`);
  const { widthPx, heightPx } = inputSizeOf(spec);
  const model = await runtime.ort(BIB_READER);
  const perLook = 3 * widthPx * heightPx;
  const data = new Float32Array(quads.length * perLook);
  quads.forEach((quad, i) => {
    const frame = levels.atLeast(widthPx, heightPx, boundsOf(quad), 1);
    toTensorData(warpQuad(frame, quad, widthPx, heightPx), input, data, i * perLook);
  });
  const results = await model.run({ [input.name]: { type: 'float32', data, dims: [quads.length, 3, heightPx, widthPx] } });
  const steps = results[outputs?.[0] ?? ''];
  const cut = results[outputs?.[1] ?? ''];
  if (!(steps?.data instanceof Float32Array) || !(cut?.data instanceof Float32Array))
    throw new AppError('bug', `${BIB_READER} gave no float32 steps and cut`);
  const [, count = 0, channels = 0] = steps.dims;
  if (channels !== BIB_CLASSES + 3) throw new AppError('bug', `${BIB_READER} has ${channels} channels, not ${BIB_CLASSES + 3}`);
  return quads.map((quad, i) => {
    const all = (steps.data as Float32Array).subarray(i * count * channels, (i + 1) * count * channels);
    return {
      quad,
      logProbabilities: logSoftmax(all, count, channels),
      line: lineOfNumber(all, count, channels, BIB_CLASSES),
      cut: [Number(cut.data[i * 2]), Number(cut.data[i * 2 + 1])],
    };
  });
}

/** What was read on a bib, before it is said where on it. */
type Read = Omit<BibScores, 'aspect' | 'offCentre'>;

/** The closer look leads, the other one has a say; hidden ends are a matter of both. */
function together(first: Look, second: Look | null): Read | null {
  const best = second?.line == null ? first : second;
  if (best.line === null) return null;
  const other = best === first ? null : first;
  const cut = ([0, 1] as const).map((end) => sigmoid(other === null ? best.cut[end] : (best.cut[end] + other.cut[end]) / 2));
  return {
    alphabet: BIB_ALPHABET,
    steps: best.logProbabilities.length / BIB_CLASSES,
    logProbabilities: best.logProbabilities,
    ...(other === null ? {} : { moreLooks: [{ reader: 'bib', logProbabilities: other.logProbabilities }] }),
    quad: quadWithin(cornersOf(best.line), best.quad),
    cut01: [cut[0]!, cut[1]!],
  };
}

/** See [Note: In doubt]. A single look is never enough; where both see nothing PP-OCR is not asked either. */
function areAgreed({ logProbabilities, moreLooks = [], cut01 }: Read): boolean {
  const [one, ...others] = [logProbabilities, ...moreLooks.map((look) => look.logProbabilities)].map((look) => bestPath(look, BIB_CLASSES));
  if (one === undefined || others.length === 0) return false;
  const isSame = others.every(({ text }) => text.join() === one.text.join());
  if (one.text.length === 0) return isSame;
  return isSame && Math.max(...cut01) < 0.5 && [one, ...others].every(({ log }) => log >= AGREED_LOG);
}

/** With what PP-OCR reads on the line. */
async function withLine(scores: Read, levels: FrameLevels, runtime: Runtime): Promise<Read> {
  const model = await runtime.ort(LINE_READER);
  const quad = quadWithin(quadOf(widenBox(WHOLE_FRAME, STRIP_MARGIN)), scores.quad);
  const heightPx = LINE_HEIGHT_PX;
  const frame = levels.atLeast(heightPx, heightPx, boundsOf(quad), 1);
  const corners = quad.map(({ x, y }) => ({ x: x * frame.widthPx, y: y * frame.heightPx })) as unknown as Quad;
  const { probabilities, steps, classes } = await lineProbabilities(model, cutStrip(frame, corners, heightPx), PPOCR);
  const look: BibLook = { reader: 'line', logProbabilities: ofOurAlphabet(probabilities, steps, classes) };
  return { ...scores, moreLooks: [...(scores.moreLooks ?? []), look], cut01: seenAfterAll(scores, look) };
}

function seenAfterAll({ logProbabilities, cut01: [left, right] }: Read, line: BibLook): readonly [number, number] {
  const own = textOf(bestPath(logProbabilities, BIB_CLASSES).text);
  const more = textOf(bestPath(line.logProbabilities, BIB_CLASSES).text);
  if (own.length === 0 || more.length <= own.length) return [left, right];
  return [more.endsWith(own) ? left * SEEN_AFTER_ALL : left, more.startsWith(own) ? right * SEEN_AFTER_ALL : right];
}

/** Numbers stand in the middle of bibs, which are all of one shape: where one does not, a part of it may be hidden. */
function placeOnBib([a, b, c, d]: Quad, box: Box, { widthPx, heightPx }: Frame): Pick<BibScores, 'aspect' | 'offCentre'> {
  const height = Math.max(1, ((d.y - a.y + c.y - b.y) / 2) * heightPx);
  const left = ((a.x + d.x) / 2 - box.x) * widthPx;
  const right = (box.x + box.width - (b.x + c.x) / 2) * widthPx;
  return { aspect: (box.width * widthPx) / (box.height * heightPx), offCentre: Math.abs(left - right) / height };
}

/** PP-OCR's class of each of ours; what we do not know is no character of a number. */
const OURS = PPOCR.map((character) => classOf(character.toUpperCase()));

function ofOurAlphabet(probabilities: Float32Array, steps: number, classes: number): Float32Array<ArrayBuffer> {
  const out = new Float32Array(steps * BIB_CLASSES);
  for (let step = 0; step < steps; step++) {
    const base = step * BIB_CLASSES;
    for (let one = 0; one < classes; one++) {
      const to = base + (one === 0 ? 0 : OURS[one - 1]!);
      out[to] = out[to]! + probabilities[step * classes + one]!;
    }
    for (let one = 0; one < BIB_CLASSES; one++) out[base + one] = Math.log(Math.max(1e-9, out[base + one]!));
  }
  return out;
}

function fills({ left01, right01, top01, bottom01 }: NumberLine): boolean {
  return right01 - left01 >= FILLS.width && Math.max(bottom01[0] - top01[0], bottom01[1] - top01[1]) >= FILLS.height;
}

/** The line with air around it, within the look's quad. */
function aroundLine(line: NumberLine, quad: Quad): Quad {
  const aside = (line.right01 - line.left01) * LINE_MARGIN.width;
  const [a, b, c, d] = cornersOf(line) as [Point, Point, Point, Point];
  const slope = (from: Point, to: Point): number => (to.y - from.y) / Math.max(1e-6, to.x - from.x);
  const [upper, lower] = [slope(a, b), slope(d, c)];
  const beyond = ((d.y - a.y + c.y - b.y) / 2) * LINE_MARGIN.height;
  return quadWithin(
    [
      { x: a.x - aside, y: a.y - aside * upper - beyond },
      { x: b.x + aside, y: b.y + aside * upper - beyond },
      { x: c.x + aside, y: c.y + aside * lower + beyond },
      { x: d.x - aside, y: d.y - aside * lower + beyond },
    ],
    quad,
  );
}

function cornersOf({ left01, right01, top01, bottom01 }: NumberLine): Quad {
  return [
    { x: left01, y: top01[0] },
    { x: right01, y: top01[1] },
    { x: right01, y: bottom01[1] },
    { x: left01, y: bottom01[0] },
  ];
}

/** A quad in 0..1 of a quad whose sides are straight and parallel, as all looks are but for a little perspective. */
function quadWithin(inner: Quad, [a, b, c, d]: Quad): Quad {
  const place = ({ x, y }: Point): Point => {
    const along = (from: Point, to: Point): Point => ({ x: from.x + (to.x - from.x) * x, y: from.y + (to.y - from.y) * x });
    const [top, bottom] = [along(a, b), along(d, c)];
    return { x: top.x + (bottom.x - top.x) * y, y: top.y + (bottom.y - top.y) * y };
  };
  return inner.map(place) as unknown as Quad;
}

function quadOf({ x, y, width, height }: Box): Quad {
  return [
    { x, y },
    { x: x + width, y },
    { x: x + width, y: y + height },
    { x, y: y + height },
  ];
}

function boundsOf(quad: Quad): Box {
  const xs = quad.map(({ x }) => x);
  const ys = quad.map(({ y }) => y);
  return { x: Math.min(...xs), y: Math.min(...ys), width: Math.max(...xs) - Math.min(...xs), height: Math.max(...ys) - Math.min(...ys) };
}

function logSoftmax(all: Float32Array, steps: number, channels: number): Float32Array<ArrayBuffer> {
  const out = new Float32Array(steps * BIB_CLASSES);
  for (let step = 0; step < steps; step++) {
    const logits = all.subarray(step * channels, step * channels + BIB_CLASSES);
    const most = logits.reduce((a, b) => Math.max(a, b), -Infinity);
    const log = most + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - most), 0));
    for (let one = 0; one < BIB_CLASSES; one++) out[step * BIB_CLASSES + one] = logits[one]! - log;
  }
  return out;
}
