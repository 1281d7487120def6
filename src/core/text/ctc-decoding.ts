/** @file Per-step class probabilities of a line recogniser → characters with places and doubts. Pure; any thread. */

/** One character as read from a strip. */
export interface ReadCharacter {
  readonly text: string;
  readonly confidence01: number;
  /** Where it stands along the strip, 0..1, from the steps that fired (not its ink). */
  readonly start01: number;
  readonly end01: number;
  /** Next best classes at its strongest step, best first, with their probability. */
  readonly alternatives: readonly { readonly text: string; readonly probability01: number }[];
}

const BLANK = 0;
const ALTERNATIVES = 5;

/**
 * Greedy decoding: strongest class per step, repeats merged, blanks dropped.
 * @param probabilities `steps × classes` float32 after softmax; class 0 is blank, class i is `characters[i - 1]`.
 * @param steps steps to decode; the rest of the strip is padding.
 * Source: Graves et al. 2006, "Connectionist Temporal Classification", §3.2 (best path decoding).
 */
export function decodeCtc(probabilities: Float32Array, classes: number, characters: readonly string[], steps: number): ReadCharacter[] {
  const out: ReadCharacter[] = [];
  let previous = BLANK;
  let run: { best: number; start: number; end: number; peak: number; peakAt: number } | null = null;
  const finish = (): void => {
    if (run === null) return;
    const text = characters[run.best - 1];
    if (text !== undefined)
      out.push({
        text,
        confidence01: run.peak,
        start01: run.start / steps,
        end01: run.end / steps,
        alternatives: alternativesAt(probabilities, run.peakAt * classes, classes, characters, run.best),
      });
    run = null;
  };
  for (let step = 0; step < steps; step++) {
    const base = step * classes;
    let best = 0;
    for (let c = 1; c < classes; c++) if (probabilities[base + c]! > probabilities[base + best]!) best = c;
    const probability = probabilities[base + best]!;
    if (best !== previous) finish();
    if (best !== BLANK) {
      if (run === null) run = { best, start: step, end: step + 1, peak: probability, peakAt: step };
      else {
        run.end = step + 1;
        if (probability > run.peak) {
          run.peak = probability;
          run.peakAt = step;
        }
      }
    }
    previous = best;
  }
  finish();
  return out;
}

function alternativesAt(
  probabilities: Float32Array,
  base: number,
  classes: number,
  characters: readonly string[],
  best: number,
): { text: string; probability01: number }[] {
  const found: { text: string; probability01: number }[] = [];
  for (let c = 1; c < classes; c++) {
    const probability01 = probabilities[base + c]!;
    if (c === best || probability01 < 1e-4) continue;
    if (found.length === ALTERNATIVES && probability01 <= found[ALTERNATIVES - 1]!.probability01) continue;
    found.push({ text: characters[c - 1]!, probability01 });
    found.sort((a, b) => b.probability01 - a.probability01);
    found.length = Math.min(found.length, ALTERNATIVES);
  }
  return found;
}
