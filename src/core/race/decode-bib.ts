/** @file What a bib's scores say under a race's format and start list: which number, how surely, or what is left of it. Pure; any thread. */
import { AppError } from '../../contracts/errors.ts';
import type { BibAnswer, BibCandidate, BibScores } from '../../contracts/race.ts';
import { logOdds, sigmoid } from '../logistic.ts';
import { BIB_ALPHABET, BIB_CLASSES, textOf } from './bib-alphabet.ts';
import { BIB_CALIBRATION, type BibCalibration, type BibOdds } from './bib-calibration.ts';
import { likeliestTexts, textLikelihood } from './ctc-beam.ts';
import type { RaceNumbers } from './race-numbers.ts';

/** Beginnings kept while texts are sought; more changes nothing on real bibs. */
const BEAM = 10;
/** Texts of each lexicon that are weighed exactly. */
const CONTENDERS = 8;
/**
 * [Note: Fragments] What an arm leaves of a number is a number, too, and mostly one that somebody wears: an end that may be hidden with more than this
 * probability leaves the answer to a person. So does a single digit without a start list. Found on group photos (docs/bib.md).
 */
const MOST_HIDDEN_FOR_SURE = 0.15;
/** A look that saw something else altogether must not forbid what the others saw. */
const VETO_LOG = -30;
/** An end that is hidden with less probability than this is taken for whole: looking for parts takes as long as everything else. */
const LEAST_HIDDEN = 0.02;
/** A visible part of fewer characters says too little. */
const LEAST_PART = 2;
/** Completions of a part that are weighed; more than this many leave it open anyway. */
const MAX_COMPLETIONS = 5;
const MAX_CANDIDATES = 5;
/** Shares nearer to 0 or 1 are not told apart. */
const SHARE_MARGIN = 1e-6;
/** Numbers farther off the middle than this many of their heights are not told apart. */
const MOST_OFF_CENTRE = 2;

/** Nothing can be said. */
export const NO_ANSWER: BibAnswer = { bib: null, certainty: 'none', probability01: 0, partial: null, candidates: [], saidBy: 'print' };

/** What {@link weighBib} found, before it is put in words; the calibration is fitted on it. */
export interface BibWeights {
  /** Best first; their shares of all hypotheses, unnamed ones included. `isPart`: an end of it is hidden, the start list fills it in. */
  readonly hypotheses: readonly { readonly bib: string; readonly share01: number; readonly isPart: boolean }[];
  /** Mean log likelihood of a character of the best text. */
  readonly legible: number;
  /** Log odds that nothing is hidden; 0 when the best is a part. */
  readonly whole: number;
  /** Logarithm of the bib's width over its height. */
  readonly aspect: number;
  /** See {@link BibScores}; two at most. */
  readonly offCentre: number;
  /** Best text when ends may be hidden, `?` for each that is. */
  readonly partial: string | null;
}

/**
 * Which number a bib shows.
 * @returns `sure` and `check` by calibrated probability; a number with a hidden end is `check` at most.
 * @throws AppError('bug') for scores of another alphabet than the reader's.
 */
export function decodeBib(scores: BibScores | null, race: RaceNumbers, calibration: BibCalibration = BIB_CALIBRATION): BibAnswer {
  if (scores === null) return NO_ANSWER;
  const weights = weighBib(scores, race, calibration);
  const { hypotheses, partial } = weights;
  const best = hypotheses[0];
  if (best === undefined) return { ...NO_ANSWER, partial };
  const odds = race.list === null ? calibration.alone : calibration.listed;
  const probability01 = probabilityOf(weights, odds);
  // The others keep their shares of what the first leaves.
  const left = (1 - probability01) / Math.max(1e-9, 1 - best.share01);
  const candidates = hypotheses.slice(0, MAX_CANDIDATES).map(({ bib, share01 }, i): BibCandidate => ({
    bib,
    probability01: i === 0 ? probability01 : Math.min(probability01, share01 * left),
  }));
  if (probability01 < odds.check) return { ...NO_ANSWER, probability01: 0, partial, candidates };
  const isWhole =
    !best.isPart && Math.max(...scores.cut01) <= MOST_HIDDEN_FOR_SURE && (race.list !== null || best.bib.length >= LEAST_PART);
  const isSure = probability01 >= odds.sure && isWhole;
  return {
    bib: best.bib,
    certainty: isSure ? 'sure' : 'check',
    probability01,
    partial: best.isPart ? partial : null,
    candidates,
    saidBy: 'print',
  };
}

