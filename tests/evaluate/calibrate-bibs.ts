/**
 * @file Fits the numbers of bib decoding on labelled bibs and writes `src/core/race/bib-calibration.json`; docs/bib.md says how and what came out.
 * `npx tsx tests/evaluate/calibrate-bibs.ts --data <folder> [--data <folder>] [--dry]`; folders of kind `numbers` whose boxes are bibs with their
 * number as label (empty: nothing is there to be read); `cut: [left, right]` where an end is hidden, `mid: true` where the middle is. Figures come from folds over numbers: a bib is
 * judged by numbers that were fitted without any photo of it.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { AppError, toAppError } from '../../src/contracts/errors.ts';
import type { Box } from '../../src/contracts/geometry.ts';
import { MAX_FRAME_SIDE_PX } from '../../src/contracts/media.ts';
import type { BibScores } from '../../src/contracts/race.ts';
import { BIB_CLASSES, textOf } from '../../src/core/race/bib-alphabet.ts';
import { BIB_CALIBRATION, type BibCalibration, type BibOdds } from '../../src/core/race/bib-calibration.ts';
import { bestPath } from '../../src/core/race/ctc-beam.ts';
import { bibEvidence, probabilityOf, weighBib, type BibWeights } from '../../src/core/race/decode-bib.ts';
import { raceNumbers, type RaceNumbers } from '../../src/core/race/race-numbers.ts';
import { modelSpec } from '../../src/models/registry.ts';
import { createNodeRuntime } from '../../server/runtime/node-runtime.ts';
import { FrameLevels } from '../../workers/stages/frame-levels.ts';
import { BIB_READER, readBibs } from '../../workers/stages/read-bibs.ts';
import { fitChoiceModel, type Choice } from './choice-model.ts';
import { readDataset } from './dataset.ts';
import { formatOf, withDistractors } from './race-of-folder.ts';

const FOLDS = 5;
/** Every box is read as marked, and as detectors mark: a little wider and a little shifted. Shares of its size. */
const JITTERS = [
  { x: 0, y: 0, grow: 0 },
  { x: 0.04, y: -0.03, grow: 0.08 },
] as const;
const ALONE = [0.8, 1, 1.2];
const TOGETHER = [0.4, 0.7, 1];
/** One bib in so many is left off the list it is decoded with. */
const UNLISTED_EVERY = 25;
/** What answers called sure must reach on the bibs that the threshold is found on, half a wrong one added: 0.99 is promised. */
const SURE_PRECISION = 0.993;
/** Nothing less likely is called sure, however well it went on these bibs. */
const LEAST_SURE = 0.9;
/** What is likelier wrong than right is no answer, but a candidate. */
const LEAST_CHECK = 0.5;
const CALIBRATION_FILE = join(import.meta.dirname, '../../src/core/race/bib-calibration.json');

const boxesSchema = z.array(
  z.looseObject({
    bbox: z.tuple([z.number(), z.number(), z.number(), z.number()]),
    label: z.string(),
    cut: z.tuple([z.boolean(), z.boolean()]).default([false, false]),
    mid: z.boolean().default(false),
  }),
);

/** One look-out for a number: its scores and what is true. */
interface Sample {
  readonly scores: BibScores | null;
  readonly text: string;
  readonly cut: readonly [boolean, boolean];
  readonly isHiddenWithin: boolean;
  readonly folder: number;
  /** Not jittered. */
  readonly isAsMarked: boolean;
  readonly weight: number;
}

/** What is known of the numbers of a folder's race: nothing, its list, or a list as of a race that counts from 1. */
interface RacesOfFolder {
  readonly alone: RaceNumbers;
  readonly listed: RaceNumbers;
  /** A fragment of a number is somebody's number there as well. */
  readonly dense: RaceNumbers;
}

