/** @file A small race: three cameras, five photos, four numbers. Drawn by the project. */
import sharp from 'sharp';
import type { BibAnswer, RaceCamera, RacePhoto, RacePhotoReading, Sighting } from '../../../src/contracts/race.ts';
import { ANY_BIB } from '../../../src/contracts/race.ts';
import type { RaceContents } from '../../../src/core/race/runner-photos.ts';

export const DAY_MS = Date.UTC(2026, 10, 21);

export function answerOf(bib: string | null, more: Partial<BibAnswer> = {}): BibAnswer {
  return { bib, certainty: bib === null ? 'none' : 'sure', probability01: 0.99, partial: null, candidates: [], saidBy: 'print', ...more };
}

export function sightingOf(id: string, answer: BibAnswer, more: Partial<Sighting> = {}): Sighting {
  const personBox = { x: 0.4, y: 0.1, width: 0.2, height: 0.8 };
  return {
    id,
    personBox,
    bibBox: { x: 0.45, y: 0.4, width: 0.1, height: 0.08 },
    confidence01: 0.9,
    read: answer,
    answer,
    burstId: null,
    ...more,
  };
}

export function photoOf(id: string, path: string, more: Partial<RacePhoto> = {}): RacePhoto {
  return {
    ...{
      id,
      eventId: 'e1',
      sourceId: 's1',
      path,
      sizeBytes: 1000,
      modifiedAtMs: DAY_MS,
      state: 'read',
      problem: null,
      attempts: 0,
      readAtMs: 1,
    },
    ...{ cameraId: 'course', cameraAtMs: DAY_MS + 36_000_000, widthPx: 600, heightPx: 400, sharpness01: 0.8, duplicateOf: null },
    ...more,
  };
}

function cameraOf(id: string, place: RaceCamera['place'], clockOffsetMs = 0): RaceCamera {
  return { id, eventId: 'e1', label: `Camera ${id}`, photographer: id === 'goal' ? 'Aoki' : '', clockOffsetMs, place };
}

export function readingOf(photoId: string, sightings: readonly Sighting[]): RacePhotoReading {
  return { photoId, eventId: 'e1', sightings: [...sightings], readAtMs: 1, durationsMs: {} };
}

/** `7` is on the course, then twice at the goal; `12` is only likely; `A3` was said by the user. */
export function raceContents(): RaceContents {
  return {
    event: {
      id: 'e1',
      name: 'City <Run> & 市民マラソン',
      day: '2026-11-21',
      parentId: null,
      format: ANY_BIB,
      utcOffsetMinutes: 540,
      updatedAtMs: 1,
    },
    entrants: [
      { id: 'n7', eventId: 'e1', bib: '7', name: '佐藤 花子', category: '10 km', team: '=HYPERLINK("x")', wave: 'A' },
      { id: 'n12', eventId: 'e1', bib: '12', name: 'Ö. Müller', category: 'Half', team: '', wave: '' },
    ],
    cameras: [cameraOf('goal', 'goal', 3_600_000), cameraOf('course', 'course')],
    sources: [{ id: 's1', eventId: 'e1', name: 'Card 1', kind: 'folder', photographer: 'Mori', addedAtMs: 1 }],
    photos: [
      photoOf('p1', 'DCIM/IMG_0001.JPG', { cameraAtMs: DAY_MS + 36_000_000 }),
      photoOf('p2', 'DCIM/IMG_0002.JPG', { cameraId: 'goal', cameraAtMs: DAY_MS + 36_100_000, sharpness01: 0.3 }),
      photoOf('p3', 'DCIM/IMG_0003.JPG', { cameraId: 'goal', cameraAtMs: DAY_MS + 36_101_000, sharpness01: 0.9 }),
      photoOf('p4', 'OTHER/IMG_0003.jpg', { cameraAtMs: DAY_MS + 30_000_000 }),
      photoOf('p5', 'DCIM/IMG_0005.JPG', { duplicateOf: 'p1' }),
    ],
    readings: [
      readingOf('p1', [sightingOf('a', answerOf('7')), sightingOf('b', answerOf('12', { certainty: 'check', probability01: 0.6 }))]),
      readingOf('p2', [sightingOf('c', answerOf('7'))]),
      readingOf('p3', [sightingOf('d', answerOf('7')), sightingOf('e', answerOf(null))]),
      readingOf('p4', [sightingOf('f', answerOf('7')), sightingOf('g', answerOf('A3', { saidBy: 'user', certainty: 'sure' }))]),
      readingOf('p5', [sightingOf('h', answerOf('7'))]),
    ],
  };
}

/** A JPEG with Exif of a camera: turned, with a place and a thumbnail's directory, and with texts in IPTC when they are given. */
export async function drawnJpeg(
  options: { readonly widthPx?: number; readonly heightPx?: number; readonly orientation?: number } = {},
): Promise<Buffer> {
  const { widthPx = 64, heightPx = 48, orientation = 6 } = options;
  const pixels = Buffer.alloc(widthPx * heightPx * 3);
  for (let i = 0; i < pixels.length; i++) pixels[i] = (i * 31 + (i >> 5) * 17) & 0xff;
  return sharp(pixels, { raw: { width: widthPx, height: heightPx, channels: 3 } })
    .jpeg({ quality: 90 })
    .withExif({
      IFD0: { Make: 'Drawn', Model: 'Pinhole', Orientation: String(orientation) },
      IFD2: { DateTimeOriginal: '2026:11:21 10:00:00', LensModel: 'None 50mm' },
      IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '35/1 40/1 30/1', GPSLongitudeRef: 'E', GPSLongitude: '139/1 45/1 12/1' },
    })
    .withMetadata({ orientation })
    .toBuffer();
}
