/** @file Whose faces are described, and what of a selfie is looked at, with a vision that says what the test wants. */
import { describe, expect, it } from 'vitest';
import type { Box } from '../../../src/contracts/geometry.ts';
import type { OpenedFrame } from '../../../src/contracts/media.ts';
import type { FaceDescription } from '../../../src/contracts/results.ts';
import { describePhoto, describeRunners, describeSelfie, faceSpace } from '../../../src/flow/describe-race-faces.ts';
import { drawnJpeg } from '../race/camera-file.ts';

const FRAME: OpenedFrame = { frameId: 'f', widthPx: 2000, heightPx: 1500, originalWidthPx: 4000, originalHeightPx: 3000 };
const person = (x: number, height = 0.6): Box => ({ x, y: 0.2, width: height * 0.3, height });
const sighting = (id: string, personBox: Box | null, bibBox: Box | null = null) => ({ id, personBox, bibBox });

function face(box: Box, more: Partial<FaceDescription> = {}): FaceDescription {
  const embedding = { space: faceSpace(), vector: Float32Array.of(box.x, 1), backend: 'wasm' as const };
  return { box, confidence01: 0.9, eyeDistancePx: 40, sharpness01: 0.6, embedding, ...more };
}

/** The face in the middle of each region. */
const middleFace = ({ x, y, width, height }: Box, more: Partial<FaceDescription> = {}): FaceDescription =>
  face({ x: x + width * 0.4, y: y + height * 0.4, width: width * 0.2, height: height * 0.2 }, more);

function visionOf(faceOf: (region: Box, index: number) => FaceDescription | null, detected: readonly Box[] = []) {
  const asked: { regions: Box[]; opened: number; closed: number } = { regions: [], opened: 0, closed: 0 };
  return {
    asked,
    vision: {
      open: async () => {
        asked.opened += 1;
        return FRAME;
      },
      close: async () => void (asked.closed += 1),
      detectFaces: async () => detected.map((box) => ({ box, confidence01: 0.9 })),
      describeFaces: async (_frameId: string, regions: readonly Box[]) => {
        asked.regions.push(...regions);
        return regions.map(faceOf);
      },
    },
  };
}

const photo = (sightings: ReturnType<typeof sighting>[]) => ({ photoId: 'p1', eventId: 'e1', sightings });

describe('runners', () => {
  it('are looked at where their heads are, tall ones first; a bib without a person has a head, too', async () => {
    const { vision, asked } = visionOf((region) => middleFace(region));
    const bib: Box = { x: 0.7, y: 0.5, width: 0.03, height: 0.05 };
    const found = await describeRunners(
      photo([sighting('p1/0', person(0.1)), sighting('p1/1', person(0.4, 0.7)), sighting('p1/2', null, bib)]),
      FRAME,
      vision,
    );
    expect(found).toMatchObject({ photoId: 'p1', eventId: 'e1', space: faceSpace() });
    expect(found.faces.map(({ sightingId }) => sightingId)).toEqual(['p1/1', 'p1/0', 'p1/2']);
    expect(asked.regions).toHaveLength(3);
    for (const [i, box] of [person(0.4, 0.7), person(0.1)].entries()) {
      const middle = asked.regions[i]!.y + asked.regions[i]!.height / 2;
      expect(middle).toBeGreaterThan(box.y);
      expect(middle).toBeLessThan(box.y + box.height * 0.2);
    }
  });

  it('too small to be told apart, blurred ones and people in the back are left out', async () => {
    const lacks: Partial<FaceDescription>[] = [{ eyeDistancePx: 6 }, { sharpness01: 0.05 }];
    const { vision, asked } = visionOf((region, i) => (i < 2 ? middleFace(region, lacks[i]) : null));
    const sightings = [
      sighting('p1/0', person(0.1, 0.7)),
      sighting('p1/1', person(0.4)),
      sighting('p1/2', person(0.6, 0.5)),
      sighting('p1/3', person(0.9, 0.08)),
    ];
    expect((await describeRunners(photo(sightings), FRAME, vision)).faces).toEqual([]);
    expect(asked.regions).toHaveLength(3);
  });

  it('do not share a face', async () => {
    const { vision } = visionOf(() => face({ x: 0.18, y: 0.22, width: 0.03, height: 0.04 }));
    const { faces } = await describeRunners(photo([sighting('p1/0', person(0.1)), sighting('p1/1', person(0.16))]), FRAME, vision);
    expect(faces.map(({ sightingId }) => sightingId)).toEqual(['p1/0']);
  });

  it('of a photo with nobody in it need no file', async () => {
    const { vision, asked } = visionOf(() => null);
    const open = (): Promise<Blob> => Promise.reject(new Error('the folder is closed'));
    expect(await describePhoto(open, photo([]), vision)).toMatchObject({ faces: [] });
    await expect(describePhoto(open, photo([sighting('p1/0', person(0.1))]), vision)).rejects.toThrow('the folder is closed');
    const file = new Blob([new Uint8Array(await drawnJpeg(64, 48, {}))]);
    await describePhoto(() => Promise.resolve(file), photo([sighting('p1/0', person(0.1))]), vision);
    expect(asked).toMatchObject({ opened: 1, closed: 1 });
  });
});

describe('a selfie', () => {
  it('gives its faces, largest first, looked at with room around them', async () => {
    const [small, large]: readonly Box[] = [
      { x: 0.1, y: 0.1, width: 0.1, height: 0.1 },
      { x: 0.5, y: 0.3, width: 0.3, height: 0.3 },
    ];
    const { vision, asked } = visionOf((_region, i) => face([large!, small!][i]!), [small!, large!]);
    const faces = await describeSelfie(new Blob(['selfie']), vision);
    expect(faces.map(({ box }) => box.width)).toEqual([0.3, 0.1]);
    expect(asked.regions[0]!.width).toBeCloseTo(0.9, 9);
    expect(asked.regions[0]!.x + asked.regions[0]!.width / 2).toBeCloseTo(0.65, 9);
    expect(asked.closed).toBe(1);
  });

  it('without a face gives none, and one that fails is closed as well', async () => {
    const none = visionOf(() => null);
    expect(await describeSelfie(new Blob(['wall']), none.vision)).toEqual([]);
    expect(none.asked).toMatchObject({ regions: [], closed: 1 });
    const broken = visionOf(() => {
      throw new Error('the net broke');
    }, [{ x: 0, y: 0, width: 1, height: 1 }]);
    await expect(describeSelfie(new Blob(['selfie']), broken.vision)).rejects.toThrow('the net broke');
    expect(broken.asked.closed).toBe(1);
  });
});
