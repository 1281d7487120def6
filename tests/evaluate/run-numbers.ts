/** @file Kind `numbers`: photos of races through the whole pipeline: runners, bibs, numbers, with and without a start list. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BibAnswer, BibScores } from '../../src/contracts/race.ts';
import { decodeBibs } from '../../src/core/race/decode-bibs.ts';
import { raceNumbers } from '../../src/core/race/race-numbers.ts';
import { readRacePhoto } from '../../src/flow/read-race-photo.ts';
import type { Dataset } from './dataset.ts';
import type { NodePipeline } from './node-pipeline.ts';
import { numberFigures, type NumberResult } from './number-metrics.ts';
import { DISTRACTORS, formatOf, withDistractors } from './race-of-folder.ts';
import { progressLine, type ItemReport, type KindReport } from './report.ts';
import type { StartListFile } from './start-list-file.ts';

/**
 * `precision`, `recall`, `f1`, `sure_precision`, `sure_recall` without a start list, the same with one (`f1_with_list` …).
 * @param startList of the race, whose numbers also say what the format is; null: those of the folder and {@link DISTRACTORS} others of as many digits.
 */
export async function runNumbers(dataset: Dataset, { vision }: NodePipeline, startList: StartListFile | null): Promise<KindReport> {
  const truths = dataset.items.map(({ numbers }) => numbers ?? []);
  const format = formatOf(truths.flat());
  const list = startList?.numbers ?? withDistractors(truths.flat());
  const races = { alone: raceNumbers(startList?.format ?? format), listed: raceNumbers(startList?.format ?? format, list) };
  console.error(`start list: ${list.length} numbers${startList === null ? `, ${DISTRACTORS} of them made up` : ''}`);
  const results: { alone: NumberResult; listed: NumberResult }[] = [];
  const items: ItemReport[] = [];
  const progress = progressLine('photos', truths.length);
  for (const [i, truth] of truths.entries()) {
    const { file } = dataset.items[i]!;
    const startedAtMs = performance.now();
    const blob = new Blob([await readFile(join(dataset.folder, file))]);
    let listed: readonly BibAnswer[] = [];
    const decode = (scores: readonly (BibScores | null)[]): BibAnswer[] => {
      listed = decodeBibs(scores, races.listed);
      return decodeBibs(scores, races.alone);
    };
    const { reading } = await readRacePhoto({ photoId: file, eventId: dataset.task, file: blob }, { vision }, { decode });
    const alone = reading.sightings.map(({ read }) => read);
    results.push({ alone: resultOf(truth, alone), listed: resultOf(truth, listed) });
    items.push({
      file,
      expected: truth,
      got: { alone: alone.map(shown), listed: listed.map(shown), people: reading.sightings.length, durationsMs: reading.durationsMs },
      ms: performance.now() - startedAtMs,
    });
    progress(items.length);
  }
  const listedFigures = numberFigures(results.map(({ listed }) => listed));
  return {
    metrics: {
      ...numberFigures(results.map(({ alone }) => alone)),
      ...Object.fromEntries(Object.entries(listedFigures).map(([name, value]) => [`${name}_with_list`, value])),
      numbers: truths.reduce((sum, truth) => sum + new Set(truth).size, 0),
      list_length: list.length,
    },
    items,
  };
}

function resultOf(truth: readonly string[], answers: readonly BibAnswer[]): NumberResult {
  const numbersOf = (some: readonly BibAnswer[]): string[] => some.flatMap(({ bib }) => (bib === null ? [] : [bib]));
  return { truth, answered: numbersOf(answers), sure: numbersOf(answers.filter(({ certainty }) => certainty === 'sure')) };
}

function shown({ bib, certainty, probability01, partial, candidates }: BibAnswer): string {
  const named = bib ?? partial ?? '–';
  return `${named} ${certainty} ${probability01.toFixed(3)}${bib === null && candidates[0] !== undefined ? ` (${candidates[0].bib})` : ''}`;
}
