/** @file The race worker's interface: files, tables and answers that are made of a whole race. Runtime-neutral. */
import type { RunnerChoice } from '../../src/contracts/race-delivery.ts';
import type { DeliveryQuestion, RaceDeskApi, Recognised } from '../../src/contracts/race-desk-api.ts';
import type { BibAnswer, CameraProposal } from '../../src/contracts/race.ts';
import { Lane } from '../../src/core/lane.ts';
import { bodyAnswer } from '../../src/core/race/body-answer.ts';
import { proposeOffsets, type ClockSighting, type ClockWitness } from '../../src/core/race/clock.ts';
import { weighByTime, type WeighByTime } from '../../src/core/race/number-times.ts';
import { Passings } from '../../src/core/race/passings.ts';
import { raceTable } from '../../src/core/race/race-table.ts';
import { recognisePassings } from '../../src/core/race/recognise-passings.ts';
import { chosenRunners, deliverySummary, runnersOf, type RaceContents, type Runner } from '../../src/core/race/runner-photos.ts';
import { writeCsv } from '../../src/core/write-csv.ts';
import type { Database } from '../../src/store/db.ts';
import { readRaceContents } from '../../src/store/race-contents.ts';
import { createEntrantStore } from '../../src/store/race-entrants.ts';
import { createRaceEventStore } from '../../src/store/race-events.ts';
import { exportRace, importRace } from '../../src/store/race-export.ts';
import { createRacePhotoStore } from '../../src/store/race-photos.ts';
import { eachPassedPhoto, keepBodyAnswers } from '../../src/store/race-passings.ts';
import { createRunnerRowStore } from '../../src/store/runner-rows.ts';

/** Rows read at once. */
const CHUNK = 500;
/** Worked in one go: rows of a list are asked for meanwhile. */
const STRETCH_MS = 50;

interface OpenRace {
  readonly contents: RaceContents;
  readonly runners: readonly Runner[];
}

/** @returns the interface; it keeps the race at hand that was asked about last. */
export function createRaceDesk(database: Database): RaceDeskApi {
  const rows = createRunnerRowStore(database);
  let read: { readonly key: string; readonly contents: Promise<RaceContents> } | null = null;
  let times: { readonly eventId: string; readonly weigh: Promise<WeighByTime> } | null = null;
  /** One after the other: they write the same answers. */
  const recognising = new Lane();
  let open: { readonly key: string; readonly race: Promise<OpenRace> } | null = null;

  function contentsOf({ eventId, token }: DeliveryQuestion): Promise<RaceContents> {
    const key = JSON.stringify([eventId, token]);
    if (read?.key !== key) read = { key, contents: readRaceContents(database, eventId) };
    return read.contents;
  }

  /** Put together once for those who ask for other numbers, or for the best shots alone. */
  function openRace(question: DeliveryQuestion): Promise<OpenRace> {
    const { eventId, token, choice } = question;
    const key = JSON.stringify([eventId, token, choice.certainty, choice.withDuplicates, choice.minSharpness01]);
    if (open?.key !== key) open = { key, race: contentsOf(question).then((contents) => opened(contents, choice)) };
    return open.race;
  }

  return {
    exportRace: (eventId, nowMs) => exportRace(database, eventId, nowMs),
    importRace: (file) => importRace(database, file),
    runners: (eventId, bibs, certainty) => rows.of(eventId, bibs, certainty),
    async summary(question) {
      const { runners } = await openRace(question);
      return deliverySummary(chosenRunners(runners, question.choice));
    },
    async table(question, words, withNames) {
      const { contents, runners } = await openRace(question);
      const table = raceTable(chosenRunners(runners, question.choice), contents, words, withNames);
      return new Blob([writeCsv(table)], { type: 'text/csv;charset=utf-8' });
    },
    clocks: (eventId) => proposedClocks(database, eventId),
    recognise(eventId) {
      times = null;
      return recognising.run(() => recognise(database, eventId));
    },
    async weigh(eventId, cameraId, atMs, candidates) {
      if (times?.eventId !== eventId) times = { eventId, weigh: timesOf(database, eventId) };
      const asked = times;
      const weigh = await asked.weigh.catch((error: unknown) => {
        if (times === asked) times = null;
        throw error;
      });
      return weigh(cameraId, atMs, candidates);
    },
    ping: () => Promise.resolve('pong'),
  };
}

