import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { collectDrop, collectFiles, collectPaste, MAX_FILES, toMediaRef } from '../../../src/capture/files.ts';
import { imageTypeOf } from '../../../src/capture/image-type.ts';
import { MAX_PHOTO_BYTES } from '../../../src/contracts/media.ts';

const picture = sharp({ create: { width: 4, height: 4, channels: 3, background: '#336699' } });
const jpeg = new Uint8Array(await picture.clone().jpeg().toBuffer());
const file = (bytes: Uint8Array<ArrayBuffer> | string, name: string, type = '', lastModified = 1000): File =>
  new File([bytes], name, { type, lastModified });

describe('image type', () => {
  it.each([
    ['image/jpeg', async () => picture.clone().jpeg().toBuffer()],
    ['image/png', async () => picture.clone().png().toBuffer()],
    ['image/webp', async () => picture.clone().webp().toBuffer()],
    ['image/gif', async () => picture.clone().gif().toBuffer()],
    ['image/avif', async () => picture.clone().avif().toBuffer()],
    ['image/tiff', async () => picture.clone().tiff().toBuffer()],
    ['image/heic', async () => Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'latin1')],
    ['image/heic', async () => Buffer.from('\0\0\0\x18ftypmif1\0\0\0\0mif1heic', 'latin1')],
    ['image/avif', async () => Buffer.from('\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf', 'latin1')],
    ['image/bmp', async () => Buffer.from('BM\0\0\0\0')],
  ])('knows %s', async (type, bytes) => {
    expect(imageTypeOf((await bytes()).subarray(0, 64))).toBe(type);
  });

  it('takes nothing else for a picture', () => {
    for (const text of [
      '',
      '%PDF-1.7',
      '<svg xmlns="http://www.w3.org/2000/svg">',
      'PK\x03\x04',
      '\0\0\0\x18ftypisom\0\0\0\0isommp42',
      'RIFF\0\0\0\0WAVE',
    ])
      expect(imageTypeOf(Buffer.from(text, 'latin1'))).toBeNull();
    // Text that begins with a space is no picture, whatever follows, unless it names a box of ISO 14496-12.
    const plain = fc.uint8Array({ maxLength: 64 }).map((bytes) => Uint8Array.from([0x20, ...bytes]));
    fc.assert(fc.property(plain, (bytes) => imageTypeOf(bytes) === null || String.fromCharCode(...bytes.subarray(4, 8)) === 'ftyp'));
  });
});

