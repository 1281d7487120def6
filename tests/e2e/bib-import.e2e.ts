/**
 * @file Photos of a race on their way in, in a real browser whose tab dies, whose folder changes or is closed, and whose disk fills up.
 * `MEKIKI_E2E_RACE_PHOTOS=300 npx playwright test bib-import`: more photos, and more deaths.
 */
import { expect, test, type BrowserContext, type Page } from '@playwright/test';
import { LOOK_TIMEOUT_MS } from './look.ts';
import { chooseFolder, countsOf, createRace, drawPhotos, rowsOf, type DrawnPhoto } from './race-desk.ts';

const PHOTOS = Number(process.env['MEKIKI_E2E_RACE_PHOTOS'] ?? 60);
/** One runner in so many photos: an empty road is read faster. */
const RUNNER_EVERY = 6;
const PHOTOS_PER_DEATH = 15;

test.use({ viewport: { width: 1280, height: 800 } });

const read = async (page: Page, eventId: string): Promise<number> => (await countsOf(page, eventId))['read'] ?? 0;

/** Ids of photos of which a preview is kept once more: it is written once, with all that was read. */
async function watchForSecondReadings(context: BrowserContext): Promise<readonly string[]> {
  const twice: string[] = [];
  await context.exposeFunction('wasReadTwice', (id: string) => void twice.push(id));
  await context.addInitScript(() => {
    const write = Reflect.get(IDBObjectStore.prototype, 'put') as (...given: unknown[]) => IDBRequest;
    Reflect.set(IDBObjectStore.prototype, 'put', function (this: IDBObjectStore, ...given: unknown[]) {
      if (this.name === 'raceThumbnails') {
        const { photoId } = given[0] as { photoId: string };
        const known = this.getKey(photoId);
        known.onsuccess = () => {
          if (known.result !== undefined) (window as unknown as { wasReadTwice: (id: string) => void }).wasReadTwice(photoId);
        };
      }
      return write.apply(this, given);
    });
  });
  return twice;
}

/** The tab is closed, or its process dies with everything in it. */
async function kill(page: Page, isCrash: boolean): Promise<void> {
  if (isCrash) {
    const died = page.waitForEvent('crash');
    const session = await page.context().newCDPSession(page);
    // Never answered: who should answer is dead.
    session.send('Page.crash').catch(() => {});
    await died;
  }
  await page.close({ runBeforeUnload: false });
}

test(`${PHOTOS} photos, and a tab that is killed again and again: nothing lost, nothing read twice`, async ({ page, context }) => {
  test.setTimeout(120_000 + PHOTOS * 8_000);
  const twice = await watchForSecondReadings(context);
  const photos = Array.from({ length: PHOTOS }, (_, i): DrawnPhoto => ({
    name: `IMG_${String(i).padStart(4, '0')}.jpg`,
    bibs: i % RUNNER_EVERY === 0 ? [String(1000 + i)] : [],
  }));
  await page.goto('/desk/bib');
  await drawPhotos(page, 'killed', photos);
  await chooseFolder(page, 'killed');
  const eventId = await createRace(page, 'Killed');
  await page.getByRole('button', { name: 'Choose a folder' }).click();
  const address = page.url();

  let seed = 11;
  const random = (below: number): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % below;
  };
  let living = page;
  const deaths = Math.floor(PHOTOS / PHOTOS_PER_DEATH);
  for (let death = 0; death < deaths; death++) {
    // The first ones come before anything was read, or even found.
    const until = death < 2 ? 0 : (await read(living, eventId)) + 1 + random(4);
    await expect.poll(() => read(living, eventId), { timeout: LOOK_TIMEOUT_MS, intervals: [100] }).toBeGreaterThanOrEqual(until);
    await living.waitForTimeout(random(700));
    await kill(living, death % 2 === 1);
    living = await context.newPage();
    await living.goto(address);
  }
  await expect(living.getByText(`All read: ${PHOTOS} photos`)).toBeVisible({ timeout: 60_000 + PHOTOS * 4_000 });

  expect(twice).toEqual([]);
  expect(await countsOf(living, eventId)).toEqual({ waiting: 0, read: PHOTOS, failed: 0, gone: 0, skipped: 0 });
  const kept = await rowsOf(living, 'racePhotos');
  expect(kept.map(({ path }) => path).toSorted()).toEqual(photos.map(({ name }) => name));
  expect(new Set(kept.map(({ state }) => state))).toEqual(new Set(['read']));
  expect(await rowsOf(living, 'raceReadings')).toHaveLength(PHOTOS);
  expect(await rowsOf(living, 'raceThumbnails')).toHaveLength(PHOTOS);
  // Drawn runners were found: the photos were read, not waved through.
  const named = kept.filter(({ bibs }) => (bibs as string[]).length > 0);
  expect(named.length).toBeGreaterThan(PHOTOS / RUNNER_EVERY / 2);
  const sightings = await rowsOf(living, 'raceSightings');
  expect(new Set(sightings.map(({ sightingId }) => sightingId)).size).toBe(sightings.length);
});

/** The folder's own answers, and those of the disk, from the outside. */
interface Faults {
  isRevoked?: boolean;
  isDiskFull?: boolean;
}

