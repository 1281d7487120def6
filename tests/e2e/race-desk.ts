/** @file What end-to-end tests of races share: drawn photos in the browser's own file system, a folder to choose, counts as they are kept. */
import { expect, type Page } from '@playwright/test';
import { LOOK_TIMEOUT_MS } from './look.ts';

/** Folder that the app draws its demo's photos into. */
export const DRAWN = 'mekiki-demo-race';
export const DEMO_PHOTOS = 12;

/** The demo race, read. */
export async function openDemo(page: Page): Promise<void> {
  await page.goto('/desk/bib');
  await page.getByRole('button', { name: 'Try a demo race' }).click();
  await page.waitForURL('**/races/demo-race');
  await expect(page.getByText(`All read: ${DEMO_PHOTOS} photos`)).toBeVisible({ timeout: LOOK_TIMEOUT_MS });
}

/** A photo as drawn: runners from left to right, none is an empty road. */
export interface DrawnPhoto {
  readonly name: string;
  readonly bibs: readonly string[];
}

/** Draw photos into a folder of the browser's own file system; what lies there by that name is replaced. No two are the same file. */
export async function drawPhotos(page: Page, folder: string, photos: readonly DrawnPhoto[]): Promise<void> {
  await page.evaluate(
    async ([into, drawn]) => {
      const [width, height] = [1280, 960];
      const root = await (await navigator.storage.getDirectory()).getDirectoryHandle(into, { create: true });
      const pen = new OffscreenCanvas(width, height).getContext('2d')!;
      const limb = (x: number, y: number, thick: number, colour: string, points: readonly (readonly [number, number])[]): void => {
        pen.strokeStyle = colour;
        pen.lineWidth = thick;
        pen.lineCap = 'round';
        pen.lineJoin = 'round';
        pen.beginPath();
        for (const [dx, dy] of points) pen.lineTo(x + dx, y + dy);
        pen.stroke();
      };
      const drawRunner = (x: number, y: number, bib: string, shirt: string): void => {
        const skin = '#d9a177';
        limb(x, y, 45, skin, [
          [-25, 390],
          [-40, 540],
          [-20, 700],
        ]);
        limb(x, y, 45, skin, [
          [30, 390],
          [65, 525],
          [30, 640],
        ]);
        limb(x, y, 85, '#23283a', [
          [-25, 380],
          [-35, 450],
        ]);
        limb(x, y, 85, '#23283a', [
          [30, 380],
          [50, 450],
        ]);
        pen.fillStyle = shirt;
        pen.beginPath();
        pen.roundRect(x - 90, y + 125, 180, 260, 45);
        pen.fill();
        for (const side of [-1, 1])
          limb(x, y, 35, skin, [
            [side * 85, 165],
            [side * 127, 255],
            [side * 70, 310],
          ]);
        pen.fillStyle = skin;
        pen.beginPath();
        pen.ellipse(x, y + 55, 42, 57, 0, 0, 7);
        pen.fill();
        pen.fillStyle = '#2b2018';
        pen.beginPath();
        pen.ellipse(x, y + 25, 45, 35, 0, 3.1, 6.3);
        pen.fill();
        pen.fillStyle = '#fff';
        pen.fillRect(x - 60, y + 200, 120, 84);
        pen.fillStyle = '#1c4fa0';
        pen.fillRect(x - 60, y + 200, 120, 14);
        pen.fillStyle = '#111';
        pen.font = 'bold 50px sans-serif';
        pen.textAlign = 'center';
        pen.fillText(bib, x, y + 268);
      };
      for (const [index, { name, bibs }] of drawn.entries()) {
        const sky = pen.createLinearGradient(0, 0, 0, height);
        sky.addColorStop(0, '#b8c8d8');
        sky.addColorStop(0.45, '#7d8f6a');
        sky.addColorStop(0.5, '#8b8a88');
        sky.addColorStop(1, '#6f6e6d');
        pen.fillStyle = sky;
        pen.fillRect(0, 0, width, height);
        // The road's middle, elsewhere in each photo: no two files are the same.
        pen.fillStyle = '#e9e7dd';
        pen.fillRect(20 + ((index * 37) % 1200), height * 0.5, 12 + (index % 5), height * 0.5);
        bibs.forEach((bib, i) => drawRunner((width * (i + 1)) / (bibs.length + 1), 150, bib, ['#c0392b', '#2e5cb8', '#27ae60'][i % 3]!));
        const stream = await (await root.getFileHandle(name, { create: true })).createWritable();
        await stream.write(await pen.canvas.convertToBlob({ type: 'image/jpeg', quality: 0.9 }));
        await stream.close();
      }
    },
    [folder, photos] as const,
  );
}

/** A folder of the browser's own file system stands in for the one that the user would choose. */
export async function chooseFolder(page: Page, name: string): Promise<void> {
  await page.addInitScript((folder) => {
    Object.assign(window, {
      showDirectoryPicker: async () => (await navigator.storage.getDirectory()).getDirectoryHandle(folder),
    });
  }, name);
}

/** A new race, on its import page. @returns its id */
export async function createRace(page: Page, name: string): Promise<string> {
  await page.goto('/desk/bib');
  await page.getByRole('button', { name: 'New race' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('textbox', { name: 'Name of the race' }).fill(name);
  await dialog.getByRole('button', { name: 'Create race' }).click();
  await page.waitForURL('**/list');
  const eventId = /\/races\/([^/]+)/u.exec(page.url())?.[1] ?? '';
  await page.getByRole('link', { name: 'Import', exact: true }).click();
  return eventId;
}

/** Photos of a race by their state, as they are counted on disk. */
export function countsOf(page: Page, eventId: string): Promise<Record<string, number>> {
  return page.evaluate(
    (id) =>
      new Promise<Record<string, number>>((resolve, reject) => {
        const opening = indexedDB.open('mekiki');
        opening.onerror = () => reject(opening.error!);
        opening.onsuccess = () => {
          const asked = opening.result.transaction('raceCounts').objectStore('raceCounts').get(id) as IDBRequest<
            { photos: Record<string, number> } | undefined
          >;
          asked.onerror = () => reject(asked.error!);
          asked.onsuccess = () => {
            opening.result.close();
            resolve(asked.result?.photos ?? {});
          };
        };
      }),
    eventId,
  );
}

/** Rows of a store of the device's database. */
export function rowsOf(page: Page, store: string): Promise<Record<string, unknown>[]> {
  return page.evaluate(
    (name) =>
      new Promise<Record<string, unknown>[]>((resolve, reject) => {
        const opening = indexedDB.open('mekiki');
        opening.onerror = () => reject(opening.error!);
        opening.onsuccess = () => {
          const asked = opening.result.transaction(name).objectStore(name).getAll() as IDBRequest<Record<string, unknown>[]>;
          asked.onerror = () => reject(asked.error!);
          asked.onsuccess = () => {
            opening.result.close();
            resolve(asked.result);
          };
        };
      }),
    store,
  );
}
