/**
 * @file `npx tsx tests/evaluate/recognise-runners.ts`: how often runners without a number are told by clothes and time, in drawn races of several sizes.
 * Printed: of runners without a number who were seen surely elsewhere, those whose number is proposed; how many proposals are right; how often the right
 * number is among those listed; and how well probabilities mean what they say.
 */
import { bodyAnswer } from '../../src/core/race/body-answer.ts';
import { weighByTime } from '../../src/core/race/number-times.ts';
import { recognisePassings } from '../../src/core/race/recognise-passings.ts';
import { dot } from '../../src/core/vector.ts';
import { DRAWN_RACE, drawRace, type DrawnRaceOptions } from './drawn-race.ts';

const RACES: readonly (readonly [string, Partial<DrawnRaceOptions>])[] = [
  ['300 runners, one wave', { runners: 300, waves: 1 }],
  ['1,000 runners, 2 waves', { runners: 1000, waves: 2 }],
  ['3,000 runners, 4 waves', { runners: 3000, waves: 4 }],
  ['1,000 runners, cameras side by side', { runners: 1000, waves: 2, camerasKm: [10, 10.02, 21] }],
  ['1,000 runners, cameras 500 m apart', { runners: 1000, waves: 2, camerasKm: [10, 10.5, 21] }],
  ['1,000 runners, half in team shirts', { runners: 1000, waves: 2, teams01: 0.5 }],
];
const BINS = [0.02, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.01];

/** How alike one runner looks within a minute and at another place, and two runners: quantiles, and areas under the curve against two runners. */
function likenesses(): string {
  const { passings, truth } = drawRace({ ...DRAWN_RACE, runners: 100, again01: 0.5 });
  const [near, apart, others]: [number[], number[], number[]] = [[], [], []];
  passings.forEach((a, i) =>
    passings.slice(i + 1).forEach((b) => {
      const isSame = truth.get(a) !== null && truth.get(a) === truth.get(b);
      (isSame ? (b.atMs - a.atMs < 60_000 ? near : apart) : others).push(dot(a.look!, b.look!));
    }),
  );
  others.sort((a, b) => a - b);
  const said = (name: string, values: number[]): string => {
    values.sort((a, b) => a - b);
    const quantiles = [0.05, 0.25, 0.5, 0.75, 0.95].map((share) => values[Math.floor(share * values.length)]!.toFixed(2));
    const above =
      values.reduce((sum, value) => sum + others.findLastIndex((other) => other < value) + 1, 0) / (values.length * others.length);
    return `  ${name}: ${quantiles.join(' ')}; ${above.toFixed(3)}`;
  };
  return ['likeness', said('one runner, within a minute', near), said('one runner, elsewhere', apart), said('two runners', others)].join(
    '\n',
  );
}

console.log(likenesses());
const bins = BINS.slice(1).map(() => ({ told: 0, right: 0, sum: 0 }));
for (const [name, options] of RACES) {
  const { passings, doubts, truth, waveOf } = drawRace({ ...DRAWN_RACE, ...options });
  const named = new Set(passings.flatMap(({ bib }) => bib ?? []));
  const shown = new Map<string, string[]>();
  for (const { bib, sightings } of passings)
    if (bib !== null) for (const { photoId } of sightings) shown.set(photoId, [...(shown.get(photoId) ?? []), bib]);
  const before = performance.now();
  const found = await recognisePassings(passings, { waveOf, shownIn: (photoId) => shown.get(photoId) ?? [] });
  const tookMs = performance.now() - before;
  const nameless = passings.filter(({ bib }) => bib === null);
  const findable = nameless.filter((passing) => named.has(truth.get(passing) ?? '')).length;
  let [proposed, right, listed, first] = [0, 0, 0, 0];
  for (const { passing, candidates } of found) {
    const bib = truth.get(passing) ?? null;
    const answer = bodyAnswer(candidates);
    if (answer.bib !== null) proposed += 1;
    if (answer.bib !== null && answer.bib === bib) right += 1;
    if (candidates.some((candidate) => candidate.bib === bib)) listed += 1;
    if (candidates[0]!.bib === bib) first += 1;
    for (const { bib: each, probability01 } of candidates) {
      const bin = bins[BINS.findLastIndex((from) => probability01 >= from)]!;
      bin.told += 1;
      bin.sum += probability01;
      if (each === bib) bin.right += 1;
    }
  }
  const share = (part: number, of: number): string => (of === 0 ? '–' : (part / of).toFixed(2));
  console.log(
    `${name}: ${nameless.length} without a number, ${findable} seen elsewhere; proposed ${proposed}, right ${share(right, proposed)}, ` +
      `found ${share(right, findable)}; first right ${share(first, findable)}, listed ${share(listed, findable)}; ${tookMs.toFixed(0)} ms`,
  );
  for (const [list, waves] of [
    ['no waves', () => null],
    ['waves', waveOf],
    ['waves of other runners', (bib: string) => waveOf(String(1 + ((Number(bib) * 7919) % passings.length)))],
  ] as const) {
    const weigh = weighByTime(passings, waves);
    let [plain, timely, plainScore, timelyScore] = [0, 0, 0, 0];
    for (const { cameraId, atMs, candidates, bib } of doubts) {
      const weighed = weigh(cameraId, atMs, candidates);
      const of = (some: typeof weighed): number => Math.log(some.find((each) => each.bib === bib)?.probability01 ?? 1e-3);
      if (candidates[0]!.bib === bib) plain += 1;
      if (weighed[0]!.bib === bib) timely += 1;
      plainScore += of([...candidates]);
      timelyScore += of(weighed);
    }
    const mean = (sum: number): string => (sum / doubts.length).toFixed(3);
    console.log(
      `  ${doubts.length} in doubt, list with ${list}: first right ${mean(plain)} by print, ${mean(timely)} with time; log score ${mean(plainScore)}, ${mean(timelyScore)}`,
    );
  }
}
console.log('\nprobability told → right');
bins.forEach(({ told, right, sum }, i) =>
  console.log(
    `${BINS[i]!.toFixed(2)}–${Math.min(1, BINS[i + 1]!).toFixed(2)}: ${told} told, mean ${(sum / told).toFixed(2)}, right ${(right / told).toFixed(2)}`,
  ),
);
