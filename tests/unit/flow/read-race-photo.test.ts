/** @file One race photo through the flow, with a vision that says what the test wants. */
import { describe, expect, it } from 'vitest';
import type { Box } from '../../../src/contracts/geometry.ts';
import type { BibAnswer, BibScores } from '../../../src/contracts/race.ts';
import type { FaceDescription } from '../../../src/contracts/results.ts';
import { racePhotoReadingSchema } from '../../../src/contracts/race.ts';
import { readRacePhoto, type RacePlaces } from '../../../src/flow/read-race-photo.ts';
import { drawnJpeg } from '../race/camera-file.ts';

const person = (x: number): Box => ({ x, y: 0.2, width: 0.2, height: 0.7 });
const bibOn = ({ x, y, width, height }: Box, bibHeight = 0.08): Box => ({
  x: x + width * 0.3,
  y: y + height * 0.35,
  width: width * 0.4,
  height: bibHeight,
});
const found = (box: Box) => ({ box, confidence01: 0.9 });
const scores = {} as BibScores;
const sure = (bib: string): BibAnswer => ({
  bib,
  certainty: 'sure',
  probability01: 0.99,
  partial: null,
  candidates: [{ bib, probability01: 0.99 }],
  saidBy: 'print',
});

/** A face in the middle of a region. */
function faceIn({ x, y, width, height }: Box): FaceDescription {
  const box = { x: x + width * 0.4, y: y + height * 0.4, width: width * 0.2, height: height * 0.2 };
  const embedding = { space: 'face-embedding@test', vector: Float32Array.of(1, 0), backend: 'wasm' } as const;
  return { box, confidence01: 0.9, eyeDistancePx: 40, sharpness01: 0.6, embedding };
}

/** A vision over a photo of a given size; notes what it was asked for. */
function visionOf(people: readonly Box[], bibs: readonly Box[], { original = [4000, 3000], fails = false, isFaint = false } = {}) {
  const asked: { opened: (number | undefined)[]; closed: string[]; readFrom: string[]; facesIn: string[] } = {
    ...{ opened: [], closed: [], readFrom: [], facesIn: [] },
  };
  const vision: RacePlaces['vision'] = {
    open: async (_file, options) => {
      asked.opened.push(options?.maxSidePx);
      const scale = Math.min(1, (options?.maxSidePx ?? 4096) / Math.max(original[0]!, original[1]!));
      return {
        frameId: `frame-${asked.opened.length}`,
        widthPx: Math.round(original[0]! * scale),
        heightPx: Math.round(original[1]! * scale),
        originalWidthPx: original[0]!,
        originalHeightPx: original[1]!,
      };
    },
    close: async (frameId) => void asked.closed.push(frameId),
    detectRunners: async () => ({ people: people.map(found), bibs: bibs.map((box) => ({ ...found(box), isFaint })) }),
    readBibs: async (frameId, boxes) => {
      asked.readFrom.push(frameId);
      if (fails) throw new Error('the reader broke');
      return boxes.map(() => scores);
    },
    describeFaces: async (frameId, regions) => {
      asked.facesIn.push(frameId);
      return regions.map(faceIn);
    },
    lookAtRunners: async (_frameId, boxes) => boxes.map((_, i) => ({ look: Float32Array.of(i), sharpness01: 0.5 + i / 10 })),
    cropImage: async () => ({ blob: new Blob(['thumbnail']), widthPx: 320, heightPx: 240, faceCount: 0 }),
  };
  return { vision, asked };
}

async function read(places: RacePlaces, decode: (count: number) => readonly BibAnswer[], withFaces?: boolean) {
  const exif = { IFD0: { Make: 'Canon', Model: 'EOS' }, IFD2: { DateTimeOriginal: '2026:11:22 09:15:02' } };
  const file = new Blob([new Uint8Array(await drawnJpeg(64, 48, exif))]);
  return readRacePhoto({ photoId: 'p1', eventId: 'e1', file }, places, {
    decode: (all) => decode(all.length),
    ...(withFaces === undefined ? {} : { withFaces }),
  });
}

