/**
 * @file Evidence of all cues → ranked candidates with calibrated probabilities, or "not sure". Pure; any thread.
 * How the numbers were fitted and what they are worth: docs/fusion.md.
 */
import type { Candidate, Certainty, Evidence, Product } from '../../contracts/product.ts';
import type { ComputedOn, EmbeddingSpace, Match, PackVerification, ProductWords, TextReading, WordMatch } from '../../contracts/results.ts';
import { calibrationOf, type SpaceCalibration } from './calibration.ts';
import { productLooks, type ProductLook } from './product-look.ts';
import { productWords, wordUtility } from './product-words.ts';

/** What is known of one photo. Cues that are absent are empty or null. */
export interface EvidenceInput {
  /** Products that the photo's codes name, most prominent code first. */
  readonly barcodeProducts: readonly Product[];
  /** Gallery photos that look like it, from the device and the server, in any order. */
  readonly matches: readonly Match[];
  /** Space of `matches`; null when there are none. */
  readonly space: EmbeddingSpace | null;
  readonly verifications: readonly PackVerification[];
  readonly text: TextReading | null;
  /** Products whose gallery photos show the words of `text`. */
  readonly words: readonly WordMatch[];
  /** Every product that may be named: the device's catalogue and what the server sent along. The same array again costs no new index. */
  readonly products: readonly Product[];
}

/** Ranked candidates and how sure the first one is. */
export interface Fusion {
  readonly candidates: readonly Candidate[];
  readonly certainty: Certainty;
}

/** A checked GTIN that the catalogue knows speaks 20,000 to 1 for its product: [Note: Utilities set by hand]. */
const BARCODE_UTILITY = 10;

/** Candidates beyond these are noise on a small screen. */
const MAX_CANDIDATES = 10;
/** Words alone make a candidate from here on. */
const MIN_TEXT_SCORE = 0.35;

interface Alternative {
  readonly product: Product;
  readonly look: ProductLook | null;
  readonly evidence: Evidence;
  readonly utility: number;
}

/** Fuse. @returns candidates by probability, descending; empty with `not-sure` when no cue says anything. */
export function fuseEvidence(input: EvidenceInput): Fusion {
  const calibration = calibrationOf(input.space);
  const alternatives = alternativesOf(input, calibration);
  // Without a single look to compare, "none of these" has nothing to be measured against; only a code or words decide then.
  const noneUtility = calibration.choice.none;
  const highest = Math.max(noneUtility, ...alternatives.map(({ utility }) => utility));
  const odds = alternatives.map(({ utility }) => Math.exp(utility - highest));
  const total = odds.reduce((sum, value) => sum + value, Math.exp(noneUtility - highest));
  const candidates = alternatives
    .map(({ product, look, evidence }, i): Candidate => {
      const computedOn: ComputedOn = look?.computedOn ?? 'device';
      return { product, probability01: odds[i]! / total, evidence, computedOn };
    })
    .sort((a, b) => b.probability01 - a.probability01)
    .slice(0, MAX_CANDIDATES);
  return { candidates, certainty: certaintyOf(candidates, calibration) };
}

function alternativesOf(input: EvidenceInput, calibration: SpaceCalibration): Alternative[] {
  const looks = productLooks(input.matches, input.verifications, calibration);
  const read = new Map(productWords(input.products, input.text, input.words).map((words) => [words.productId, words]));
  const byId = new Map([...input.products, ...input.barcodeProducts].map((product) => [product.id, product]));
  const named = new Set(input.barcodeProducts.map(({ id }) => id));
  const ids = new Set([
    ...named,
    ...looks.keys(),
    ...[...read.values()].filter(({ named01, shown01 }) => Math.max(named01, shown01) >= MIN_TEXT_SCORE).map(({ productId }) => productId),
  ]);
  const alternatives: Alternative[] = [];
  for (const id of ids) {
    const product = byId.get(id);
    // A gallery photo may outlive its product; it then names nothing.
    if (product === undefined) continue;
    const look = looks.get(id) ?? null;
    const words = read.get(id) ?? { productId: id, named01: 0, shown01: 0 };
    const evidence: Evidence = {
      barcode: named.size === 0 ? null : named.has(id) ? 1 : 0,
      look: look === null ? null : Math.max(0, Math.min(1, look.cosine)),
      colour: look?.colour ?? null,
      text: input.text === null ? null : Math.max(words.named01, words.shown01),
      samePack: look?.samePack ?? null,
    };
    alternatives.push({ product, look, evidence, utility: utilityOf(evidence, words, look, calibration) });
  }
  return alternatives;
}

/**
 * A product without gallery photos looks neither like nor unlike the photo: it starts a little below "none of these". So does one that a
 * code or its words name but that looks different: its back, where the code is, may never have been photographed.
 */
function utilityOf({ barcode }: Evidence, words: ProductWords, look: ProductLook | null, { choice }: SpaceCalibration): number {
  const unseen = choice.none - UNSEEN_HANDICAP;
  const seen = look === null ? unseen : choice.look * look.score + choice.verified * look.verification01;
  const isNamed = barcode === 1 || words.named01 >= MIN_TEXT_SCORE;
  return (isNamed ? Math.max(seen, unseen) : seen) + BARCODE_UTILITY * (barcode ?? 0) + wordUtility(words, choice.words);
}

/** Words or a code must outweigh this before a product that was never photographed is named. */
const UNSEEN_HANDICAP = 3;

/** A checked code that the catalogue knows and nothing contradicts is sure from here on, whatever looks are worth in this space. */
const SURE_BY_BARCODE = 0.95;

/**
 * [Note: Conflicts] A code and a look that name two products may both be right (a multipack, a neighbour's code in view), so such an
 * answer is never called sure, nor is one between two codes.
 */
function certaintyOf(candidates: readonly Candidate[], { certainty }: SpaceCalibration): Certainty {
  const [first] = candidates;
  if (first === undefined || first.probability01 < certainty.likely) return 'not-sure';
  const named = candidates.filter(({ evidence }) => evidence.barcode === 1);
  const isNamed = first.evidence.barcode === 1;
  const isContradicted = named.length > 1 || (named.length === 1 && !isNamed) || (isNamed && first.evidence.samePack === false);
  const enough = isNamed ? Math.min(SURE_BY_BARCODE, certainty.sure) : certainty.sure;
  return first.probability01 >= enough && !isContradicted ? 'sure' : 'likely';
}