/** Calibrated probability of the best hypothesis. */
export function probabilityOf(weights: BibWeights, odds: BibOdds): number {
  return sigmoid(bibEvidence(weights).reduce((sum, { name, value }) => sum + odds[name] * value, odds.constant));
}

/** What speaks for the best hypothesis, as the calibration weighs it. */
export function bibEvidence({ hypotheses, legible, whole, aspect, offCentre }: BibWeights) {
  const [best] = hypotheses;
  return [
    { name: 'posterior', value: logOdds(best?.share01 ?? 0, SHARE_MARGIN) },
    { name: 'legible', value: legible },
    { name: 'whole', value: whole },
    { name: 'part', value: best?.isPart === true ? -1 : 0 },
    { name: 'aspect', value: aspect },
    { name: 'offCentre', value: -offCentre },
  ] as const;
}

/**
 * [Note: Hypotheses] A bib shows a whole number, or a number with an end hidden. A whole one weighs (likelihood of its text) × (chance that
 * nothing is hidden) × prior; a hidden one (likelihood of the visible part) × (chance that this end is hidden), shared by the numbers on the list that
 * complete it; what no list completes goes to nobody. Prior: 1 − unlisted of a listed number; of another one `unlisted` × (length of the list /
 * numbers that the format allows), since the missing are few and might be anything; without a list all are alike.
 */
export function weighBib(scores: BibScores, race: RaceNumbers, calibration: BibCalibration = BIB_CALIBRATION): BibWeights {
  if (scores.alphabet !== BIB_ALPHABET) throw new AppError('bug', `Scores over ${scores.alphabet}, not ${BIB_ALPHABET}`, { stage: 'read' });
  const looks = [{ reader: 'bib' as const, logProbabilities: scores.logProbabilities }, ...(scores.moreLooks ?? [])].map(
    ({ reader, logProbabilities }) => ({ reader, probabilities: toProbabilities(logProbabilities, race.known, calibration) }),
  );
  const likelihood = likelihoodOf(looks, calibration);
  const texts = new Map<string, number[]>();
  const parts = new Map<string, number[]>();
  for (const { probabilities: look } of looks) {
    for (const lexicon of race.list === null ? [race.whole] : [race.list.lexicon, race.whole])
      for (const classes of likeliestTexts(look, BIB_CLASSES, lexicon, BEAM).slice(0, CONTENDERS)) texts.set(textOf(classes), classes);
    if (Math.max(...scores.cut01) < LEAST_HIDDEN) continue;
    for (const classes of likeliestTexts(look, BIB_CLASSES, race.part, BEAM).slice(0, 2)) parts.set(textOf(classes), classes);
  }
  const [left, right] = scores.cut01.map((share) => Math.min(1 - 1e-6, Math.max(1e-6, share))) as [number, number];
  const whole = Math.log((1 - left) * (1 - right)) - Math.log(1 - (1 - left) * (1 - right));
  const logWhole = Math.log((1 - left) * (1 - right));
  const found: { bib: string; log: number; visible: readonly number[]; isPart: boolean }[] = [];
  for (const [bib, classes] of texts)
    found.push({ bib, log: likelihood(classes) + logWhole + logPrior(bib, race, calibration), visible: classes, isPart: false });

  // Everything that cannot be named: other texts, hidden ends that no list fills in.
  const unnamed: number[] = [];
  const ends = { left: left >= 0.5, right: right >= 0.5 };
  let partial: string | null = null;
  let bestPart = -Infinity;
  const longest = race.format.maxDigits + Math.max(0, ...race.format.prefixes.map(({ length }) => length));
  for (const [part, classes] of parts) {
    const log = likelihood(classes);
    if (log > bestPart && (ends.left || ends.right)) {
      bestPart = log;
      partial = `${ends.left ? '?' : ''}${part}${ends.right ? '?' : ''}`.slice(0, 16);
    }
    for (const [side, share] of [
      ['left', left],
      ['right', right],
    ] as const) {
      if (part.length >= longest) continue;
      const logShare = log + Math.log(share);
      if (race.list === null || part.length < LEAST_PART) {
        unnamed.push(logShare);
        continue;
      }
      const { numbers, total } = race.list.ends.complete(part, { left: side === 'left', right: side === 'right' }, MAX_COMPLETIONS);
      unnamed.push(logShare + Math.log(total === 0 ? calibration.unlisted01 : 1 - numbers.length / total + calibration.unlisted01));
      for (const bib of numbers)
        found.push({ bib, log: logShare + Math.log((1 - calibration.unlisted01) / total), visible: classes, isPart: true });
    }
  }
  // A bib without a legible number.
  unnamed.push(likelihood([]));

  const byBib = new Map<string, (typeof found)[number]>();
  for (const one of found) {
    const known = byBib.get(one.bib);
    const stronger = known !== undefined && known.log >= one.log ? known : one;
    byBib.set(one.bib, known === undefined ? one : { ...stronger, log: logSum([known.log, one.log]) });
  }
  const all = [...byBib.values()].sort((a, b) => b.log - a.log);
  const total = logSum([...all.map(({ log }) => log), ...unnamed]);
  const best = all[0];
  return {
    hypotheses: all
      .map(({ bib, log, isPart }) => ({ bib, share01: Math.exp(log - total), isPart }))
      .filter(({ share01 }) => share01 > 1e-4),
    legible: best === undefined ? -20 : Math.max(-20, likelihood(best.visible) / best.visible.length),
    whole: best?.isPart === true ? 0 : Math.max(-8, Math.min(8, whole)),
    aspect: Math.log(scores.aspect),
    offCentre: Math.min(MOST_OFF_CENTRE, scores.offCentre),
    partial,
  };
}