async function observe(folders: readonly string[]): Promise<{ samples: Sample[]; races: RacesOfFolder[] }> {
  const runtime = createNodeRuntime();
  const samples: Sample[] = [];
  const races: RacesOfFolder[] = [];
  for (const [folder, path] of folders.entries()) {
    const dataset = await readDataset(path);
    for (const item of dataset.items) {
      const blob = new Blob([await readFile(join(dataset.folder, item.file))]);
      const { frame } = await runtime.decode(blob, MAX_FRAME_SIDE_PX);
      const levels = new FrameLevels(frame);
      const marked = boxesSchema.parse(item.boxes ?? []);
      for (const jitter of JITTERS) {
        const boxes = marked.map(({ bbox: [x, y, w, h] }): Box => {
          const at = { x: x + (jitter.x - jitter.grow / 2) * w, y: y + (jitter.y - jitter.grow / 2) * h };
          const size = { width: w * (1 + jitter.grow), height: h * (1 + jitter.grow) };
          return {
            x: at.x / frame.widthPx,
            y: at.y / frame.heightPx,
            width: size.width / frame.widthPx,
            height: size.height / frame.heightPx,
          };
        });
        const all = await readBibs(levels, boxes, runtime);
        marked.forEach(({ label, cut, mid }, i) =>
          samples.push({
            scores: all[i]!,
            text: label,
            cut,
            isHiddenWithin: mid,
            folder,
            isAsMarked: jitter === JITTERS[0],
            weight: 1 / JITTERS.length,
          }),
        );
      }
    }
    const own = samples.filter((sample) => sample.folder === folder && isWhole(sample)).map(({ text }) => text);
    const format = formatOf(own);
    const list = withDistractors(own.length === 0 ? samples.map(({ text }) => text).filter((text) => text !== '') : own).filter(
      (text) => hash(text) % UNLISTED_EVERY !== 0,
    );
    races.push({ alone: raceNumbers(format), listed: raceNumbers(format, list), dense: raceNumbers(format, withNeighbours(list)) });
  }
  // Numbers that many photos show would speak for everybody else.
  const shown = new Map<string, number>();
  for (const { text, folder } of samples) shown.set(`${folder}/${text}`, (shown.get(`${folder}/${text}`) ?? 0) + 1);
  return {
    samples: samples.map((sample) => {
      const most = sample.text === '' ? Infinity : 2 / shown.get(`${sample.folder}/${sample.text}`)!;
      return { ...sample, weight: Math.min(sample.weight, most) };
    }),
    races,
  };
}

/** Each number, what is left of it when an end is hidden, and a longer one at either end that it may be left of. */
function withNeighbours(list: readonly string[]): string[] {
  const parts = (number: string): string[] => {
    const hidden = Array.from({ length: Math.max(0, number.length - 2) }, (_, i) => i + 1);
    return hidden.flatMap((count) => [number.slice(count), number.slice(0, -count)]);
  };
  const longer = (number: string): string[] => [`${1 + (hash(number) % 9)}${number}`, `${number}${hash(number) % 10}`];
  const all = list.flatMap((number) => [number, ...parts(number), ...longer(number)]);
  return [...new Set(all)].filter((number) => !number.startsWith('0') && number.length <= 8);
}

/** The wrong answers that are held likeliest: what the threshold of `sure` has to rise above. */
function printWrong(weighed: readonly Weighed[], odds: BibOdds): void {
  const wrong = weighed.filter((one) => !one.isRight).map(({ sample, weights }) => ({ sample, weights, at: probabilityOf(weights, odds) }));
  for (const { sample, weights, at } of wrong.sort((a, b) => b.at - a.at).slice(0, 12))
    console.log(`${sample.text === '' ? 'nothing' : sample.text} taken for ${weights.hypotheses[0]!.bib} (${at.toFixed(3)})`);
}

/** A number that can be read in full. */
function isWhole({ text, cut, isHiddenWithin }: Sample): boolean {
  return text !== '' && !isHiddenWithin && !cut.some(Boolean);
}

/** Right: the number, or nothing where an end is hidden; with a list a number that ends (begins) so will do. */
function isRight({ text, cut: [left, right], isHiddenWithin }: Sample, bib: string): boolean {
  if (text === '') return false;
  if (isHiddenWithin || (!left && !right)) return bib === text;
  return bib !== text && (left ? bib.endsWith(text) : bib.startsWith(text));
}

/** Digits read as one and meant as another, where the length is right: rows sum up to 1. */
function confusionOf(samples: readonly Sample[]): { confusion: number[][]; mistakes: number } {
  const counts = Array.from({ length: 10 }, () => new Array<number>(10).fill(0.2));
  let mistakes = 0;
  for (const { scores, text, cut, isHiddenWithin, weight } of samples) {
    if (scores === null || text === '' || cut.some(Boolean) || isHiddenWithin) continue;
    const read = readText(scores);
    if (read.length !== text.length || read === text) continue;
    Array.from(text).forEach((meant, i) => {
      const [from, to] = [Number(read[i]), Number(meant)];
      if (read[i] === meant || !Number.isInteger(from) || !Number.isInteger(to)) return;
      counts[from]![to]! += weight;
      mistakes += weight;
    });
  }
  return {
    confusion: counts.map((row, seen) => {
      const total = row.reduce((sum, count, meant) => sum + (meant === seen ? 0 : count), 0);
      return row.map((count, meant) => (meant === seen ? 0 : Math.round((count / total) * 1000) / 1000));
    }),
    mistakes,
  };
}

