/** @file Neighbouring photos: a number carried to where it is hidden, doubts settled, contradictions, the user's word and taking it back. */
import { describe, expect, it } from 'vitest';
import type { BibAnswer, RacePhotoReading, Sighting } from '../../../src/contracts/race.ts';
import { racePhotoReadingSchema } from '../../../src/contracts/race.ts';
import { normalised } from '../../../src/core/vector.ts';
import { BURST_PHOTOS, settleBurst, type BurstPhoto } from '../../../src/core/race/settle-burst.ts';

const NONE: BibAnswer = { bib: null, certainty: 'none', probability01: 0, partial: null, candidates: [], saidBy: 'print' };
const sure = (bib: string): BibAnswer => ({
  ...{ bib, certainty: 'sure', probability01: 0.995, partial: null, saidBy: 'print' },
  candidates: [{ bib, probability01: 0.995 }],
});
const doubtful = (bib: string, other: string, share = 0.6): BibAnswer => ({
  ...{ bib, certainty: 'check', probability01: share, partial: null, saidBy: 'print' },
  candidates: [
    { bib, probability01: share },
    { bib: other, probability01: 0.95 - share },
  ],
});
const said = (bib: string | null): BibAnswer => ({
  ...{ bib, certainty: 'sure', probability01: 1, partial: null, saidBy: 'user' },
  candidates: bib === null ? [] : [{ bib, probability01: 1 }],
});

/** Clothes of somebody: `shirt` and a little noise. */
function clothes(shirt: number, noise = 0): Float32Array<ArrayBuffer> {
  const look = new Float32Array(16).fill(0.25);
  look[shirt]! += 2;
  look[(shirt * 7 + noise) % 16]! += 0.2;
  return normalised(look);
}

interface Runner {
  readonly read: BibAnswer;
  readonly answer?: BibAnswer;
  readonly x?: number;
  readonly shirt?: number;
}

/** A photo `frame` tenths of a second after the first. */
function photo(frame: number, runners: readonly Runner[], tenths = frame): BurstPhoto {
  const photoId = `p${frame}`;
  const reading: RacePhotoReading = {
    ...{ photoId, eventId: 'e1', readAtMs: 1, durationsMs: {} },
    sightings: runners.map(({ read, answer = read, x = 0.3 }, i): Sighting => ({
      ...{ id: `${photoId}/${i}`, confidence01: 0.9, read, answer, burstId: null, bibBox: null },
      personBox: { x: x + frame * 0.004, y: 0.2 - frame * 0.002, width: 0.2, height: 0.6 + frame * 0.004 },
    })),
  };
  return {
    photo: { path: `IMG_${String(frame).padStart(4, '0')}.jpg`, cameraAtMs: 1_000_000 + tenths * 100, widthPx: 3000, heightPx: 2000 },
    reading,
    looks: { photoId, eventId: 'e1', space: 's', looks: runners.map(({ shirt = 1 }, i) => clothes(shirt, frame + i)) },
  };
}

/** Settle around each photo in turn, as an import does; later calls see what earlier ones wrote. */
function imported(photos: readonly BurstPhoto[]): BurstPhoto[] {
  const known: BurstPhoto[] = [];
  for (const one of photos) {
    known.push(one);
    apply(known, settleBurst(around(known, one), one.reading.photoId));
  }
  return known;
}

function around(photos: readonly BurstPhoto[], one: BurstPhoto): BurstPhoto[] {
  const ordered = [...photos].sort((a, b) => a.photo.cameraAtMs! - b.photo.cameraAtMs!);
  const at = ordered.indexOf(one);
  return ordered.slice(Math.max(0, at - BURST_PHOTOS), at + BURST_PHOTOS + 1);
}

function apply(photos: BurstPhoto[], readings: readonly RacePhotoReading[]): void {
  for (const reading of readings) {
    racePhotoReadingSchema.parse(reading);
    const at = photos.findIndex((one) => one.reading.photoId === reading.photoId);
    photos[at] = { ...photos[at]!, reading };
  }
}

const answersOf = (photos: readonly BurstPhoto[]): string[] =>
  [...photos]
    .sort((a, b) => a.photo.cameraAtMs! - b.photo.cameraAtMs!)
    .map(({ reading }) => reading.sightings.map(({ answer }) => `${answer.bib ?? '-'} ${answer.certainty} ${answer.saidBy}`).join(', '));

