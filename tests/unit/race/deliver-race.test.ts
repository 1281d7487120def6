import { parse as parseCsv } from 'csv-parse/sync';
import yauzl from 'yauzl';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../src/contracts/errors.ts';
import { DELIVERY_MARK, type RacePhoto } from '../../../src/contracts/race.ts';
import { DEFAULT_PRESET, type DeliveryPreset } from '../../../src/contracts/race-delivery.ts';
import type { RaceTableWords } from '../../../src/contracts/race-delivery.ts';
import { raceTable } from '../../../src/core/race/race-table.ts';
import type { RaceContents } from '../../../src/core/race/runner-photos.ts';
import { writeCsv } from '../../../src/core/write-csv.ts';
import { writeToFolder } from '../../../src/flow/race-folder.ts';
import { filesOf, openDelivery, planFolders, type OpenDelivery, type PlannedFile } from '../../../src/flow/race-plan.ts';
import { planSidecars, sidecarFiles, writeSidecars } from '../../../src/flow/race-sidecars.ts';
import { planSite, type SiteWords } from '../../../src/flow/race-site.ts';
import { planZips, writeZip, zipOf } from '../../../src/flow/race-zip.ts';
import { memoryFolder } from './memory-folder.ts';
import { drawnJpeg, photoOf, raceContents } from './race-fixtures.ts';

const JPEG = Uint8Array.from(await drawnJpeg());
const PLAIN: DeliveryPreset = { ...DEFAULT_PRESET, withKeywords: false };
const WORDS: SiteWords = {
  ...{ language: 'en', search: 'Number', show: 'Show', unknown: 'No photos of {number}', all: 'All', back: 'Back', goal: 'Goal' },
  photoOf: (number) => `Runner ${number}`,
};

/** @param missing ids of photos whose file is gone. */
function deliveryOf(
  preset: Partial<DeliveryPreset> = {},
  missing: readonly string[] = [],
  contents: RaceContents = raceContents(),
): Promise<OpenDelivery> {
  const open = (photo: RacePhoto): Promise<Blob> =>
    missing.includes(photo.id)
      ? Promise.reject(new AppError('invalid-input', 'gone'))
      : Promise.resolve(new Blob([JPEG], { type: 'image/jpeg' }));
  const make = (_photo: Blob, { maxSidePx }: { maxSidePx: number | null }) =>
    Promise.resolve({ blob: new Blob([JPEG, new Uint8Array(maxSidePx ?? 0)]), widthPx: 1, heightPx: 1 });
  return openDelivery({ contents, preset: { ...PLAIN, ...preset }, places: { open, pictures: { make } }, bibs: null });
}
const pathsOf = (files: Map<string, unknown>): string[] => [...files.keys()].sort();
const textOf = (files: Map<string, Uint8Array>, path: string): string => new TextDecoder().decode(files.get(path));

async function bytesOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of stream as unknown as AsyncIterable<Uint8Array>) parts.push(part);
  return Buffer.concat(parts);
}

/** Opened by another library than the one that wrote. */
function unzip(zip: Buffer): Promise<Map<string, Buffer>> {
  return new Promise((resolve, reject) => {
    yauzl.fromBuffer(zip, { strictFileNames: true, validateEntrySizes: true }, (error, archive) => {
      if (error !== null) {
        reject(error);
        return;
      }
      const files = new Map<string, Buffer>();
      archive.on('entry', (entry: yauzl.Entry) =>
        archive.openReadStream(entry, (failure, stream) => {
          if (failure !== null) {
            reject(failure);
            return;
          }
          const parts: Buffer[] = [];
          stream.on('data', (part: Buffer) => parts.push(part));
          stream.on('error', reject);
          stream.on('end', () => files.set(entry.fileName, Buffer.concat(parts)));
        }),
      );
      archive.on('end', () => setTimeout(() => resolve(files), 50));
      archive.on('error', reject);
    });
  });
}

