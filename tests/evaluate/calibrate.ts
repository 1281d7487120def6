/**
 * @file Fits the numbers of fusion on a labelled folder and writes `src/core/fuse/calibration.json`; docs/fusion.md says how and what came out.
 * `npx tsx tests/evaluate/calibrate.ts --data <folder> [--dry]`. Figures come from folds over products: a query is judged by numbers that
 * were fitted without any query of its product.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { AppError, toAppError } from '../../src/contracts/errors.ts';
import type { EmbeddingSpace } from '../../src/contracts/results.ts';
import { calibrationSchema, type CalibrationFile, type SpaceCalibration } from '../../src/core/fuse/calibration.ts';
import { verificationStrength } from '../../src/core/fuse/product-look.ts';
import { createNodeRuntime } from '../../server/runtime/node-runtime.ts';
import { MIN_INLIERS } from '../../workers/stages/local-features.ts';
import { choiceProbabilities, fitChoiceModel, meanLogLoss, type Choice, type ChoiceModel } from './choice-model.ts';
import { readDataset } from './dataset.ts';
import { identificationMetrics, rankOf, type IdentificationResult } from './identification.ts';
import { observe, type Observation, type ObservedPhoto } from './observe.ts';

const FOLDS = 9;
/** Look score, keypoints, words. */
const FEATURES = 3;
/** Share of photos whose product the gallery lacks, assumed of a shopper: every query is also asked with its product taken out, at this weight. */
const UNKNOWN_SHARE = 0.25;
const COLOUR_WEIGHTS = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1];
/** Products far behind have no say, and leaving them out makes fitting quick. */
const MAX_ALTERNATIVES = 15;
/** What answers called sure must reach on the photos that the threshold is found on: 0.97 is promised, the rest is room for other photos. */
const SURE_PRECISION = 0.98;
/** Share of photos of unknown products that must not be given an answer at all. */
const UNKNOWN_NOT_SURE = 0.75;

const CALIBRATION_FILE = join(import.meta.dirname, '../../src/core/fuse/calibration.json');

/** A query as a choice, with names. */
interface NamedChoice extends Choice {
  readonly file: string;
  readonly label: string;
  readonly isLoose: boolean;
  readonly names: readonly string[];
  readonly isKnown: boolean;
}

/** Known and unknown version of each query; a right product beyond the best few counts as not in the gallery at all for fitting, and as missed. */
function toChoices(items: readonly Observation[], colourWeight: number, { canVerify = true, canRead = true } = {}): NamedChoice[] {
  return items.flatMap(({ file, label, isLoose, photos, words }) => {
    const products = byLabel(photos);
    const isKnownProduct = products.has(label);
    const all = [...products].map(([name, own]) => ({
      name,
      features: [...featuresOf(own, colourWeight, canVerify), canRead ? (words.get(name) ?? 0) : 0],
    }));
    all.sort((a, b) => b.features[0]! + b.features[1]! - a.features[0]! - a.features[1]!);
    const toChoice = (isKnown: boolean): NamedChoice => {
      const best = all.filter(({ name }) => isKnown || name !== label).slice(0, MAX_ALTERNATIVES);
      const names = best.map(({ name }) => name);
      const at = isKnown ? names.indexOf(label) : -1;
      const weight = isKnown ? 1 - UNKNOWN_SHARE : UNKNOWN_SHARE;
      return {
        file,
        label,
        isLoose,
        names,
        alternatives: best.map(({ features }) => features),
        right: at < 0 ? null : at,
        weight,
        isKnown,
      };
    };
    return isKnownProduct ? [toChoice(true), toChoice(false)] : [toChoice(false)];
  });
}

function byLabel(photos: readonly ObservedPhoto[]): Map<string, ObservedPhoto[]> {
  const products = new Map<string, ObservedPhoto[]>();
  for (const photo of photos) products.set(photo.label, [...(products.get(photo.label) ?? []), photo]);
  return products;
}

/** Look score and strength of verification, as fusion computes them. */
function featuresOf(photos: readonly ObservedPhoto[], colourWeight: number, canVerify: boolean): number[] {
  const look = Math.max(...photos.map(({ cosine, colour }) => cosine + colourWeight * colour));
  const inliers = Math.max(0, ...photos.map((photo) => photo.inliers ?? 0));
  return [look, canVerify && inliers >= MIN_INLIERS ? verificationStrength(inliers) : 0];
}