describe('a burst', () => {
  it('carries a number to frames where it is hidden, for a person to look at', () => {
    const photos = imported([photo(0, [{ read: sure('552') }]), photo(1, [{ read: NONE }]), photo(2, [{ read: NONE }])]);
    expect(answersOf(photos)).toEqual(['552 sure print', '552 check burst', '552 check burst']);
    expect(new Set(photos.map(({ reading }) => reading.sightings[0]!.burstId))).toEqual(new Set(['p0/0']));
  });

  it('settles a doubtful reading by a sure one, only if the print suggests the same', () => {
    const suggested = imported([photo(0, [{ read: doubtful('553', '552', 0.55) }]), photo(1, [{ read: sure('552') }])]);
    expect(answersOf(suggested)).toEqual(['552 sure burst', '552 sure print']);
    const other = imported([photo(0, [{ read: doubtful('871', '877') }]), photo(1, [{ read: sure('552') }])]);
    expect(answersOf(other)[0]).toMatch(/check/);
  });

  it('doubts two sure readings of one runner that differ', () => {
    const photos = imported([photo(0, [{ read: sure('552') }]), photo(0.4, [{ read: sure('562') }]), photo(0.8, [{ read: sure('552') }])]);
    expect(answersOf(photos)[1]).toMatch(/check/);
    expect(answersOf(photos)[0]).toBe('552 sure print');
  });

  it('keeps runners apart who run side by side in different shirts', () => {
    const both = (frame: number, left: BibAnswer, right: BibAnswer) =>
      photo(frame, [
        { read: left, x: 0.2, shirt: 1 },
        { read: right, x: 0.36, shirt: 6 },
      ]);
    const photos = imported([both(0, sure('11'), sure('22')), both(1, NONE, NONE), both(2, NONE, sure('22'))]);
    expect(answersOf(photos)[1]).toBe('11 check burst, 22 check burst');
  });

  it('says nothing of somebody else: another place, another shirt, or after a pause', () => {
    const elsewhere = imported([photo(0, [{ read: sure('11'), x: 0 }]), photo(1, [{ read: NONE, x: 0.7 }])]);
    expect(answersOf(elsewhere)[1]).toBe('- none print');
    const other = imported([photo(0, [{ read: sure('11'), shirt: 1 }]), photo(5, [{ read: NONE, shirt: 9 }])]);
    expect(answersOf(other)[1]).toBe('- none print');
    const later = imported([photo(0, [{ read: sure('11') }], 0), photo(1, [{ read: NONE }], 60)]);
    expect(answersOf(later)[1]).toBe('- none print');
    expect(later.map(({ reading }) => reading.sightings[0]!.burstId)).toEqual([null, null]);
  });

  it('does not give one number to two runners of a photo', () => {
    const photos = imported([
      photo(0, [{ read: sure('11'), x: 0.3 }]),
      photo(1, [
        { read: sure('11'), x: 0.3 },
        { read: NONE, x: 0.33 },
      ]),
    ]);
    expect(photos[1]!.reading.sightings.filter(({ answer }) => answer.bib === '11')).toHaveLength(1);
  });
});

describe('the order of arrival', () => {
  it('changes nothing', () => {
    const photos = Array.from({ length: 30 }, (_, frame) =>
      photo(frame, [{ read: frame % 7 === 3 ? sure('552') : frame % 7 === 5 ? doubtful('562', '552') : NONE }]),
    );
    const forwards = answersOf(imported(photos));
    const shuffled = photos
      .map((one, i) => ({ one, key: (i * 7919) % 31 }))
      .sort((a, b) => a.key - b.key)
      .map(({ one }) => one);
    expect(answersOf(imported([...photos].reverse()))).toEqual(forwards);
    expect(answersOf(imported(shuffled))).toEqual(forwards);
  });
});

describe('what the user says', () => {
  const settledAgain = (photos: BurstPhoto[], changedId: string): BurstPhoto[] => {
    const all = [...photos];
    apply(
      all,
      settleBurst(
        around(
          all,
          all.find(({ reading }) => reading.photoId === changedId)!,
        ),
        changedId,
      ),
    );
    return all;
  };
  const withAnswer = (photos: readonly BurstPhoto[], photoId: string, answer: BibAnswer): BurstPhoto[] =>
    photos.map((one) =>
      one.reading.photoId === photoId
        ? { ...one, reading: { ...one.reading, sightings: [{ ...one.reading.sightings[0]!, answer }] } }
        : one,
    );

  it('holds for the burst, and nothing is left of it when it is taken back', () => {
    const before = imported([photo(0, [{ read: NONE }]), photo(1, [{ read: doubtful('87', '81') }]), photo(2, [{ read: NONE }])]);
    const after = settledAgain(withAnswer(before, 'p1', said('77')), 'p1');
    expect(answersOf(after)).toEqual(['77 sure burst', '77 sure user', '77 sure burst']);
    const undone = settledAgain(withAnswer(after, 'p1', before[1]!.reading.sightings[0]!.answer), 'p1');
    expect(undone.map(({ reading }) => reading)).toEqual(before.map(({ reading }) => reading));
  });

  it('is never overruled, and nobody learns from somebody without a number', () => {
    const photos = settledAgain(
      withAnswer(imported([photo(0, [{ read: sure('552') }]), photo(1, [{ read: NONE }])]), 'p1', said(null)),
      'p1',
    );
    expect(answersOf(photos)).toEqual(['552 sure print', '- sure user']);
  });
});

it('costs the same however many photos a race has', () => {
  let looked = 0;
  const photos = Array.from({ length: 400 }, (_, frame) => photo(frame, [{ read: frame % 5 === 0 ? sure('1') : NONE }]));
  const counted = photos.map((one) => ({
    ...one,
    get looks() {
      looked += 1;
      return one.looks;
    },
  }));
  settleBurst(around(counted, counted[200]!), 'p200');
  expect(looked).toBeLessThanOrEqual((2 * BURST_PHOTOS + 1) * 2);
});

it('leaves photos without a time alone', () => {
  const one = photo(0, [{ read: sure('5') }]);
  const timeless = { ...one, photo: { ...one.photo, cameraAtMs: null } };
  expect(settleBurst([timeless], 'p0')).toEqual([]);
});