describe('one race photo', () => {
  it('gives each runner its own number, in the order of the numbers that were read', async () => {
    const [left, middle, right] = [person(0.05), person(0.4), person(0.75)];
    const { vision, asked } = visionOf([right, middle, left], [bibOn(right), bibOn(left)]);
    const { reading, looks, facts, thumbnail } = await read({ vision }, () => [sure('11'), sure('33')]);
    racePhotoReadingSchema.parse(reading);
    expect(reading.sightings.map(({ id, answer, personBox }) => [id, answer.bib, personBox?.x])).toEqual([
      ['p1/0', '11', 0.05],
      ['p1/1', null, 0.4],
      ['p1/2', '33', 0.75],
    ]);
    expect(looks.looks.map((look) => look[0])).toEqual([0, 1, 2]);
    expect(facts).toMatchObject({ cameraLabel: 'Canon EOS', widthPx: 4000, heightPx: 3000, sharpness01: 0.7 });
    expect(facts.cameraAtMs).toBe(Date.UTC(2026, 10, 22, 9, 15, 2));
    expect(await thumbnail.text()).toBe('thumbnail');
    expect(asked).toEqual({ opened: [2048], closed: ['frame-1'], readFrom: ['frame-1'], facesIn: [] });
  });

  it('goes back to all pixels for small numbers only, and only where there are more', async () => {
    const small = bibOn(person(0.4), 0.02);
    const large = visionOf([person(0.4)], [small]);
    await read(large, () => [sure('7')]);
    expect(large.asked).toMatchObject({ opened: [2048, undefined], closed: ['frame-2', 'frame-1'], readFrom: ['frame-2'] });
    const tiny = visionOf([person(0.4)], [small], { original: [2400, 1800] });
    await read(tiny, () => [sure('7')]);
    expect(tiny.asked.opened).toEqual([2048]);
    const faint = visionOf([person(0.4)], [small], { isFaint: true });
    await read(faint, () => [sure('7')]);
    expect(faint.asked.opened).toEqual([2048]);
  });

  it('believes in a faint bib only if something can be read on it', async () => {
    const [left, right] = [person(0.05), person(0.4)];
    const { vision } = visionOf([left, right], [bibOn(left), bibOn(right), bibOn(person(0.78))], { isFaint: true });
    const none: BibAnswer = { bib: null, certainty: 'none', probability01: 0, partial: null, candidates: [], saidBy: 'print' };
    const { reading, looks } = await read({ vision }, () => [none, sure('33'), none]);
    expect(reading.sightings.map(({ id, answer, personBox, bibBox }) => [id, answer.bib, personBox?.x, bibBox !== null])).toEqual([
      ['p1/0', null, 0.05, false],
      ['p1/1', '33', 0.4, true],
    ]);
    expect(looks.looks).toHaveLength(2);
  });

  it('looks at no face unless it is asked to, and then at those of its runners in the small frame', async () => {
    const people = [person(0.05), person(0.4)];
    const without = visionOf(people, []);
    expect(await read(without, () => [])).not.toHaveProperty('faces');
    expect(without.asked.facesIn).toEqual([]);
    const { vision, asked } = visionOf(people, [bibOn(people[1]!, 0.02)]);
    const { faces, reading } = await read({ vision }, () => [sure('33')], true);
    expect(asked).toMatchObject({ readFrom: ['frame-2'], facesIn: ['frame-1'] });
    expect(faces).toMatchObject({ photoId: 'p1', eventId: 'e1' });
    expect(faces!.faces.map(({ sightingId }) => sightingId)).toEqual(reading.sightings.map(({ id }) => id));
  });

  it('asks nobody for numbers in a photo without bibs, and still says how sharp it is', async () => {
    const { vision, asked } = visionOf([], []);
    const { reading, looks, facts } = await read({ vision }, () => []);
    expect(reading.sightings).toEqual([]);
    expect(looks.looks).toEqual([]);
    expect(facts.sharpness01).toBe(0.5);
    expect(asked.readFrom).toEqual([]);
  });

  it('keeps a bib without a person, and closes its frames when a stage fails', async () => {
    const { vision } = visionOf([], [bibOn(person(0.4))]);
    const { reading } = await read({ vision }, () => [sure('8')]);
    expect(reading.sightings).toMatchObject([{ personBox: null, answer: { bib: '8' } }]);
    const broken = visionOf([person(0.4)], [bibOn(person(0.4), 0.02)], { fails: true });
    await expect(read(broken, () => [])).rejects.toThrow('the reader broke');
    expect(broken.asked.closed).toEqual(['frame-2', 'frame-1']);
  });
});