/** Folds by product, always the same ones. */
function foldOf(label: string): number {
  let hash = 7;
  for (const character of label) hash = (hash * 31 + character.codePointAt(0)!) % 1_000_003;
  return hash % FOLDS;
}

/** A prediction by a model that never saw the product's queries. */
interface Prediction {
  readonly choice: NamedChoice;
  readonly ranked: readonly string[];
  readonly probability01: number;
}

function predictOutOfFold(choices: readonly NamedChoice[]): { predictions: Prediction[]; loss: number } {
  const predictions: Prediction[] = [];
  let loss = 0;
  for (let fold = 0; fold < FOLDS; fold++) {
    const own = choices.filter(({ label }) => foldOf(label) === fold);
    const model = fitChoiceModel(
      choices.filter(({ label }) => foldOf(label) !== fold),
      FEATURES,
    );
    if (own.length === 0) continue;
    loss += meanLogLoss(model, own) * own.length;
    predictions.push(...own.map((choice) => predict(model, choice)));
  }
  return { predictions, loss: loss / choices.length };
}

function predict(model: ChoiceModel, choice: NamedChoice): Prediction {
  const probabilities = choiceProbabilities(model, choice.alternatives).slice(0, choice.names.length);
  const order = probabilities.map((_, i) => i).sort((a, b) => probabilities[b]! - probabilities[a]!);
  return { choice, ranked: order.map((i) => choice.names[i]!), probability01: probabilities[order[0]!] ?? 0 };
}

function isRight({ choice, ranked }: Prediction): boolean {
  return choice.isKnown && ranked[0] === choice.label;
}

/**
 * Lowest probability above which answers are right often enough, photos of unknown products counted at their share, with one more
 * wrong answer than was seen (so that a lucky handful proves nothing).
 */
function thresholdFor(predictions: readonly Prediction[], precision: number): number {
  const sorted = [...predictions].sort((a, b) => b.probability01 - a.probability01);
  let right = 0;
  let wrong = 0;
  let threshold = 0.999;
  for (const [i, prediction] of sorted.entries()) {
    const { weight } = prediction.choice;
    if (isRight(prediction)) right += weight;
    else wrong += weight;
    const next = sorted[i + 1]?.probability01 ?? 0;
    if (next < prediction.probability01 && right / (right + wrong + 1 - UNKNOWN_SHARE) >= precision)
      threshold = (prediction.probability01 + next) / 2;
  }
  return Math.round(threshold * 1000) / 1000;
}

/** Probability below which {@link UNKNOWN_NOT_SURE} of the photos of unknown products fall. */
function likelyThreshold(predictions: readonly Prediction[]): number {
  const unknown = predictions.filter(({ choice }) => !choice.isKnown).map(({ probability01 }) => probability01);
  unknown.sort((a, b) => a - b);
  return round(unknown[Math.floor(UNKNOWN_NOT_SURE * unknown.length)] ?? 0.5);
}

/** Each fold judged by thresholds found on the others. */
function toResults(predictions: readonly Prediction[]): IdentificationResult[] {
  return Array.from({ length: FOLDS }, (_, fold) => {
    const others = predictions.filter(({ choice }) => foldOf(choice.label) !== fold);
    const sure = thresholdFor(others, SURE_PRECISION);
    const likely = likelyThreshold(others);
    return predictions
      .filter(({ choice }) => foldOf(choice.label) === fold)
      .map(({ choice, ranked, probability01 }): IdentificationResult => {
        const certainty = probability01 >= sure ? 'sure' : probability01 >= likely ? 'likely' : 'not-sure';
        const group = choice.isLoose ? 'loose' : 'packaged';
        return { file: choice.file, expected: choice.isKnown ? choice.label : null, group, got: ranked, certainty, probability01, ms: 0 };
      });
  }).flat();
}