/** Refuse where the browser would: what it cannot be made to do in a test (Playwright clicks no permission, OPFS needs none). */
async function faultsOnDemand(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const faults = window as unknown as Faults;
    const refuse = (prototype: object, name: string, refusal: () => DOMException | null): void => {
      const original = Reflect.get(prototype, name) as (...given: unknown[]) => unknown;
      Reflect.set(prototype, name, function (this: unknown, ...given: unknown[]) {
        const error = refusal();
        if (error !== null) throw error;
        return original.apply(this, given);
      });
    };
    const revoked = (): DOMException | null =>
      faults.isRevoked === true ? new DOMException('Not allowed any more.', 'NotAllowedError') : null;
    for (const name of ['values', 'keys', 'getFileHandle', 'getDirectoryHandle'])
      refuse(FileSystemDirectoryHandle.prototype, name, revoked);
    refuse(FileSystemFileHandle.prototype, 'getFile', revoked);
    Reflect.set(FileSystemHandle.prototype, 'queryPermission', () => Promise.resolve(faults.isRevoked === true ? 'prompt' : 'granted'));
    Reflect.set(FileSystemHandle.prototype, 'requestPermission', () => {
      faults.isRevoked = false;
      return Promise.resolve('granted');
    });
    const full = (): DOMException | null =>
      faults.isDiskFull === true ? new DOMException('The disk is full.', 'QuotaExceededError') : null;
    for (const name of ['put', 'add']) refuse(IDBObjectStore.prototype, name, full);
  });
}

test('files that go, change or are damaged, a disk that fills up, a folder that is closed in the middle', async ({ page }) => {
  const road = (name: string): DrawnPhoto => ({ name, bibs: [] });
  await page.goto('/desk/bib');
  await drawPhotos(page, 'faults', [
    ...['01.jpg', '02.jpg'].map(road),
    { name: '03-runner.jpg', bibs: ['352'] },
    { name: '04-twins.jpg', bibs: ['352', '352'] },
    { name: '05-torn.jpg', bibs: ['845'] },
    ...['06.jpg', '07.jpg', '08.jpg', '09.jpg', '10.jpg', '11.jpg', '12.jpg', '97-changes.jpg', '98-goes.jpg'].map(road),
  ]);
  // Half of it never left the camera.
  await page.evaluate(async () => {
    const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('faults');
    const handle = await folder.getFileHandle('05-torn.jpg');
    const whole = await (await handle.getFile()).arrayBuffer();
    const stream = await handle.createWritable();
    await stream.write(whole.slice(0, 300));
    await stream.close();
  });
  await chooseFolder(page, 'faults');
  await faultsOnDemand(page);
  const eventId = await createRace(page, 'Faults');
  const set = (faults: Faults): Promise<void> => page.evaluate((given) => void Object.assign(window, given), faults);
  const reads = (count: number): Promise<void> =>
    expect.poll(() => read(page, eventId), { timeout: LOOK_TIMEOUT_MS, intervals: [50] }).toBeGreaterThanOrEqual(count);
  await page.getByRole('button', { name: 'Choose a folder' }).click();

  await reads(1);
  await page.evaluate(async () => {
    const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('faults');
    await folder.removeEntry('98-goes.jpg');
  });
  await drawPhotos(page, 'faults', [{ name: '97-changes.jpg', bibs: ['1207'] }]);

  await reads(3);
  await set({ isDiskFull: true });
  await expect(page.getByText('Storage is full: reading stopped, nothing is lost.', { exact: false })).toBeVisible();
  const before = await countsOf(page, eventId);
  expect(before['waiting']).toBeGreaterThan(0);
  await set({ isDiskFull: false });
  await page.getByRole('alert').getByRole('button', { name: 'Go on' }).click();

  await reads((before['read'] ?? 0) + 2);
  await set({ isRevoked: true });
  await expect(page.getByText('Needs your permission again')).toBeVisible();
  expect((await countsOf(page, eventId))['waiting']).toBeGreaterThan(0);
  expect((await countsOf(page, eventId))['failed']).toBeLessThanOrEqual(1);
  await page.getByRole('button', { name: 'Allow faults again' }).click();

  await expect(page.getByText('All read: 12 photos')).toBeVisible({ timeout: LOOK_TIMEOUT_MS });
  expect(await countsOf(page, eventId)).toEqual({ waiting: 0, read: 12, failed: 1, gone: 1, skipped: 0 });
  const photos = new Map((await rowsOf(page, 'racePhotos')).map((row) => [row['path'], row]));
  expect(photos.get('05-torn.jpg')).toMatchObject({ state: 'failed', photo: { problem: 'decode-unsupported' } });
  expect(photos.get('98-goes.jpg')).toMatchObject({ state: 'gone' });
  // As it is now, not as it was found. How sure a number is depends on the letters that the machine draws with.
  expect(photos.get('97-changes.jpg')).toMatchObject({ bibs: ['1207'] });
  expect(photos.get('03-runner.jpg')).toMatchObject({ outcome: 'named', bibs: ['352'] });
  // Nobody runs twice in a photo: a person has to look.
  expect(photos.get('04-twins.jpg')).toMatchObject({ outcome: 'doubtful', bibs: ['352'] });
  expect(photos.get('12.jpg')).toMatchObject({ outcome: 'nobody' });
  await page.getByText('Could not be read: 2').click();
  await expect(page.getByText('Its file was deleted or moved', { exact: false })).toBeVisible();
  await expect(page.getByText('The file is damaged', { exact: false })).toBeVisible();
});