function readText({ logProbabilities }: BibScores): string {
  return textOf(bestPath(logProbabilities, BIB_CLASSES).text);
}

/** A sample as it was weighed. */
interface Weighed {
  readonly sample: Sample;
  readonly weights: BibWeights;
  readonly isRight: boolean;
}

function weighAll(samples: readonly Sample[], raceOf: (folder: number) => RaceNumbers, calibration: BibCalibration): Weighed[] {
  return samples.flatMap((sample): Weighed[] => {
    if (sample.scores === null) return [];
    const weights = weighBib(sample.scores, raceOf(sample.folder), calibration);
    const best = weights.hypotheses[0];
    return best === undefined ? [] : [{ sample, weights, isRight: isRight(sample, best.bib) }];
  });
}

/** Powers under which the truth is least surprising; the bibs as marked are enough to tell. */
function bestTrust(samples: readonly Sample[], raceOf: (folder: number) => RaceNumbers, base: BibCalibration): BibCalibration['trust'] {
  const marked = samples.filter(({ isAsMarked }) => isAsMarked);
  const hasLine = ({ scores }: Sample): boolean => scores?.moreLooks?.some(({ reader }) => reader === 'line') ?? false;
  const loss = (some: readonly Sample[], trust: BibCalibration['trust']): number => lossOf(weighAll(some, raceOf, { ...base, trust }));
  const best = (some: readonly Sample[], tried: readonly BibCalibration['trust'][]): BibCalibration['trust'] => {
    const losses = tried.map((trust) => loss(some, trust));
    tried.forEach((trust, i) => console.log(trust, losses[i]!.toFixed(4)));
    return tried[losses.indexOf(Math.min(...losses))]!;
  };
  const { alone } = best(
    marked.filter((sample) => sample.scores !== null && !hasLine(sample)),
    ALONE.map((power) => ({ alone: power, bib: 0.5, line: 0.5 })),
  );
  const { bib, line } = best(
    marked.filter(hasLine),
    TOGETHER.flatMap((own) => TOGETHER.map((other) => ({ alone, bib: own, line: other }))),
  );
  return { alone, bib, line };
}

/** Mean −log of the share that the truth gets, for whole numbers. */
function lossOf(weighed: readonly Weighed[]): number {
  let [loss, total] = [0, 0];
  for (const { sample, weights } of weighed) {
    if (!isWhole(sample)) continue;
    const share = weights.hypotheses.find(({ bib }) => bib === sample.text)?.share01 ?? 0;
    loss -= sample.weight * Math.log(Math.max(1e-4, share));
    total += sample.weight;
  }
  return loss / total;
}

function fitOdds(weighed: readonly Weighed[]): Omit<BibOdds, 'sure' | 'check'> {
  const choices = weighed.map(({ sample, weights, isRight: right }): Choice => ({
    alternatives: [bibEvidence(weights).map(({ value }) => value)],
    right: right ? 0 : null,
    weight: sample.weight,
  }));
  const { weights, none } = fitChoiceModel(choices, 6);
  const [posterior, legible, whole, part, aspect, offCentre] = weights.map(round) as [number, number, number, number, number, number];
  return { constant: round(-none), posterior, legible, whole, part, aspect, offCentre };
}

/** Lowest probability above which answers are right often enough, and that which gives the best F1. */
function thresholdsOf(weighed: readonly Weighed[], odds: Omit<BibOdds, 'sure' | 'check'>, there: number): { sure: number; check: number } {
  const sorted = weighed
    .map((one) => ({ ...one, probability01: probabilityOf(one.weights, { ...odds, sure: 1, check: 1 }) }))
    .sort((a, b) => b.probability01 - a.probability01);
  let [right, wrong, sure, check, bestF1] = [0, 0, 0.999, 0.5, 0];
  for (const [i, { isRight: isGood, sample, probability01 }] of sorted.entries()) {
    if (isGood) right += sample.weight;
    else wrong += sample.weight;
    const next = sorted[i + 1]?.probability01 ?? 0;
    const middle = (probability01 + next) / 2;
    if (right / (right + wrong + 0.5) >= SURE_PRECISION) sure = middle;
    const f1 = (2 * right) / (right + wrong + there);
    if (f1 > bestF1) [bestF1, check] = [f1, middle];
  }
  return { sure: round(Math.min(0.999, Math.max(sure, LEAST_SURE))), check: round(Math.min(Math.max(check, LEAST_CHECK), 0.6)) };
}

