/** @file What leaves the bib lens, made by the app in a browser and opened by programs that are not ours. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test, type Browser, type Download, type Page } from '@playwright/test';
import { DOMParser } from '@xmldom/xmldom';
import { parse } from 'csv-parse/sync';
import exifr from 'exifr';
import yauzl from 'yauzl';
import { LOOK_TIMEOUT_MS } from './look.ts';

test.use({ viewport: { width: 1280, height: 900 } });

const DRAWN = 'mekiki-demo-race';
const RDF = 'http://www.w3.org/1999/02/22-rdf-syntax-ns#';
const DC = 'http://purl.org/dc/elements/1.1/';

/** Folders of the browser's own file system stand in for those that the user would choose; files come as downloads, as in Firefox. */
async function standInForPickers(page: Page): Promise<void> {
  await page.addInitScript(() => {
    Object.assign(window, {
      showSaveFilePicker: undefined,
      showDirectoryPicker: async () => {
        const name = sessionStorage.getItem('chosen-folder') ?? 'none';
        return (await navigator.storage.getDirectory()).getDirectoryHandle(name, { create: true });
      },
    });
  });
}

/** Every file below a folder of the browser's own file system, by path. */
async function filesOf(page: Page, name: string): Promise<Map<string, Buffer>> {
  const files = await page.evaluate(async (folderName) => {
    const found: [string, string][] = [];
    const base64 = async (file: File): Promise<string> => {
      const bytes = new Uint8Array(await file.arrayBuffer());
      let text = '';
      for (let at = 0; at < bytes.length; at += 32_768) text += String.fromCharCode(...bytes.subarray(at, at + 32_768));
      return btoa(text);
    };
    const walk = async (folder: FileSystemDirectoryHandle, path: string): Promise<void> => {
      for await (const [each, handle] of folder as unknown as AsyncIterable<[string, FileSystemHandle]>)
        if (handle.kind === 'directory') await walk(handle as FileSystemDirectoryHandle, `${path}${each}/`);
        else found.push([`${path}${each}`, await base64(await (handle as FileSystemFileHandle).getFile())]);
    };
    await walk(await (await navigator.storage.getDirectory()).getDirectoryHandle(folderName), '');
    return found;
  }, name);
  return new Map(files.map(([path, bytes]) => [path, Buffer.from(bytes, 'base64')]));
}

async function unzip(path: string): Promise<Map<string, Buffer>> {
  const archive = await new Promise<yauzl.ZipFile>((resolve, reject) =>
    yauzl.open(path, { lazyEntries: true, autoClose: false }, (error, opened) => (error === null ? resolve(opened) : reject(error))),
  );
  const files = new Map<string, Buffer>();
  await new Promise<void>((resolve, reject) => {
    archive.on('error', reject);
    archive.on('end', resolve);
    archive.on('entry', (entry: yauzl.Entry) =>
      archive.openReadStream(entry, (error, stream) => {
        if (error !== null) {
          reject(error);
          return;
        }
        const parts: Buffer[] = [];
        stream.on('data', (part: Buffer) => parts.push(part));
        stream.on('error', reject);
        stream.on('end', () => {
          files.set(entry.fileName, Buffer.concat(parts));
          archive.readEntry();
        });
      }),
    );
    archive.readEntry();
  });
  archive.close();
  return files;
}

async function keywordsOf(jpeg: Buffer): Promise<{ readonly iptc: string[]; readonly xmp: string[] }> {
  const found = (await exifr.parse(jpeg, { iptc: true, xmp: true, mergeOutput: false })) as Record<string, Record<string, unknown>>;
  const words = (value: unknown): string[] => (value === undefined ? [] : [value].flat().map(String));
  return { iptc: words(found['iptc']?.['Keywords']), xmp: words(found['dc']?.['subject']) };
}

async function make(page: Page, kind: string, button = 'Make it'): Promise<void> {
  await page.getByRole('radio', { name: kind }).check();
  await page.getByRole('button', { name: button, exact: true }).click();
}
async function download(page: Page, kind: string): Promise<Download> {
  const [made] = await Promise.all([page.waitForEvent('download'), make(page, kind)]);
  return made;
}
async function makeFolder(page: Page, kind: string, folder: string): Promise<Map<string, Buffer>> {
  await page.evaluate((name) => sessionStorage.setItem('chosen-folder', name), folder);
  await make(page, kind);
  await expect(page.getByText(/^\s*\d+ files for \d+ runners/)).toBeVisible();
  return filesOf(page, folder);
}