describe('a folder for each runner', () => {
  it('holds copies byte for byte, the best at the goal first, and says which are ours', async () => {
    const files = new Map<string, Uint8Array<ArrayBuffer>>();
    const result = await writeToFolder(
      filesOf(await planFolders(await deliveryOf({ fileName: '{index}_{original}', withNames: true }))),
      memoryFolder(files),
      2,
    );
    expect(result).toMatchObject({ written: 5, kept: 0, runners: 2, problems: [], bytes: 5 * JPEG.length });
    expect(pathsOf(files)).toEqual([
      ...['7 佐藤 花子/001_IMG_0003.JPG', '7 佐藤 花子/002_IMG_0002.JPG', '7 佐藤 花子/003_IMG_0003.jpg', '7 佐藤 花子/004_IMG_0001.JPG'],
      ...['A3/001_IMG_0003.jpg', DELIVERY_MARK],
    ]);
    expect(files.get('A3/001_IMG_0003.jpg')).toEqual(JPEG);
  });

  it('goes on where it was cut off, writes again what changed, and never touches files of others', async () => {
    const files = new Map<string, Uint8Array<ArrayBuffer>>([['7/7_IMG_0001.JPG', new TextEncoder().encode('not ours')]]);
    let left = 3;
    const full = (name: string): void => {
      if (name !== DELIVERY_MARK && left-- === 0) throw new DOMException('full', 'QuotaExceededError');
    };
    const plan = async (preset: Partial<DeliveryPreset> = {}): Promise<PlannedFile[]> =>
      filesOf(await planFolders(await deliveryOf(preset)));
    await expect(writeToFolder(await plan(), memoryFolder(files, { onWrite: full }), 2)).rejects.toMatchObject({ code: 'storage-full' });
    expect(pathsOf(files).filter((path) => path.startsWith('7/'))).toHaveLength(4);
    const second = await writeToFolder(await plan(), memoryFolder(files), 2);
    expect(second).toMatchObject({ written: 2, kept: 3, problems: [{ path: '7/7_IMG_0001 (2).JPG', reason: 'renamed' }] });
    expect(textOf(files, '7/7_IMG_0001.JPG')).toBe('not ours');
    expect(await writeToFolder(await plan(), memoryFolder(files), 2)).toMatchObject({ written: 0, kept: 5 });
    expect(await writeToFolder(await plan({ withKeywords: true }), memoryFolder(files), 2)).toMatchObject({ written: 5, kept: 0 });
    files.delete('A3/A3_IMG_0003.jpg');
    expect(await writeToFolder(await plan({ withKeywords: true }), memoryFolder(files), 2)).toMatchObject({ written: 1, kept: 4 });
  });

  it('names what is gone and writes the rest; ends when it is cancelled or the folder is taken away', async () => {
    const files = new Map<string, Uint8Array<ArrayBuffer>>();
    const gone = await writeToFolder(filesOf(await planFolders(await deliveryOf({}, ['p2']))), memoryFolder(files), 2);
    expect(gone).toMatchObject({ written: 4, problems: [{ path: 'DCIM/IMG_0002.JPG', reason: 'gone' }] });
    const stop = new AbortController();
    const run = { signal: stop.signal, onProgress: () => stop.abort() };
    await expect(
      writeToFolder(filesOf(await planFolders(await deliveryOf({ withKeywords: true }))), memoryFolder(files), 2, run),
    ).rejects.toMatchObject({
      code: 'cancelled',
    });
    const revoked = () => {
      throw new DOMException('no', 'NotAllowedError');
    };
    await expect(
      writeToFolder(filesOf(await planFolders(await deliveryOf())), memoryFolder(new Map(), { onWrite: revoked }), 2),
    ).rejects.toMatchObject({
      code: 'permission-denied',
    });
  });

  it('hands out no photo whose place cannot be taken out, and says where keywords could not be written', async () => {
    const raw = {
      ...(await deliveryOf({ withKeywords: true })),
      places: { open: () => Promise.resolve(new Blob(['RAW'])), pictures: (await deliveryOf()).places.pictures },
    };
    const files = new Map<string, Uint8Array<ArrayBuffer>>();
    const kept = await writeToFolder(filesOf(await planFolders(raw)), memoryFolder(files), 2);
    expect([kept.written, kept.problems[0]!.reason]).toEqual([5, 'no-keywords']);
    const clean = await writeToFolder(
      filesOf(await planFolders({ ...raw, preset: { ...raw.preset, removeGps: true } })),
      memoryFolder(new Map()),
      2,
    );
    expect([clean.written, clean.problems.length, clean.problems[0]!.reason]).toEqual([0, 5, 'unreadable']);
  });

  it('is safe with hostile names', async () => {
    const contents = raceContents();
    const bad = ['../../x', 'CON', '🏃'.repeat(300), 'a\u0000b', '.'];
    const entrants = bad.map((name, index) => ({ ...contents.entrants[0]!, id: `h${index}`, bib: '7', name }));
    const photos = contents.photos.map((photo, index) =>
      photoOf(photo.id, `${'../'.repeat(index)}${bad[index]}.jpg`, { cameraId: 'course' }),
    );
    const delivery = await deliveryOf({ withNames: true, fileName: '{original}' }, [], { ...contents, entrants, photos });
    const files = new Map<string, Uint8Array<ArrayBuffer>>();
    const result = await writeToFolder(filesOf(await planFolders(delivery)), memoryFolder(files), 2);
    expect(result.problems).toEqual([]);
    for (const path of pathsOf(files))
      expect(path.split('/').every((part) => !/^\.{1,2}$|[\\:\p{Cc}]/u.test(part) && Buffer.byteLength(part) < 200)).toBe(true);
    expect([...(await unzip(await bytesOf(zipOf(filesOf(await planFolders(delivery))).stream))).keys()]).toHaveLength(6);
  });
});