/** top-1 and top-5 of one ranking rule, for the table of docs/fusion.md. */
function printCue(name: string, items: readonly Observation[], scoreOf: (photo: ObservedPhoto) => number): void {
  const results = items.map(({ file, label, isLoose, photos }): IdentificationResult => {
    const best = new Map<string, number>();
    for (const photo of photos) best.set(photo.label, Math.max(best.get(photo.label) ?? -Infinity, scoreOf(photo)));
    const got = [...best].sort((a, b) => b[1] - a[1]).map(([product]) => product);
    return { file, expected: label, group: isLoose ? 'loose' : 'packaged', got, certainty: 'not-sure', probability01: 0, ms: 0 };
  });
  printRow(name, results);
}

function printRow(name: string, results: readonly IdentificationResult[]): void {
  const { top1, top5, top1_packaged, top5_packaged, top1_loose, top5_loose } = identificationMetrics(results);
  const cell = (a?: number, b?: number): string =>
    a === undefined || b === undefined ? '–' : `${(100 * a).toFixed(1)} / ${(100 * b).toFixed(1)}`;
  console.log(`| ${name} | ${cell(top1, top5)} | ${cell(top1_packaged, top5_packaged)} | ${cell(top1_loose, top5_loose)} |`);
}

/** The weight of colour that explains the queries best. */
function bestColourWeight(items: readonly Observation[]): number {
  const losses = COLOUR_WEIGHTS.map((weight) => {
    const choices = toChoices(items, weight);
    return meanLogLoss(fitChoiceModel(choices, FEATURES), choices);
  });
  return COLOUR_WEIGHTS[losses.indexOf(Math.min(...losses))]!;
}

function typicalColour(items: readonly Observation[]): number {
  const others = items.flatMap(({ label, photos }) => photos.filter((photo) => photo.label !== label).map(({ colour }) => colour));
  return Math.round((others.reduce((sum, value) => sum + value, 0) / Math.max(1, others.length)) * 1000) / 1000;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { data: { type: 'string' }, dry: { type: 'boolean', default: false } } });
  if (values.data === undefined)
    throw new AppError('invalid-input', 'Say which folder: npx tsx tests/evaluate/calibrate.ts --data <folder>');
  const dataset = await readDataset(values.data);
  const { space, items } = await observe(dataset, createNodeRuntime());

  console.log(`\n${dataset.task}, ${space}, ${items.length} queries, top-1 / top-5 in %\n`);
  console.log('| cue | all | packaged | loose |\n|---|---|---|---|');
  printCue('embedding', items, ({ cosine }) => cosine);
  printCue('colour', items, ({ colour }) => colour);
  printCue(
    'keypoints of the six best products by look (packs)',
    items.filter(({ isLoose }) => !isLoose),
    ({ inliers }) => inliers ?? -1,
  );
  const colourWeight = bestColourWeight(items);
  printCue(`embedding + ${colourWeight} × colour`, items, ({ cosine, colour }) => cosine + colourWeight * colour);
  const unread = predictOutOfFold(toChoices(items, colourWeight, { canVerify: false, canRead: false }));
  const without = predictOutOfFold(toChoices(items, colourWeight, { canVerify: false }));
  const withKeypoints = predictOutOfFold(toChoices(items, colourWeight));
  printRow(`fused without keypoints and words (log loss ${unread.loss.toFixed(4)})`, knownOf(toResults(unread.predictions)));
  printRow(`fused without keypoints (log loss ${without.loss.toFixed(4)})`, knownOf(toResults(without.predictions)));
  printRow(`fused with keypoints (log loss ${withKeypoints.loss.toFixed(4)})`, knownOf(toResults(withKeypoints.predictions)));
  // Keypoints of two flavours in one design agree as well; they get a say in the ranking only where that helps.
  const canVerify = withKeypoints.loss < without.loss;
  const { predictions, loss } = canVerify ? withKeypoints : without;
  const choices = toChoices(items, colourWeight, { canVerify });
  const results = toResults(predictions);

  const metrics = identificationMetrics(results.filter(({ expected }) => expected !== null));
  const unknown = identificationMetrics(results.filter(({ expected }) => expected === null));
  const { weights, none } = fitChoiceModel(choices, FEATURES);
  const certainty = { sure: thresholdFor(predictions, SURE_PRECISION), likely: likelyThreshold(predictions) };
  const fitted: Omit<SpaceCalibration, 'facing'> = {
    look: { colour: colourWeight, typicalColour: typicalColour(items) },
    choice: { look: round(weights[0]!), verified: round(weights[1]!), words: round(weights[2]!), none: round(none) },
    certainty,
  };
  const figures = {
    top1: metrics.top1!,
    top5: metrics.top5!,
    ...(metrics.sure_precision === undefined ? {} : { sure_precision: metrics.sure_precision }),
    sure_count: metrics.sure_count!,
    sure_share: metrics.sure_share!,
    not_sure_share: metrics.not_sure_share!,
    expected_calibration_error: calibrationError(predictions),
    unknown_not_sure: unknown.unknown_not_sure!,
    unknown_sure: unknown.unknown_sure!,
    log_loss: loss,
  };
  printCoverage(predictions);
  console.log('\n', fitted, '\n', figures);
  printWrongSure(results);
  if (!values.dry)
    await write(space, fitted, {
      command: 'npx tsx tests/evaluate/calibrate.ts --data <folder>',
      dataset: dataset.task,
      queries: items.length,
      figures: mapValues(figures, round),
    });
}

