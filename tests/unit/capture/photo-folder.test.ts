import { describe, expect, it, vi } from 'vitest';
import { openPhoto, reachOf, walkPhotoFolder, type FolderFile } from '../../../src/capture/photo-folder.ts';
import { pickedPhotos } from '../../../src/capture/photo-files.ts';
import { DELIVERY_MARK } from '../../../src/contracts/race.ts';

const NOW = 1_700_000_100_000;

/** A file of this many bytes, or what it throws when it is opened. */
type Entry = number | DOMException | { readonly [name: string]: Entry };

/** A folder as the browser hands it out. */
function folder(name: string, entries: { readonly [name: string]: Entry }): FileSystemDirectoryHandle {
  const missing = (): never => {
    throw new DOMException('not there', 'NotFoundError');
  };
  const child = (each: string): FileSystemHandle => {
    const entry = entries[each];
    if (entry === undefined) return missing();
    if (typeof entry === 'object' && !(entry instanceof DOMException)) return folder(each, entry);
    const getFile = (): Promise<File> =>
      typeof entry === 'number'
        ? Promise.resolve(new File([new Uint8Array(entry)], each, { lastModified: each.startsWith('new') ? NOW - 500 : NOW - 60_000 }))
        : Promise.reject(entry);
    return { kind: 'file', name: each, getFile } as unknown as FileSystemHandle;
  };
  return {
    ...{ kind: 'directory', name },
    async *values() {
      for (const each of Object.keys(entries)) yield await Promise.resolve(child(each));
    },
    async *keys() {
      for (const each of Object.keys(entries)) yield await Promise.resolve(each);
    },
    getDirectoryHandle: (each: string) => Promise.resolve().then(() => child(each)),
    getFileHandle: (each: string) => Promise.resolve().then(() => child(each)),
  } as unknown as FileSystemDirectoryHandle;
}

async function walk(root: FileSystemDirectoryHandle, known: readonly string[] = []) {
  const files: FolderFile[] = [];
  let unfinished = 0;
  for await (const part of walkPhotoFolder(root, { isKnown: (path) => known.includes(path), now: () => NOW })) {
    files.push(...part.files);
    unfinished += part.unfinished;
  }
  return { files, unfinished, paths: files.map(({ path }) => path) };
}

describe('a folder of photos', () => {
  it('is walked with the folders in it; what is no photo, hidden, or written by the app itself is passed over', async () => {
    const root = folder('card', {
      'b.JPG': 3,
      'a.jpg': 2,
      '._a.jpg': 9,
      'notes.txt': 9,
      DCIM: { '100': { 'x.heic': 4 }, '.Trashes': { 'y.jpg': 5 } },
      out: { [DELIVERY_MARK]: 1, 'copy.jpg': 5 },
    });
    const { paths, files } = await walk(root);
    expect(paths).toEqual(['a.jpg', 'b.JPG', 'DCIM/100/x.heic']);
    expect(files[0]).toEqual({ path: 'a.jpg', sizeBytes: 2, modifiedAtMs: NOW - 60_000 });
    expect((await walk(root, ['a.jpg', 'DCIM/100/x.heic'])).paths).toEqual(['b.JPG']);
  });

  it('names raw files last, with the JPEG beside them', async () => {
    const { files } = await walk(folder('card', { 'IMG_1.CR3': 9, 'img_1.jpg': 2, 'IMG_2.NEF': 9 }));
    expect(files.map(({ path, besides }) => [path, besides])).toEqual([
      ['img_1.jpg', undefined],
      ['IMG_1.CR3', 'img_1.jpg'],
      ['IMG_2.NEF', undefined],
    ]);
  });

  it('leaves files that are still being written for the next look', async () => {
    expect(await walk(folder('card', { 'a.jpg': 2, 'new.jpg': 2, 'empty.jpg': 0 }))).toMatchObject({ paths: ['a.jpg'], unfinished: 2 });
  });

  it('survives files and folders that go while it is walked, and says when it may not be read any more', async () => {
    const gone = new DOMException('gone', 'NotFoundError');
    expect((await walk(folder('card', { 'a.jpg': gone, 'b.jpg': 2 }))).paths).toEqual(['b.jpg']);
    const revoked = folder('card', { 'a.jpg': new DOMException('no', 'NotAllowedError') });
    await expect(walk(revoked)).rejects.toMatchObject({ code: 'permission-denied' });
    const pulled = Object.assign(folder('card', {}), {
      values: () => ({ [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(gone) }) }),
    });
    await expect(walk(pulled as unknown as FileSystemDirectoryHandle)).rejects.toMatchObject({ code: 'invalid-input' });
  });

  it('opens a photo by its path', async () => {
    const root = folder('card', { DCIM: { 'a.jpg': 7, 'b.jpg': new DOMException('no', 'NotAllowedError') } });
    expect((await openPhoto(root, 'DCIM/a.jpg'))!.size).toBe(7);
    expect(await openPhoto(root, 'DCIM/z.jpg')).toBeNull();
    expect(await openPhoto(root, 'other/a.jpg')).toBeNull();
    await expect(openPhoto(root, 'DCIM/b.jpg')).rejects.toMatchObject({ code: 'permission-denied' });
  });

  it('is open, wants to be asked for, or is not there', async () => {
    const root = folder('card', { 'a.jpg': 7 });
    const asked = (state: PermissionState) => Object.assign(folder('card', {}), { queryPermission: vi.fn(() => Promise.resolve(state)) });
    const pulled = Object.assign(folder('card', {}), {
      keys: () => ({ next: () => Promise.reject(new DOMException('gone', 'NotFoundError')) }),
    });
    expect(await reachOf(root)).toBe('open');
    expect(await reachOf(asked('granted'))).toBe('open');
    expect(await reachOf(asked('prompt'))).toBe('asks');
    expect(await reachOf(asked('denied'))).toBe('asks');
    expect(await reachOf(pulled as unknown as FileSystemDirectoryHandle)).toBe('absent');
  });
});

describe('files that were picked', () => {
  it('are photos, with their folders where the browser tells', () => {
    const file = (name: string, path = ''): File => Object.assign(new File([name], name), { webkitRelativePath: path });
    const picked = pickedPhotos([
      file('a.nef', 'x/a.nef'),
      file('a.JPG', 'x/a.JPG'),
      file('b.txt'),
      file('._c.jpg'),
      new File([], 'd.jpg'),
    ]);
    expect(picked.map(({ path, besides }) => [path, besides])).toEqual([
      ['x/a.JPG', undefined],
      ['x/a.nef', 'x/a.JPG'],
    ]);
  });
});
