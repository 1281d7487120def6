/** @file CTC: the likeliest texts of a lexicon, and how likely a given text is. Pure; any thread. */
import type { BibLexicon } from './bib-lexicon.ts';

const BLANK = 0;
/** A class less likely than this at a step opens no new text there. */
const LEAST_PROBABILITY = 1e-4;

/** A beginning of a text while the steps are walked through. Probabilities are relative to the step's best. */
interface Beginning {
  readonly node: number;
  readonly parent: Beginning | null;
  readonly characterClass: number;
  readonly followers: Beginning[];
  /** Of all paths that end in blank here, and in its last character. */
  blank: number;
  character: number;
  nextBlank: number;
  nextCharacter: number;
  /** Step at which it was last touched, so that it is listed once. */
  touchedAt: number;
}

/**
 * Prefix beam search.
 * @param probabilities steps × classes, linear; class 0 is blank.
 * @param width beginnings kept at each step.
 * @returns at most `width` texts as classes, best first as the beam saw them; their exact likelihood is {@link textLikelihood}'s to say.
 * Source: Graves 2012, "Supervised Sequence Labelling with Recurrent Neural Networks", §7.5 (prefix search), with a beam.
 */
export function likeliestTexts(probabilities: Float32Array, classes: number, lexicon: BibLexicon, width: number): number[][] {
  const steps = Math.floor(probabilities.length / classes);
  const root: Beginning = {
    node: 0,
    parent: null,
    characterClass: BLANK,
    followers: [],
    blank: 1,
    character: 0,
    nextBlank: 0,
    nextCharacter: 0,
    touchedAt: -1,
  };
  let beam: Beginning[] = [root];
  for (let step = 0; step < steps; step++) {
    const base = step * classes;
    const touched: Beginning[] = [];
    const likely: number[] = [];
    for (let one = 1; one < classes; one++) if (probabilities[base + one]! >= LEAST_PROBABILITY) likely.push(one);
    const touch = (one: Beginning): void => {
      if (one.touchedAt === step) return;
      one.touchedAt = step;
      one.nextBlank = 0;
      one.nextCharacter = 0;
      touched.push(one);
    };
    for (const one of beam) {
      touch(one);
      const both = one.blank + one.character;
      one.nextBlank += both * probabilities[base + BLANK]!;
      if (one.parent !== null) one.nextCharacter += one.character * probabilities[base + one.characterClass]!;
      for (const characterClass of likely) {
        let follower = one.followers.find((known) => known.characterClass === characterClass);
        if (follower === undefined) {
          const node = lexicon.next(one.node, characterClass);
          if (node < 0) continue;
          follower = {
            node,
            parent: one,
            characterClass,
            followers: [],
            blank: 0,
            character: 0,
            nextBlank: 0,
            nextCharacter: 0,
            touchedAt: -1,
          };
          one.followers.push(follower);
        }
        touch(follower);
        follower.nextCharacter += (characterClass === one.characterClass ? one.blank : both) * probabilities[base + characterClass]!;
      }
    }
    touched.sort((a, b) => b.nextBlank + b.nextCharacter - a.nextBlank - a.nextCharacter);
    // Those that fall out of the beam must not go on from what they once were.
    for (const one of touched.splice(width)) one.blank = one.character = 0;
    beam = touched;
    const scale = beam[0] === undefined ? 1 : beam[0].nextBlank + beam[0].nextCharacter || 1;
    for (const one of beam) {
      one.blank = one.nextBlank / scale;
      one.character = one.nextCharacter / scale;
    }
  }
  return beam.filter((one) => one.parent !== null && lexicon.isEnd(one.node)).map(classesOf);
}

function classesOf(end: Beginning): number[] {
  const classes: number[] = [];
  for (let at = end; at.parent !== null; at = at.parent) classes.unshift(at.characterClass);
  return classes;
}

/**
 * Natural logarithm of the probability that the steps say exactly `text`.
 * @param probabilities steps × classes, linear; class 0 is blank. @param text classes; empty: all blank.
 * Source: Graves et al. 2006, "Connectionist Temporal Classification", §4.1 (the forward variable).
 */
export function textLikelihood(probabilities: Float32Array, classes: number, text: readonly number[]): number {
  const steps = Math.floor(probabilities.length / classes);
  const states = text.length * 2 + 1;
  let before = new Float64Array(states);
  let now = new Float64Array(states);
  let log = 0;
  before[0] = 1;
  for (let step = 0; step < steps; step++) {
    const base = step * classes;
    let sum = 0;
    for (let state = 0; state < states; state++) {
      const isBlank = state % 2 === 0;
      const characterClass = isBlank ? BLANK : text[(state - 1) / 2]!;
      let mass = before[state]! + (state > 0 ? before[state - 1]! : 0);
      if (!isBlank && state > 1 && text[(state - 3) / 2] !== characterClass) mass += before[state - 2]!;
      now[state] = mass * probabilities[base + characterClass]!;
      sum += now[state]!;
    }
    if (sum <= 0) return -Infinity;
    for (let state = 0; state < states; state++) now[state] = now[state]! / sum;
    log += Math.log(sum);
    [before, now] = [now, before];
  }
  return log + Math.log(before[states - 1]! + (states > 1 ? before[states - 2]! : 0));
}

/**
 * Best path: the likeliest class of each step, repeats merged, blanks dropped.
 * @param logProbabilities steps × classes. @returns `log`: logarithm of the path's own probability.
 */
export function bestPath(logProbabilities: Float32Array, classes: number): { text: number[]; log: number } {
  const text: number[] = [];
  let log = 0;
  let before = BLANK;
  for (let base = 0; base < logProbabilities.length; base += classes) {
    let best = BLANK;
    for (let one = 1; one < classes; one++) if (logProbabilities[base + one]! > logProbabilities[base + best]!) best = one;
    log += logProbabilities[base + best]!;
    if (best !== BLANK && best !== before) text.push(best);
    before = best;
  }
  return { text, log };
}