/** Log likelihood of a text over all looks, see `trust` of {@link BibCalibration}. */
function likelihoodOf(
  looks: readonly { readonly reader: 'bib' | 'line'; readonly probabilities: Float32Array }[],
  { trust }: BibCalibration,
): (classes: readonly number[]) => number {
  const own = looks.filter(({ reader }) => reader === 'bib');
  const lines = looks.filter(({ reader }) => reader === 'line');
  const mean = (some: typeof looks, classes: readonly number[]): number =>
    some.reduce((sum, { probabilities }) => sum + Math.max(VETO_LOG, textLikelihood(probabilities, BIB_CLASSES, classes)), 0) / some.length;
  return (classes) =>
    lines.length === 0 ? trust.alone * mean(own, classes) : trust.bib * mean(own, classes) + trust.line * mean(lines, classes);
}

function logPrior(bib: string, { list, possible }: RaceNumbers, { unlisted01 }: BibCalibration): number {
  if (list === null) return 0;
  return Math.log(list.numbers.has(bib) ? 1 - unlisted01 : unlisted01 * Math.min(1, list.numbers.size / possible));
}

/**
 * Logarithms → probabilities. Classes that stand in no number of this race say "no character here", and digits that the reader is known
 * to mistake for each other each get a share of the other's ([Note: Confusion], fitted).
 */
function toProbabilities(
  logProbabilities: Float32Array,
  known: Uint8Array,
  { confusable01, confusion }: BibCalibration,
): Float32Array<ArrayBuffer> {
  const out = new Float32Array(logProbabilities.length);
  for (let base = 0; base < out.length; base += BIB_CLASSES) {
    for (let one = 0; one < BIB_CLASSES; one++) {
      const probability = Math.exp(logProbabilities[base + one]!);
      const to = known[one] === 1 ? one : 0;
      out[base + to] = out[base + to]! + probability;
    }
    // Digits are classes 1 to 10.
    const seen = Array.from({ length: 10 }, (_, digit) => out[base + 1 + digit]!);
    for (let meant = 0; meant < 10; meant++) {
      let from = 0;
      for (let digit = 0; digit < 10; digit++) from += seen[digit]! * confusion[digit]![meant]!;
      out[base + 1 + meant] = (1 - confusable01) * seen[meant]! + confusable01 * from;
    }
  }
  return out;
}

function logSum(logs: readonly number[]): number {
  const most = Math.max(...logs);
  return most === -Infinity ? -Infinity : most + Math.log(logs.reduce((sum, log) => sum + Math.exp(log - most), 0));
}