describe('a ZIP', () => {
  it('is opened by another program, whole, with names in any script; what is gone is left out and named', async () => {
    const zip = zipOf(filesOf(await planFolders(await deliveryOf({ withNames: true }, ['p2']))));
    const files = await unzip(await bytesOf(zip.stream));
    expect([...files.keys()]).toEqual([
      ...['3', '3', '1'].map((n, i) => `7 佐藤 花子/7_IMG_000${n}.${i === 1 ? 'jpg' : 'JPG'}`.replace('3.jpg', '3 (2).jpg')),
      'A3/A3_IMG_0003.jpg',
    ]);
    expect([...files.values()].every((bytes) => bytes.equals(JPEG))).toBe(true);
    expect([zip.problems, zip.count()]).toEqual([[{ path: 'DCIM/IMG_0002.JPG', reason: 'gone' }], 4]);
  });

  it('of each runner is written as a file, made again when something was missing', async () => {
    const files = new Map<string, Uint8Array<ArrayBuffer>>();
    const first = await writeToFolder(planZips(await planFolders(await deliveryOf({}, ['p2']))), memoryFolder(files), 2);
    expect(first).toMatchObject({ written: 2, problems: [{ path: 'DCIM/IMG_0002.JPG', reason: 'gone' }] });
    expect((await unzip(Buffer.from(files.get('7.zip')!))).size).toBe(3);
    const second = await writeToFolder(planZips(await planFolders(await deliveryOf())), memoryFolder(files), 2);
    expect(second).toMatchObject({ written: 1, kept: 1, problems: [] });
    expect((await unzip(Buffer.from(files.get('7.zip')!))).size).toBe(4);
  });

  it('leaves nothing when it is cancelled', async () => {
    const stop = new AbortController();
    let aborted = false;
    const target = new WritableStream<Uint8Array<ArrayBuffer>>({ write: () => stop.abort(), abort: () => void (aborted = true) });
    await expect(writeZip(filesOf(await planFolders(await deliveryOf())), target, 2, { signal: stop.signal })).rejects.toMatchObject({
      code: 'cancelled',
    });
    expect(aborted).toBe(true);
  });
});

describe('sidecars', () => {
  it('stand beside the photos, keep what was in them, and change nothing when nothing changed', async () => {
    const delivery = await deliveryOf({ withNames: true });
    const theirs = `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/" crs:Exposure2012="+0.35" xmlns:d="http://purl.org/dc/elements/1.1/"><d:subject><rdf:Bag><rdf:li>Rain</rdf:li></rdf:Bag></d:subject></rdf:Description></rdf:RDF></x:xmpmeta>`;
    const files = new Map<string, Uint8Array<ArrayBuffer>>([
      ['DCIM/IMG_0001.xmp', new TextEncoder().encode(theirs)],
      ['DCIM/IMG_0002.xmp', new TextEncoder().encode('not XML at all')],
    ]);
    const folder = memoryFolder(files);
    const first = await writeSidecars(await planSidecars(delivery), folder, 'merge', 2);
    expect(first).toMatchObject({ written: 3, problems: [{ path: 'DCIM/IMG_0002.xmp', reason: 'not-written' }] });
    expect(pathsOf(files)).toEqual(['DCIM/IMG_0001.xmp', 'DCIM/IMG_0002.xmp', 'DCIM/IMG_0003.xmp', 'OTHER/IMG_0003.xmp']);
    const merged = textOf(files, 'DCIM/IMG_0001.xmp');
    expect(merged).toContain('crs:Exposure2012="+0.35"');
    expect(merged.match(/<rdf:li>(Rain|7|佐藤 花子)<\/rdf:li>/g)!.slice(0, 3)).toEqual([
      '<rdf:li>Rain</rdf:li>',
      '<rdf:li>7</rdf:li>',
      '<rdf:li>佐藤 花子</rdf:li>',
    ]);
    expect(textOf(files, 'DCIM/IMG_0002.xmp')).toBe('not XML at all');
    expect(await writeSidecars(await planSidecars(delivery), folder, 'merge', 2)).toMatchObject({ written: 0, kept: 3 });
    expect(await writeSidecars(await planSidecars(await deliveryOf()), folder, 'keep', 2)).toMatchObject({
      written: 0,
      kept: 4,
      problems: [],
    });
  });

  it('are one for a JPEG and a RAW of one name, and go into a ZIP by source', async () => {
    const contents = raceContents();
    const photos = [photoOf('p1', 'a/IMG_1.JPG'), photoOf('p2', 'a/IMG_1.CR3'), photoOf('p3', 'b/IMG_1.JPG')];
    const files = await unzip(await bytesOf(zipOf(await sidecarFiles(await deliveryOf({}, [], { ...contents, photos }))).stream));
    expect([...files.keys()]).toEqual(['Card 1/a/IMG_1.xmp', 'Card 1/b/IMG_1.xmp']);
  });
});