/** Figures of one way to decode, each fold judged by what the others say. */
function judge(weighed: readonly Weighed[]): Record<string, number> {
  let [there, given, right, found, sure, sureRight] = [0, 0, 0, 0, 0, 0];
  for (let fold = 0; fold < FOLDS; fold++) {
    const others = weighed.filter(({ sample }) => hash(sample.text) % FOLDS !== fold);
    const odds = fitOdds(others);
    const thresholds = thresholdsOf(others, odds, thereOf(others));
    for (const { sample, weights, isRight: isGood } of weighed.filter((one) => hash(one.sample.text) % FOLDS === fold)) {
      const probability01 = probabilityOf(weights, { ...odds, ...thresholds });
      if (isWhole(sample)) there += sample.weight;
      if (probability01 < thresholds.check) continue;
      given += sample.weight;
      if (isGood) right += sample.weight;
      if (isGood && isWhole(sample)) found += sample.weight;
      if (probability01 < thresholds.sure || weights.hypotheses[0]!.isPart) continue;
      sure += sample.weight;
      if (isGood) sureRight += sample.weight;
    }
  }
  return {
    precision: round(right / given),
    recall: round(found / there),
    f1: round((2 * right) / (given + there + right - found)),
    sure_precision: round(sureRight / sure),
    sure_share: round(sure / there),
  };
}

function thereOf(weighed: readonly Weighed[]): number {
  return weighed.reduce((sum, { sample }) => sum + (isWhole(sample) ? sample.weight : 0), 0);
}

/** The same number falls into the same fold every time. */
function hash(text: string): number {
  let value = 7;
  for (const character of text) value = (value * 31 + character.codePointAt(0)!) % 1_000_003;
  return value;
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { data: { type: 'string', multiple: true, default: [] }, dry: { type: 'boolean', default: false } },
  });
  if (values.data.length === 0)
    throw new AppError('invalid-input', 'Say which folders: npx tsx tests/evaluate/calibrate-bibs.ts --data <folder>');
  const { samples, races } = await observe(values.data);
  const { confusion, mistakes } = confusionOf(samples);
  const base: BibCalibration = { ...BIB_CALIBRATION, reader: modelSpec(BIB_READER).version, confusion, confusable01: 0.01 };
  const alone = (folder: number) => races[folder]!.alone;
  const listed = (folder: number) => races[folder]!.listed;
  const dense = (folder: number) => races[folder]!.dense;
  const trust = bestTrust(samples, alone, base);
  const calibration = { ...base, trust };
  const fitted = [[alone], [listed, dense]].map((lists) => {
    const weighed = lists.flatMap((raceOf) => weighAll(samples, raceOf, calibration));
    const odds = fitOdds(weighed);
    return { odds: { ...odds, ...thresholdsOf(weighed, odds, thereOf(weighed)) }, figures: judge(weighed) };
  });
  const figures = {
    ...Object.fromEntries(Object.entries(fitted[0]!.figures).map(([name, value]) => [`alone_${name}`, value])),
    ...Object.fromEntries(Object.entries(fitted[1]!.figures).map(([name, value]) => [`listed_${name}`, value])),
    mistaken_digits: round(mistakes),
  };
  const file: BibCalibration = {
    ...calibration,
    alone: fitted[0]!.odds,
    listed: fitted[1]!.odds,
    fit: {
      command: 'npx tsx tests/evaluate/calibrate-bibs.ts --data <folder> --data <folder>',
      datasets: values.data.map((path) => basename(path)).join(', '),
      bibs: samples.length / JITTERS.length,
      figures,
    },
  };
  printWrong(weighAll(samples, alone, calibration), file.alone);
  console.log(file.alone, file.listed, figures);
  if (!values.dry) await writeFile(CALIBRATION_FILE, `${JSON.stringify(file, null, 2)}\n`);
}

try {
  await main();
  process.exit(0);
} catch (caught) {
  const error = toAppError(caught);
  console.error(error.code === 'invalid-input' ? error.message : error);
  process.exit(error.code === 'invalid-input' ? 2 : 1);
}
