/** @file Which files of a card are photos, by their names alone. Pure; any thread. */

/** Pictures that a browser may decode. */
const PICTURES: ReadonlySet<string> = new Set(['jpg', 'jpeg', 'jpe', 'heic', 'heif', 'hif', 'avif', 'webp', 'png']);
/** Raw files that hold a JPEG to look at. */
const RAWS: ReadonlySet<string> = new Set(['cr2', 'cr3', 'nef', 'nrw', 'arw', 'dng', 'raf', 'orf', 'rw2', 'pef', 'srw']);

/** For `<input type="file">`. */
export const PHOTO_FILES = ['image/*', ...[...PICTURES, ...RAWS].map((each) => `.${each}`)].join(',');

/** False for hidden files (macOS writes `._IMG_1.JPG` beside each photo of a card). */
export function isPhotoName(name: string): boolean {
  return !name.startsWith('.') && (PICTURES.has(extensionOf(name)) || RAWS.has(extensionOf(name)));
}

export function isRawName(name: string): boolean {
  return RAWS.has(extensionOf(name));
}

/** What a photo's files have in common: `IMG_1` of `IMG_1.CR3` and `img_1.jpg`. */
export function stemOf(name: string): string {
  const dot = name.lastIndexOf('.');
  return (dot < 0 ? name : name.slice(0, dot)).toLowerCase();
}

function extensionOf(name: string): string {
  const dot = name.lastIndexOf('.');
  return dot < 0 ? '' : name.slice(dot + 1).toLowerCase();
}