describe('files', () => {
  it('takes pictures in order and refuses the others one by one', async () => {
    const { photos, refused } = await collectFiles([
      file(jpeg, 'a.jpg', 'image/jpeg'),
      file('hello', 'b.jpg', 'image/jpeg'),
      file('', 'c.png', 'image/png'),
      file(jpeg, 'd.txt', 'text/plain', 77),
      file('<svg/>', 'e.svg', 'image/svg+xml'),
    ]);
    expect(photos.map(({ name }) => name)).toEqual(['a.jpg', 'd.txt']);
    expect(photos[1]).toMatchObject({ source: 'file', capturedAtMs: 77 });
    expect(photos[1]!.blob.type).toBe('image/jpeg');
    expect(new Uint8Array(await photos[1]!.blob.arrayBuffer())).toEqual(jpeg);
    expect(refused.map(({ name, error }) => [name, error.code])).toEqual([
      ['b.jpg', 'decode-unsupported'],
      ['c.png', 'decode-unsupported'],
      ['e.svg', 'decode-unsupported'],
    ]);
    expect(new Set(photos.map(({ id }) => id)).size).toBe(2);
  });

  it('refuses what is too large without reading it', async () => {
    const huge = file(jpeg, 'huge.jpg');
    Object.defineProperty(huge, 'size', { value: MAX_PHOTO_BYTES + 1 });
    Object.defineProperty(huge, 'slice', { value: () => expect.fail('read') });
    expect((await collectFiles([huge])).refused).toMatchObject([{ name: 'huge.jpg', error: { code: 'invalid-input' } }]);
  });

  it('refuses the files beyond the limit, not the ones before', async () => {
    const many = Array.from({ length: MAX_FILES + 2 }, (_, i) => file(jpeg, `${i}.jpg`));
    const { photos, refused } = await collectFiles(many);
    expect(photos).toHaveLength(MAX_FILES);
    expect(refused.map(({ name }) => name)).toEqual([`${MAX_FILES}.jpg`, `${MAX_FILES + 1}.jpg`]);
  });

  it('says so when a file vanished', async () => {
    const gone = file(jpeg, 'gone.jpg');
    Object.defineProperty(gone, 'slice', {
      value: () => ({ arrayBuffer: () => Promise.reject(new DOMException('gone', 'NotFoundError')) }),
    });
    const { photos, refused } = await collectFiles([gone, file(jpeg, 'here.jpg')]);
    expect(photos.map(({ name }) => name)).toEqual(['here.jpg']);
    expect(refused).toMatchObject([{ name: 'gone.jpg', error: { code: 'decode-unsupported' } }]);
  });

  it('makes a media ref of bytes in hand', () => {
    const blob = new Blob([jpeg], { type: 'image/jpeg' });
    expect(toMediaRef(blob, 'demo', 'demo', 5)).toMatchObject({ blob, name: 'demo', source: 'demo', capturedAtMs: 5 });
  });
});

describe('drop and paste', () => {
  const fileEntry = (path: string, content: File) => ({
    isFile: true,
    isDirectory: false,
    name: path.split('/').at(-1)!,
    fullPath: path,
    file: (resolve: (file: File) => void) => resolve(content),
  });
  /** Gives its children in batches of two, as browsers give them in batches of a hundred. */
  const folderEntry = (path: string, children: unknown[]) => ({
    isFile: false,
    isDirectory: true,
    name: path.split('/').at(-1)!,
    fullPath: path,
    createReader: () => {
      const left = [...children];
      return { readEntries: (resolve: (entries: unknown[]) => void) => resolve(left.splice(0, 2)) };
    },
  });
  const item = (entry: unknown, content: File | null = null, kind = 'file') => ({
    kind,
    webkitGetAsEntry: () => entry,
    getAsFile: () => content,
  });
  const transfer = (items: unknown[]) => ({ items }) as unknown as DataTransfer;

  it('walks folders, skips hidden files, and names the path', async () => {
    const folder = folderEntry('/shop', [
      fileEntry('/shop/10.jpg', file(jpeg, '10.jpg')),
      fileEntry('/shop/2.jpg', file(jpeg, '2.jpg')),
      fileEntry('/shop/.DS_Store', file('x', '.DS_Store')),
      folderEntry('/shop/deep', [fileEntry('/shop/deep/a.jpg', file(jpeg, 'a.jpg'))]),
      fileEntry('/shop/notes.txt', file('x', 'notes.txt')),
    ]);
    const { photos, refused } = await collectDrop(
      transfer([item(folder), item(null, file(jpeg, 'plain.jpg'), 'file'), item(null, null, 'string')]),
    );
    expect(photos.map(({ name }) => name)).toEqual(['plain.jpg', 'shop/2.jpg', 'shop/10.jpg', 'shop/deep/a.jpg']);
    expect(photos.every(({ source }) => source === 'drop')).toBe(true);
    expect(refused.map(({ name }) => name)).toEqual(['shop/notes.txt']);
  });

  it('takes pictures out of a paste and leaves text alone', async () => {
    const { photos } = await collectPaste(transfer([item(null, file(jpeg, 'image.png', 'image/png')), item(null, null, 'string')]));
    expect(photos).toMatchObject([{ source: 'paste' }]);
    expect(await collectPaste(null)).toEqual({ photos: [], refused: [] });
  });
});
