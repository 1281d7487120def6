/** @file How well the numbers in photos were read: full numbers only, each once a photo. */

/** One photo. */
export interface NumberResult {
  /** Numbers that stand in the photo. */
  readonly truth: readonly string[];
  /** Numbers that were given as an answer, doubtful ones too. */
  readonly answered: readonly string[];
  /** Those of them that were called sure. */
  readonly sure: readonly string[];
}

/** Over all photos together. A figure without anything to count is left out. */
export interface NumberFigures {
  readonly precision?: number;
  readonly recall?: number;
  readonly f1?: number;
  readonly sure_precision?: number;
  /** Of the numbers that stand in the photos, those that were surely and rightly read. */
  readonly sure_recall?: number;
}

export function numberFigures(results: readonly NumberResult[]): NumberFigures {
  let [there, given, right, sure, sureRight] = [0, 0, 0, 0, 0];
  for (const result of results) {
    const truth = new Set(result.truth);
    const answered = new Set(result.answered);
    const surely = new Set(result.sure);
    there += truth.size;
    given += answered.size;
    sure += surely.size;
    for (const number of answered) if (truth.has(number)) right++;
    for (const number of surely) if (truth.has(number)) sureRight++;
  }
  return {
    ...(given > 0 ? { precision: right / given } : {}),
    ...(there > 0 ? { recall: right / there, sure_recall: sureRight / there } : {}),
    ...(there + given > 0 ? { f1: (2 * right) / (there + given) } : {}),
    ...(sure > 0 ? { sure_precision: sureRight / sure } : {}),
  };
}