describe('a site', () => {
  it('shows every runner, fetches nothing, names nobody unless that is wanted, and leaves out what is gone', async () => {
    const files = new Map<string, Uint8Array<ArrayBuffer>>();
    const result = await writeToFolder(await planSite(await deliveryOf({}, ['p2']), WORDS), memoryFolder(files), 2);
    expect(result.problems).toEqual([
      { path: 'DCIM/IMG_0002.JPG', reason: 'gone' },
      { path: 'DCIM/IMG_0002.JPG', reason: 'gone' },
    ]);
    expect(pathsOf(files)).toEqual([
      ...[
        DELIVERY_MARK,
        'index.html',
        'numbers/7.html',
        'numbers/A3.html',
        'photos/IMG_0001.jpg',
        'photos/IMG_0003 (2).jpg',
        'photos/IMG_0003.jpg',
      ],
      ...['robots.txt', 'small/IMG_0001.jpg', 'small/IMG_0003 (2).jpg', 'small/IMG_0003.jpg'],
    ]);
    const index = textOf(files, 'index.html');
    expect(index).toContain('City &lt;Run&gt; &amp; 市民マラソン');
    expect(index).toContain('noindex');
    const all = pathsOf(files)
      .filter((path) => path.endsWith('.html'))
      .map((path) => textOf(files, path))
      .join('\n');
    expect(all).not.toMatch(/https?:|佐藤|IMG_0002/);
    expect(textOf(files, 'numbers/7.html').match(/src="[^"]+"/g)).toEqual([
      'src="../small/IMG_0003.jpg"',
      'src="../small/IMG_0003%20(2).jpg"',
      'src="../small/IMG_0001.jpg"',
    ]);
    const named = new Map<string, Uint8Array<ArrayBuffer>>();
    await writeToFolder(await planSite(await deliveryOf({ withNames: true }), WORDS), memoryFolder(named), 2);
    expect(textOf(named, 'index.html')).toContain('7 佐藤 花子');
  });
});

describe('a table', () => {
  it('is read back by a parser, with formulas defused and times corrected', async () => {
    const words = new Proxy(
      {},
      {
        get: (_target, name) =>
          ['certainties', 'voices', 'places'].includes(String(name)) ? new Proxy({}, { get: (_inner, key) => String(key) }) : String(name),
      },
    );
    const delivery = await deliveryOf();
    const text = writeCsv(raceTable(delivery.runners, delivery.contents, words as RaceTableWords, true));
    expect(text.startsWith('\ufeff')).toBe(true);
    const rows: Record<string, string>[] = parseCsv(text, { bom: true, columns: true });
    expect(rows).toHaveLength(5);
    expect(rows[0]).toMatchObject({
      number: '7',
      name: '佐藤 花子',
      team: `'=HYPERLINK("x")`,
      file: 'DCIM/IMG_0003.JPG',
      photographer: 'Aoki',
      time: '2026-11-21 11:01:41',
    });
    expect(rows[4]).toMatchObject({ number: 'A3', saidBy: 'user', name: '', photographer: 'Mori' });
  });
});
