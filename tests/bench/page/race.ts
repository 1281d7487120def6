/** @file Drawn race photos, and the two sides of their duel, in the browser. */
import type Ocr from '@gutenye/ocr-browser';
import type { VisionService } from '../../../src/contracts/client-api.ts';
import { ANY_BIB, type RacePhotoReading } from '../../../src/contracts/race.ts';
import { BURST_PHOTOS, BURST_WINDOW_MS, settleBurst } from '../../../src/core/race/settle-burst.ts';
import { startLists } from '../../../src/flow/start-lists.ts';
import { readRacePhoto, type RaceContext, type ReadRacePhoto } from '../../../src/flow/read-race-photo.ts';
import { createDatabase } from '../../../src/store/db.ts';
import { createRaceEventStore } from '../../../src/store/race-events.ts';
import { createRacePhotoStore } from '../../../src/store/race-photos.ts';
import { createPhotoSourceStore } from '../../../src/store/race-sources.ts';
import type { Measured, MeasuredRace } from '../contenders.ts';

const WIDTH_PX = 4000;
const HEIGHT_PX = 3000;
const RUNNERS = 5;
/** Photos that are drawn; they are read again and again. */
const POOL = 6;
/** Photos under way at once, as in the app. */
const AT_ONCE = 2;
const SETTLE = { windowMs: BURST_WINDOW_MS, photos: BURST_PHOTOS, settle: settleBurst };
/** Seconds between two photos that are put into the store: no bursts without end. */
const PHOTO_EVERY_MS = 400;

/** Street, trees, and runners who are meant to be taken for people; bibs of 130 px; sensor noise, so that nothing compresses to nothing. */
async function drawRacePhoto(seed: number): Promise<Blob> {
  const canvas = new OffscreenCanvas(WIDTH_PX, HEIGHT_PX);
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  const sky = context.createLinearGradient(0, 0, 0, HEIGHT_PX);
  sky.addColorStop(0, '#b8c8d8');
  sky.addColorStop(0.45, '#7d8f6a');
  sky.addColorStop(0.5, '#8b8a88');
  sky.addColorStop(1, '#6f6e6d');
  context.fillStyle = sky;
  context.fillRect(0, 0, WIDTH_PX, HEIGHT_PX);
  for (let i = 0; i < RUNNERS; i++)
    drawRunner(context, 500 + i * 700, 700 + ((i * 7 + seed) % 3) * 120, 1000 + seed * 137 + i * 11, i + seed);
  const image = context.getImageData(0, 0, WIDTH_PX, HEIGHT_PX);
  const { data } = image;
  let state = seed + 1;
  for (let i = 0; i < data.length; i++) {
    if (i % 4 === 3) continue;
    state = (state * 48271) % 2147483647;
    data[i] = data[i]! + ((state / 2147483647) * 2 - 1) * 8;
  }
  context.putImageData(image, 0, 0);
  return canvas.convertToBlob({ type: 'image/jpeg', quality: 0.92 });
}

const SHIRTS = ['#c0392b', '#2e5cb8', '#f1c40f', '#27ae60', '#8e44ad', '#e8e8e8'];
const SKIN = ['#e0ac8a', '#8d5a3b', '#f0c8a8', '#b5805a'];

function drawRunner(context: OffscreenCanvasRenderingContext2D, x: number, y: number, bib: number, look: number): void {
  const limb = (width: number, colour: string, ...points: readonly (readonly [number, number])[]): void => {
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.lineCap = 'round';
    context.lineJoin = 'round';
    context.beginPath();
    points.forEach(([dx, dy], i) => (i === 0 ? context.moveTo(x + dx, y + dy) : context.lineTo(x + dx, y + dy)));
    context.stroke();
  };
  const skin = SKIN[look % SKIN.length]!;
  limb(90, skin, [-50, 780], [-80, 1080], [-40, 1400]);
  limb(90, skin, [60, 780], [130, 1050], [60, 1280]);
  limb(100, '#20242c', [-40, 1440], [20, 1450]);
  limb(170, '#23283a', [-50, 760], [-70, 900]);
  limb(170, '#23283a', [60, 760], [100, 900]);
  context.fillStyle = SHIRTS[look % SHIRTS.length]!;
  context.beginPath();
  context.roundRect(x - 180, y + 250, 360, 520, 90);
  context.fill();
  limb(70, skin, [-170, 330], [-250, 520], [-130, 640]);
  limb(70, skin, [170, 330], [260, 500], [150, 600]);
  context.fillStyle = skin;
  context.beginPath();
  context.ellipse(x, y + 110, 85, 115, 0, 0, 7);
  context.fill();
  context.fillStyle = '#2b2018';
  context.beginPath();
  context.ellipse(x, y + 50, 90, 70, 0, 3.1, 6.3);
  context.fill();
  context.save();
  context.translate(x, y + 500);
  context.rotate((((look * 13) % 9) - 4) / 60);
  context.fillStyle = '#ffffff';
  context.fillRect(-105, -75, 210, 150);
  context.fillStyle = '#1c4fa0';
  context.fillRect(-105, -75, 210, 26);
  context.fillStyle = '#111111';
  context.font = 'bold 84px sans-serif';
  context.textAlign = 'center';
  context.fillText(String(bib), 0, 42);
  context.restore();
}

const photos = new Map<string, Promise<Blob[]>>();

