/** @file A race of two cameras, brought in as a file: the clock that is an hour slow, blurred photos, and almost equal shots. No net runs. */
import { expect, test } from '@playwright/test';
import type { BibAnswer, RaceCamera, RacePhoto } from '../../src/contracts/race.ts';
import { ANY_BIB } from '../../src/contracts/race.ts';
import type { RaceExport } from '../../src/contracts/race-export.ts';
import { faults } from './axe.ts';

test.use({ viewport: { width: 1280, height: 800 } });

const EVENT = 'two-cameras';
const TEN = Date.UTC(2026, 10, 22, 10);
const SLOW_MS = 3_602_000;
const RUNNERS = 6;

/** Everybody passes both cameras, a quarter of a minute apart; the goal's camera takes three of the last one. */
function race(): RaceExport {
  const camera = (id: string, label: string, place: RaceCamera['place']): RaceCamera => ({
    ...{ id: `${EVENT}.${id}`, eventId: EVENT, label, photographer: '', clockOffsetMs: 0, place },
  });
  const passing = Array.from({ length: RUNNERS }, (_, i) => i);
  const shots = [
    ...passing.map((i) => ({ name: `goal-${i}`, camera: 'goal', atMs: TEN + i * 15_000, bib: i + 1, sharpness01: 0.7 })),
    ...passing.map((i) => ({ name: `course-${i}`, camera: 'course', atMs: TEN + i * 15_000 - SLOW_MS, bib: i + 1, sharpness01: 0.7 })),
    ...[0.5, 0.8, 0.3].map((sharpness01, i) => ({
      name: `last-${i}`,
      camera: 'goal',
      atMs: TEN + 600_000 + i * 300,
      bib: 77,
      sharpness01,
    })),
  ];
  const photos = shots.map(({ name, camera: id, atMs, sharpness01 }, i): RacePhoto => ({
    ...{ id: `${EVENT}.${String(i + 1).padStart(8, '0')}`, eventId: EVENT, sourceId: 'card', path: `${name}.jpg` },
    ...{ sizeBytes: 1000 + i, modifiedAtMs: TEN, state: 'read', problem: null, attempts: 0, readAtMs: TEN },
    ...{ cameraId: `${EVENT}.${id}`, cameraAtMs: atMs, widthPx: 600, heightPx: 400, sharpness01, duplicateOf: null },
  }));
  const answer = (bib: number): BibAnswer => ({
    ...{ bib: String(bib), certainty: 'sure', probability01: 0.99, partial: null, saidBy: 'print' },
    candidates: [{ bib: String(bib), probability01: 0.99 }],
  });
  const readings = photos.map(({ id }, i) => {
    const said = answer(shots[i]!.bib);
    const personBox = { x: 0.4, y: 0.1, width: 0.2, height: 0.8 };
    const sighting = { id: `${id}/0`, personBox, bibBox: null, confidence01: 0.9, read: said, answer: said, burstId: null };
    return { photoId: id, eventId: EVENT, sightings: [sighting], readAtMs: TEN, durationsMs: {} };
  });
  return {
    ...{ format: 'mekiki-race', version: 1, exportedAtMs: TEN, entrants: [], photos, readings },
    cameras: [camera('course', 'Course camera', 'course'), camera('goal', 'Goal camera', 'goal')],
    events: [{ id: EVENT, name: 'Two cameras', day: '2026-11-22', parentId: null, format: ANY_BIB, utcOffsetMinutes: 0, updatedAtMs: TEN }],
    sources: [{ id: 'card', eventId: EVENT, name: 'Card', kind: 'files', photographer: '', addedAtMs: TEN }],
  };
}

test('a clock that is an hour slow is noticed, set and set back; the best of three shots is delivered', async ({ page }) => {
  await page.goto('/desk/bib');
  await page
    .locator('main input[type=file]')
    .setInputFiles({ name: 'race.json', mimeType: 'application/json', buffer: Buffer.from(JSON.stringify(race())) });
  await page.waitForURL(`**/races/${EVENT}`);
  const proposal = page.getByText(/^“Course camera” seems 1 h\w*,? 2 s\w* behind “Goal camera”\.$/);
  await expect(proposal).toBeVisible();
  await expect(page.getByText('Runners seen by both: 6.')).toBeVisible();
  expect(await faults(page)).toEqual([]);

  const sheet = page.getByRole('list', { name: 'Contact sheet' }).getByRole('link');
  const firstPhotos = async (): Promise<void> => {
    await page.getByRole('link', { name: 'Photos', exact: true }).click();
    await expect(sheet).toHaveCount(2 * RUNNERS + 3);
  };
  await firstPhotos();
  await expect(sheet.nth(1)).toContainText('course-1.jpg');
  await page.getByRole('radio', { name: 'Blurred' }).click();
  await expect(sheet).toHaveCount(1);
  await expect(sheet.first()).toContainText('last-2.jpg');
  await page.getByRole('radio', { name: 'All', exact: true }).click();

  await page.getByRole('link', { name: 'Import', exact: true }).click();
  await page.getByRole('button', { name: 'Set “Course camera” right' }).click();
  await expect(page.getByText('Clock of “Course camera” set by +1:00:02.', { exact: false })).toBeVisible();
  await expect(proposal).toHaveCount(0);
  await expect(page.getByRole('button', { name: '+1:00:02: Course camera' })).toBeVisible();
  await firstPhotos();
  await expect(sheet.nth(1)).toContainText('course-0.jpg');
  await expect(sheet.nth(2)).toContainText('goal-1.jpg');

  // Set, gone back to, and wrong again by choice.
  await page.getByRole('link', { name: 'Import', exact: true }).click();
  await expect(page.getByText(/seems 1 h/)).toHaveCount(0);
  await page.getByRole('button', { name: '+1:00:02: Course camera' }).click();
  await page.getByRole('button', { name: 'As it is' }).click();
  await expect(proposal).toBeVisible();
  await page.getByRole('button', { name: 'Set “Goal camera” right' }).click();
  await expect(page.getByText('Clock of “Goal camera” set by −1:00:02.', { exact: false })).toBeVisible();
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(proposal).toBeVisible();
  await page.getByRole('button', { name: 'Leave it' }).click();
  await expect(proposal).toHaveCount(0);

  await page.getByRole('link', { name: 'Runners', exact: true }).click();
  await page.getByRole('link', { name: /77/ }).click();
  await expect(page.getByText('last-1.jpg · best of 3 alike')).toBeVisible();
  await page.getByRole('link', { name: 'Delivery', exact: true }).click();
  await expect(page.getByText('7 runners, 15 photos, 15 files')).toBeVisible();
  await page.getByRole('checkbox', { name: 'Only the best of almost equal shots' }).check();
  await expect(page.getByText('7 runners, 13 photos, 13 files')).toBeVisible();
});
