/** @file Demo photos for a visitor who has no product at hand. Thread: page. */
import { toMediaRef } from '../capture/files.ts';
import type { MediaRef } from '../contracts/media.ts';
import type { LocalisedText } from '../contracts/product.ts';
import { readAppFile, readAppJson } from '../models/app-files.ts';

/** A photo of the demo, drawn for this project. */
export interface DemoPhoto {
  readonly file: string;
  /** Address of the photo itself. */
  readonly url: string;
  readonly title: LocalisedText;
  readonly lens: string;
}

let listed: Promise<readonly DemoPhoto[]> | null = null;

/** @returns demo photos that suit a lens, those made for it first. @throws AppError('offline' | 'model-unavailable') */
export async function demoPhotos(lensId: string): Promise<readonly DemoPhoto[]> {
  listed ??= list().catch((error: unknown) => {
    listed = null;
    throw error;
  });
  return [...(await listed)].sort((a, b) => Number(b.lens === lensId) - Number(a.lens === lensId));
}

/** The photo as if it had just been taken. @throws AppError('offline' | 'model-unavailable') */
export async function takeDemoPhoto(photo: DemoPhoto): Promise<MediaRef> {
  return toMediaRef(await readAppFile(`demo/${photo.file}`), photo.file, 'demo');
}

async function list(): Promise<DemoPhoto[]> {
  const { photos } = (await readAppJson('demo/photos.json')) as { photos: readonly Omit<DemoPhoto, 'url'>[] };
  return photos.map(({ file, title, lens }) => ({ file, title, lens, url: `/demo/${file}` }));
}
