import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ThumbnailPayload } from '../../../src/contracts/egress.ts';
import { AppError } from '../../../src/contracts/errors.ts';
import { raceGallerySchema, type RaceGallery, type RunnerPage } from '../../../src/contracts/race-gallery.ts';
import { ServerRefusal } from '../../../src/contracts/server-api.ts';
import type { CropImageOptions } from '../../../src/contracts/vision-api.ts';
import { runnersOf } from '../../../src/core/race/runner-photos.ts';
import { thumbnailBox } from '../../../src/core/race/thumbnail-box.ts';
import { galleryLink, galleryToken, publishRunner, withdrawRunner, type PublishPlaces } from '../../../src/flow/race-publish.ts';
import { drawnJpeg, raceContents } from './race-fixtures.ts';

const JPEG = new Blob([Uint8Array.from(await drawnJpeg())], { type: 'image/jpeg' });
const SECRET = new Uint8Array(32).fill(7);
const WISH = { days: 30, withNames: false, photographer: 'Aoki', watermark: null };
const contents = raceContents();
const [seven] = await runnersOf(contents, { certainty: 'sure', withDuplicates: false, minSharpness01: 0 });

/** A server that keeps what it gets, and a device that cuts pictures. */
function setUp(options: { readonly goneId?: string; readonly refusal?: number } = {}) {
  const galleries: RaceGallery[] = [];
  const pictures = new Map<string, ThumbnailPayload>();
  const crops: CropImageOptions[] = [];
  const pages: RunnerPage[] = [];
  const open = new Set<string>();
  const places: PublishPlaces = {
    open: ({ id }) => (id === options.goneId ? Promise.reject(new AppError('invalid-input', 'gone')) : Promise.resolve(JPEG)),
    vision: {
      open: () => {
        open.add('f');
        return Promise.resolve({ frameId: 'f', widthPx: 1, heightPx: 1, originalWidthPx: 1, originalHeightPx: 1 });
      },
      close: () => {
        open.delete('f');
        return Promise.resolve();
      },
      cropImage: (_frame, crop) => {
        crops.push(crop);
        return Promise.resolve({ blob: JPEG, widthPx: 100, heightPx: 200, faceCount: 2 });
      },
    },
    pictures: { make: () => Promise.resolve({ blob: JPEG, widthPx: 100, heightPx: 200 }) },
    server: {
      publishGallery: (_lens, gallery) => {
        if (options.refusal !== undefined) return Promise.reject(new ServerRefusal(options.refusal, null));
        galleries.push(raceGallerySchema.parse(gallery));
        return Promise.resolve({
          id: gallery.id,
          expiresAtMs: gallery.expiresAtMs,
          missing: gallery.photos.map(({ id }) => id).filter((id) => !pictures.has(id)),
        });
      },
      publishThumbnail: (_lens, { photoId }, picture) => {
        pictures.set(photoId, picture);
        return Promise.resolve(true);
      },
    },
    ...{ lensId: 'bib', secret: SECRET, key: null, now: () => 1_000_000 },
  };
  const publish = () => publishRunner(seven!, contents, WISH, places, (page) => Promise.resolve(void pages.push(page)));
  return { places, publish, galleries, pictures, crops, pages, open };
}

describe('a runner’s page', () => {
  it('says the race, the number and times, and gets one cut of the runner from each photo, everybody else blurred', async () => {
    const { publish, galleries, pictures, crops, pages, open } = setUp();
    expect(await publish()).toEqual([]);
    expect(galleries[0]).toMatchObject({
      bib: '7',
      name: '',
      event: contents.event.name,
      photographer: 'Aoki',
      expiresAtMs: 1_000_000 + 30 * 86_400_000,
    });
    expect(galleries[0]!.photos.map(({ isGoal, takenAt }) => [isGoal, takenAt])[0]).toEqual([true, '2026-11-21T11:01:41']);
    expect(JSON.stringify(galleries)).not.toMatch(/佐藤|IMG_|e1/);
    expect(crops.every(({ blurFaces, sparedPerson, maxSidePx }) => blurFaces && sparedPerson !== undefined && maxSidePx === 512)).toBe(
      true,
    );
    expect([...pictures.values()].every(({ box, othersShown }) => box.width * box.height <= 0.6 && othersShown === 0)).toBe(true);
    expect(pages.map(({ state, photos }) => [state, photos])).toEqual([
      ['sending', 4],
      ['published', 4],
    ]);
    expect(open.size).toBe(0);
  });

  it('sends nothing twice, and goes on where it was cut off', async () => {
    const { publish, crops, pictures } = setUp();
    await publish();
    const [first] = pictures.keys();
    pictures.delete(first!);
    await publish();
    expect(crops).toHaveLength(5);
  });

  it('names what is gone and shows the rest; remembers that a runner had it taken down', async () => {
    const gone = setUp({ goneId: 'p2' });
    expect(await gone.publish()).toEqual([{ path: 'DCIM/IMG_0002.JPG', reason: 'gone' }]);
    expect([gone.pictures.size, gone.pages.at(-1)!.state]).toEqual([3, 'sending']);
    const down = setUp({ refusal: 410 });
    await down.publish();
    expect(down.pages.at(-1)!.state).toBe('taken-down');
    await expect(setUp({ refusal: 507 }).publish()).rejects.toMatchObject({ status: 507 });
  });

  it('is withdrawn with an empty page; its link is 256 bits that only this device can make', async () => {
    const { places, publish, galleries, pages } = setUp();
    await publish();
    expect(await withdrawRunner(pages.at(-1)!, contents, places)).toMatchObject({ state: 'withdrawn' });
    expect(galleries.at(-1)).toMatchObject({ photos: [], tokenHash: galleries[0]!.tokenHash });
    const { galleryId } = pages[0]!;
    expect(galleryLink('https://photos.example', SECRET, galleryId)).toMatch(/^https:\/\/photos\.example\/v1\/g\/[\w-]{43}$/);
    expect(galleryToken(new Uint8Array(32), galleryId)).not.toBe(galleryToken(SECRET, galleryId));
  });
});

it('a cut lies within the photo, holds the head, and is never most of it', () => {
  const unit = fc.double({ min: 0, max: 1, noNaN: true });
  const box = fc
    .tuple(unit, unit, unit, unit)
    .map(([x, y, width, height]) => ({ x, y, width: Math.max(0.01, width * (1 - x)), height: Math.max(0.01, height * (1 - y)) }));
  fc.assert(
    fc.property(fc.option(box), fc.option(box), (personBox, bibBox) => {
      const cut = thumbnailBox({ personBox, bibBox }, 0.6);
      if (personBox === null && bibBox === null) {
        expect(cut).toBeNull();
        return;
      }
      const { box: found } = cut!;
      expect(found.width * found.height).toBeLessThanOrEqual(0.6);
      expect(Math.min(found.x, found.y, found.width, found.height)).toBeGreaterThanOrEqual(0);
      expect(Math.max(found.x + found.width, found.y + found.height)).toBeLessThanOrEqual(1.000001);
      if (personBox !== null) expect(found.y).toBeLessThanOrEqual(personBox.y + 1e-9);
    }),
  );
});