/** Mean gap between promised and found over ten bins of probability, photos of unknown products counted at their share. */
function calibrationError(predictions: readonly Prediction[]): number {
  let error = 0;
  let total = 0;
  for (let bin = 0; bin < 10; bin++) {
    let gap = 0;
    for (const prediction of predictions) {
      if (Math.min(9, Math.floor(prediction.probability01 * 10)) !== bin) continue;
      gap += prediction.choice.weight * (prediction.probability01 - (isRight(prediction) ? 1 : 0));
      total += prediction.choice.weight;
    }
    error += Math.abs(gap);
  }
  return error / total;
}

function knownOf(results: readonly IdentificationResult[]): IdentificationResult[] {
  return results.filter(({ expected }) => expected !== null);
}

/** How many answers could be called sure at which precision: the trade-off behind the threshold. */
function printCoverage(predictions: readonly Prediction[]): void {
  console.log('\n| least probability | known: answered | known: right | unknown: answered |\n|---|---|---|---|');
  const share = (part: readonly unknown[], whole: readonly unknown[]): string =>
    ((100 * part.length) / Math.max(1, whole.length)).toFixed(1);
  const known = predictions.filter(({ choice }) => choice.isKnown);
  const unknown = predictions.filter(({ choice }) => !choice.isKnown);
  for (const threshold of [0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95]) {
    const above = known.filter(({ probability01 }) => probability01 >= threshold);
    const unknownAbove = unknown.filter(({ probability01 }) => probability01 >= threshold);
    console.log(
      `| ${threshold} | ${share(above, known)} % | ${share(above.filter(isRight), above)} % | ${share(unknownAbove, unknown)} % |`,
    );
  }
}

function printWrongSure(results: readonly IdentificationResult[]): void {
  for (const { file, got, expected, certainty, probability01 } of results)
    if (certainty === 'sure' && rankOf({ expected, got }) !== 1)
      console.log(
        `sure and wrong: ${file} taken for ${got[0] ?? '–'} (${probability01.toFixed(3)})${expected === null ? ', its product taken out' : ''}`,
      );
}

/** Facings on a shelf have numbers of their own, which are found by hand (docs/shelf.md): they stay. */
async function write(space: EmbeddingSpace, fitted: Omit<SpaceCalibration, 'facing'>, fit: CalibrationFile['fit']): Promise<void> {
  const old = calibrationSchema.parse(JSON.parse(await readFile(CALIBRATION_FILE, 'utf8')));
  const { facing } = old.spaces[space] ?? old.unknownSpace;
  const file: CalibrationFile = { ...old, spaces: { [space]: { ...fitted, facing } }, fit };
  await writeFile(CALIBRATION_FILE, `${JSON.stringify(file, null, 2)}\n`);
  console.log(`wrote ${CALIBRATION_FILE}`);
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

function mapValues(record: Readonly<Record<string, number>>, map: (value: number) => number): Record<string, number> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}

try {
  await main();
  process.exit(0);
} catch (caught) {
  const error = toAppError(caught);
  console.error(error.code === 'invalid-input' ? error.message : error);
  process.exit(error.code === 'invalid-input' ? 2 : 1);
}