async function opened(contents: RaceContents, choice: RunnerChoice): Promise<OpenRace> {
  return { contents, runners: await runnersOf(contents, choice) };
}

async function proposedClocks(database: Database, eventId: string): Promise<CameraProposal[]> {
  const cameras = await createRaceEventStore(database).cameras(eventId);
  const witnesses: { readonly witness: ClockWitness; readonly isAtGoal: boolean }[] = [];
  for (const { id, place } of cameras)
    witnesses.push({ witness: { cameraId: id, sightings: await seenBy(database, eventId, id) }, isAtGoal: place === 'goal' });
  // The clock of the goal is the one that runners know; else the camera that saw most is likeliest to have been looked after.
  witnesses.sort((a, b) => Number(b.isAtGoal) - Number(a.isAtGoal) || b.witness.sightings.length - a.witness.sightings.length);
  return proposeOffsets(witnesses.map(({ witness }) => witness));
}

/** Photos in which no number is doubtful, and that tell a time. */
async function seenBy(database: Database, eventId: string, cameraId: string): Promise<ClockSighting[]> {
  const photos = createRacePhotoStore(database);
  const ids = await photos.ids(eventId, { outcome: 'named', cameraId });
  const seen: ClockSighting[] = [];
  for (let at = 0; at < ids.length; at += CHUNK)
    for (const { atMs, bibs, photo } of await photos.tiles(ids.slice(at, at + CHUNK)))
      if (photo.cameraAtMs !== null) seen.push(...bibs.map((bib) => ({ bib, atMs })));
  return seen;
}

async function recognise(database: Database, eventId: string): Promise<Recognised> {
  const passings = new Passings();
  const shown = new Map<string, readonly string[]>();
  const proposedBefore = new Set<string>();
  await eachPassedPhoto(database, eventId, (photo) => {
    passings.add(photo);
    const { id: photoId } = photo.photo;
    const { sightings } = photo.reading;
    const told = sightings.filter(({ answer }) => answer.saidBy !== 'body');
    shown.set(
      photoId,
      told.flatMap(({ answer: { bib } }) => bib ?? []),
    );
    // Without looks (a race that was brought here) nothing can be compared: what was proposed stays.
    if (told.length < sightings.length && photo.looks !== null) proposedBefore.add(photoId);
  });
  const found = await recognisePassings(
    passings.all(),
    { waveOf: await wavesOf(database, eventId), shownIn: (photoId) => shown.get(photoId) ?? [] },
    breather(),
  );
  const said = new Map<string, BibAnswer>();
  for (const { passing, candidates } of found)
    for (const { photoId, sightingId } of passing.sightings) said.set(`${photoId} ${sightingId}`, bodyAnswer(candidates));
  const concerned = new Set([...proposedBefore, ...found.flatMap(({ passing }) => passing.sightings.map(({ photoId }) => photoId))]);
  const changed = await keepBodyAnswers(database, [...concerned], (photoId, sightingId) => said.get(`${photoId} ${sightingId}`));
  return { proposed: found.filter(({ candidates }) => bodyAnswer(candidates).bib !== null).length, changed: changed.length };
}

async function timesOf(database: Database, eventId: string): Promise<WeighByTime> {
  const passings = new Passings();
  await eachPassedPhoto(database, eventId, (photo) => passings.add({ ...photo, looks: null }));
  return weighByTime(passings.all(), await wavesOf(database, eventId));
}

/** Waves of a number, where the start list has any. */
async function wavesOf(database: Database, eventId: string): Promise<(bib: string) => string | null> {
  const family = await createRaceEventStore(database).family(eventId);
  const waves = new Map<string, string>();
  for (const { bib, wave } of await createEntrantStore(database).all(family.map(({ id }) => id))) if (wave !== '') waves.set(bib, wave);
  return (bib) => waves.get(bib) ?? null;
}

/** Other calls are heard in between. */
function breather(): () => Promise<void> | undefined {
  let sinceMs = Date.now();
  return () => {
    if (Date.now() - sinceMs < STRETCH_MS) return undefined;
    return new Promise((resolve) =>
      setTimeout(() => {
        sinceMs = Date.now();
        resolve();
      }),
    );
  };
}