/** @param urls of photos; empty: drawn ones. */
function poolOf(urls: readonly string[]): Promise<Blob[]> {
  const key = urls.join('\n');
  let pool = photos.get(key);
  if (pool === undefined) {
    pool = Promise.all(
      urls.length === 0
        ? Array.from({ length: POOL }, (_, seed) => drawRacePhoto(seed))
        : urls.map(async (url) => (await fetch(url)).blob()),
    );
    photos.set(key, pool);
  }
  return pool;
}

/** Both sides read the same photos. */
export function raceContenders(vision: VisionService, gutenye: () => Promise<Ocr>) {
  const numbers = { version: 'bench', format: ANY_BIB, eventIds: [] };
  const decode: RaceContext['decode'] = (scores) => startLists().decode(numbers, scores);
  const read = (file: Blob, photoId: string): Promise<ReadRacePhoto> =>
    readRacePhoto({ photoId, eventId: 'bench', file }, { vision }, { decode }, { priority: 'batch' });

  return {
    /** Photos through the app's flow, two under way at once. The answer is the number of bibs with a number. */
    async readRace(urls: readonly string[], from: number, count: number): Promise<MeasuredRace> {
      const pool = await poolOf(urls);
      const stagesMs: Record<string, number> = {};
      let [next, answer, longestMs] = [from, 0, 0];
      const longTasks = new PerformanceObserver((list) => {
        for (const { duration } of list.getEntries()) longestMs = Math.max(longestMs, duration);
      });
      longTasks.observe({ type: 'longtask' });
      const startedAtMs = performance.now();
      const work = async (): Promise<void> => {
        while (next < from + count) {
          const i = next++;
          const { reading } = await read(pool[i % pool.length]!, `photo-${i}`);
          answer += reading.sightings.filter(({ answer: { bib } }) => bib !== null).length;
          for (const [stage, ms] of Object.entries(reading.durationsMs)) stagesMs[stage] = (stagesMs[stage] ?? 0) + ms / count;
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, work));
      const ms = performance.now() - startedAtMs;
      longTasks.disconnect();
      return { ms, answer, stagesMs, longestTaskMs: longestMs };
    },

    /** The plain way: every pixel decoded, text sought and read in the whole photo. The answer is the number of lines that look like a number. */
    async readRacePlainly(urls: readonly string[], from: number, count: number): Promise<Measured> {
      const [pool, ocr] = await Promise.all([poolOf(urls), gutenye()]);
      let answer = 0;
      const startedAtMs = performance.now();
      for (let i = from; i < from + count; i++) {
        const url = URL.createObjectURL(pool[i % pool.length]!);
        const lines = await ocr.detect(url);
        URL.revokeObjectURL(url);
        answer += lines.filter(({ text }) => /^\d{1,5}$/.test(text.trim())).length;
      }
      return { ms: performance.now() - startedAtMs, answer };
    },

    /** Mean size of a photo. */
    async racePhotoBytes(urls: readonly string[]): Promise<number> {
      const pool = await poolOf(urls);
      return pool.reduce((sum, { size }) => sum + size, 0) / pool.length;
    },

    /** Milliseconds to keep one photo that was read, with its neighbours settled, in a store that holds `rows` photos already; mean of `count`. */
    async keepRacePhotos(rows: number, count: number): Promise<Measured> {
      const database = createDatabase({ name: `bench-race-${rows}` });
      const store = createRacePhotoStore(database);
      const eventId = 'bench';
      await createRaceEventStore(database).put({
        ...{ id: eventId, name: 'Bench', day: '2026-11-22', parentId: null, format: ANY_BIB, utcOffsetMinutes: 540, updatedAtMs: 0 },
      });
      await createPhotoSourceStore(database).put({
        ...{ id: 'source', eventId, name: 'Card', kind: 'files', photographer: '', addedAtMs: 0 },
      });
      const like = await read((await poolOf([]))[0]!, 'like');
      const names = Array.from({ length: rows + count }, (_, i) => `IMG_${String(i).padStart(5, '0')}.JPG`);
      const ids: string[] = [];
      for (let from = 0; from < names.length; from += 200)
        ids.push(
          ...(
            await store.add(
              'source',
              names.slice(from, from + 200).map((path, i) => ({ path, sizeBytes: from + i + 1, modifiedAtMs: 1 })),
            )
          ).wanted,
        );
      const keep = (i: number): Promise<boolean> => store.finish(ids[i]!, renamed(like, ids[i]!, i), SETTLE);
      // Those that are neighbours of the measured ones; the others wait to be read.
      for (let i = rows - 3 * BURST_PHOTOS; i < rows; i++) await keep(i);
      const startedAtMs = performance.now();
      for (let i = rows; i < rows + count; i++) await keep(i);
      const ms = (performance.now() - startedAtMs) / count;
      database.close();
      indexedDB.deleteDatabase(`bench-race-${rows}`);
      return { ms, answer: rows + count };
    },
  };
}

/** The same photo as another one of the race. */
function renamed({ reading, looks, facts, thumbnail }: ReadRacePhoto, photoId: string, i: number): ReadRacePhoto {
  const sightings: RacePhotoReading['sightings'] = reading.sightings.map((sighting, place) => ({ ...sighting, id: `${photoId}/${place}` }));
  return {
    reading: { ...reading, photoId, sightings },
    looks: { ...looks, photoId },
    facts: { ...facts, cameraLabel: 'Bench', cameraAtMs: 1e9 + i * PHOTO_EVERY_MS, contentHash: String(i).padStart(64, '0') },
    thumbnail,
  };
}