/** Bring the race back in another profile of the browser. @returns what its page of runner 352 says. */
async function broughtBack(browser: Browser, address: string, json: string): Promise<string[]> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: 'en-GB' });
  const page = await context.newPage();
  await page.goto(new URL('/desk/bib', address).href);
  await page.locator('input[type=file][accept*=json]').setInputFiles(json);
  await page.waitForURL('**/races/demo-race');
  await page.getByRole('link', { name: 'Photos', exact: true }).click();
  const sheet = page.getByRole('list', { name: 'Contact sheet' }).getByRole('link');
  await expect(sheet).toHaveCount(12);
  await page.getByRole('link', { name: 'Runners', exact: true }).click();
  await page.getByRole('searchbox').fill('352');
  await page.getByRole('link', { name: /352/ }).first().click();
  const runner = page.getByRole('list', { name: 'Runner 352' }).getByRole('listitem');
  await expect(runner).toHaveCount(2);
  const texts = await runner.allTextContents();
  await context.close();
  return texts;
}

test('every delivery of a race is opened by another program; a runner’s page is published, and taken down', async ({
  page,
  browser,
  context,
}) => {
  // Reading twelve photos takes most of it.
  test.setTimeout(300_000);
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await standInForPickers(page);
  await page.goto('/desk/bib');
  await page.getByRole('button', { name: 'Try a demo race' }).click();
  await page.waitForURL('**/races/demo-race');
  await expect(page.getByText('All read: 12 photos')).toBeVisible({ timeout: LOOK_TIMEOUT_MS });
  const sent: string[] = [];
  page.on('request', (request) => {
    if (request.method() !== 'GET' || new URL(request.url()).pathname.startsWith('/v1/')) sent.push(request.url());
  });
  await page.getByRole('link', { name: 'Delivery', exact: true }).click();
  await page.getByRole('checkbox', { name: 'With names' }).check();

  const numbersOf = new Map<string, Set<string>>();
  await test.step('table: csv-parse', async () => {
    const rows = parse<Record<string, string>>(await readFile(await (await download(page, 'Table (CSV)')).path()), {
      bom: true,
      columns: true,
    });
    for (const { Number: number, File: file } of rows) numbersOf.set(file!, (numbersOf.get(file!) ?? new Set()).add(number!));
    expect(rows.find(({ Number: number }) => number === '352')).toMatchObject({ Name: '高橋 徹', Certainty: 'sure' });
    expect([...(numbersOf.get('goal/GOAL0231.jpg') ?? [])]).toEqual(['352']);
  });

  await test.step('whole race: brought back in another profile', async () => {
    const path = await (await download(page, 'Whole race (JSON)')).path();
    const race = JSON.parse(await readFile(path, 'utf8')) as { format: string; photos: { path: string }[]; readings: unknown[] };
    expect([race.format, race.photos.length, race.readings.length]).toEqual(['mekiki-race', 12, 12]);
    expect((await broughtBack(browser, page.url(), path)).join()).toMatch(/GOAL0231\.jpg/);
  });

  await test.step('copies by runner: exifr', async () => {
    const files = await makeFolder(page, 'A folder for each runner', 'delivered-folders');
    const originals = await filesOf(page, DRAWN);
    const copies = [...files].filter(([path]) => path.endsWith('.jpg'));
    expect(copies.length).toBe([...numbersOf.values()].reduce((sum, { size }) => sum + size, 0));
    for (const [path, bytes] of copies) {
      const original = [...originals].find(([name]) => path.endsWith(name.split('/')[1]!))!;
      const numbers = [...numbersOf.get(original[0])!];
      const { iptc, xmp } = await keywordsOf(bytes);
      expect(xmp.filter((word) => /^\d+$/.test(word)).sort()).toEqual(numbers.sort());
      expect(iptc.filter((word) => /^\d+$/.test(word)).sort()).toEqual(numbers);
      // The picture itself is the photo's, byte for byte.
      expect(bytes.subarray(-5000).equals(original[1].subarray(-5000))).toBe(true);
      const [before, after] = await Promise.all([original[1], bytes].map((jpeg) => exifr.parse(jpeg, ['DateTimeOriginal', 'Model'])));
      expect(after).toEqual(before);
    }
    expect(files.has('352 高橋 徹/352_GOAL0231.jpg')).toBe(true);
    // The same again changes nothing.
    await make(page, 'A folder for each runner');
    await expect(page.getByText(/^\s*0 files for .*were there already/)).toBeVisible();
  });

  await test.step('sidecars beside the photos: xmldom', async () => {
    await make(page, 'XMP sidecars', 'Write beside the photos');
    await expect(page.getByText(/^\s*\d+ files for \d+ runners/)).toBeVisible();
    const sidecars = [...(await filesOf(page, DRAWN))].filter(([path]) => path.endsWith('.xmp'));
    expect(sidecars.map(([path]) => path.replace('.xmp', '.jpg')).sort()).toEqual([...numbersOf.keys()].sort());
    for (const [path, bytes] of sidecars) {
      const document = new DOMParser({ onError: (level, message) => expect(`${level} ${message}`).toBe('') }).parseFromString(
        bytes.toString('utf8').replaceAll('\ufeff', ''),
        'text/xml',
      );
      const subject = document.getElementsByTagNameNS(DC, 'subject').item(0)!;
      const words = Array.from(subject.getElementsByTagNameNS(RDF, 'li'), (item) => item.textContent ?? '');
      expect(words.filter((word) => /^\d+$/.test(word)).sort()).toEqual([...numbersOf.get(path.replace('.xmp', '.jpg'))!].sort());
    }
  });

  await test.step('one ZIP, pictures made anew: yauzl', async () => {
    await page.getByRole('textbox', { name: 'For whom' }).fill('352 2014');
    const made = await download(page, 'One large ZIP');
    expect(made.suggestedFilename()).toMatch(/\.zip$/);
    const files = await unzip(await made.path());
    expect([...files.keys()].map((path) => path.split('/')[0]!.split(' ')[0])).toEqual(['352', '352', '2014', '2014']);
    for (const bytes of files.values()) expect(bytes.subarray(0, 2).toString('hex')).toBe('ffd8');
    await page.getByRole('textbox', { name: 'For whom' }).fill('');
  });

  await test.step('gallery pages: from a disk', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mekiki-site-'));
    for (const [path, bytes] of await makeFolder(page, 'Gallery pages', 'delivered-site')) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), bytes);
    }
    const visitor = await context.newPage();
    const faults: string[] = [];
    visitor.on('console', (message) => {
      if (message.type() === 'error') faults.push(message.text());
    });
    visitor.on('request', (request) => {
      if (!request.url().startsWith('file:')) faults.push(request.url());
    });
    await visitor.goto(pathToFileURL(join(folder, 'index.html')).href);
    await visitor.getByRole('textbox').fill('９９９');
    await visitor.getByRole('button').click();
    await expect(visitor.getByRole('alert')).toContainText('999');
    await visitor.getByRole('textbox').fill('0352');
    await visitor.getByRole('button').click();
    await expect(visitor).toHaveURL(/numbers\/352\.html$/);
    await expect
      .poll(() => visitor.locator('img').evaluateAll((images) => images.map((image) => (image as HTMLImageElement).naturalWidth > 0)))
      .toEqual([true, true]);
    await visitor.getByRole('link').nth(1).click();
    await expect(visitor).toHaveURL(/photos\/.*\.jpg$/);
    expect(faults).toEqual([]);
    await visitor.close();
    await rm(folder, { recursive: true });
  });
  expect(sent).toEqual([]);

  await test.step('a page of one runner on the server', async () => {
    await page.getByRole('textbox', { name: 'For whom' }).fill('352');
    await page.getByRole('switch', { name: 'Send pages and small pictures to the server' }).click();
    await page.getByRole('button', { name: 'Publish pages' }).click();
    await expect(page.getByText('published', { exact: true })).toBeVisible({ timeout: LOOK_TIMEOUT_MS });
    await page.getByRole('button', { name: 'Copy link of 352' }).click();
    const link = await page.evaluate(() => navigator.clipboard.readText());
    const other = await browser.newContext({ locale: 'en-GB' });
    const runner = await other.newPage();
    await runner.goto(link);
    await expect(runner.getByRole('heading').first()).toContainText('352');
    const sizes = (): Promise<number[]> =>
      runner.locator('img').evaluateAll((images) => images.map((image) => (image as HTMLImageElement).naturalWidth));
    await expect.poll(async () => (await sizes()).every((width) => width > 0 && width <= 512)).toBe(true);
    expect(await sizes()).toHaveLength(2);
    await runner.locator('summary').click();
    await runner.getByRole('button').click();
    await expect(runner.getByText(/taken down/i).first()).toBeVisible();
    expect((await other.request.get(link)).status()).toBe(410);
    await other.close();
    // The photographer is told with the next visit.
    await page.reload();
    await expect(page.getByText('Runners had pages taken down: 1')).toBeVisible();
    await expect(page.getByText('taken down by the runner')).toBeVisible();
  });
});
