/** @file Demo photos for a visitor who has no product at hand. Thread: page. */
import { toMediaRef } from '../capture/files.ts';
import { AppError } from '../contracts/errors.ts';
import type { MediaRef } from '../contracts/media.ts';
import type { LocalisedText } from '../contracts/product.ts';

/** A photo of the demo, drawn for this project. */
export interface DemoPhoto {
  readonly file: string;
  /** Address of the photo itself. */
  readonly url: string;
  readonly title: LocalisedText;
  readonly lens: string;
}

const FOLDER = '/demo/';
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
  return toMediaRef(await (await get(photo.url)).blob(), photo.file, 'demo');
}

async function list(): Promise<DemoPhoto[]> {
  const index: unknown = await (await get(`${FOLDER}photos.json`)).json();
  const rows = Array.isArray(index) ? index : ((index as { photos?: unknown }).photos ?? []);
  return (rows as Omit<DemoPhoto, 'url'>[]).map(({ file, title, lens }) => ({ file, title, lens, url: `${FOLDER}${file}` }));
}

async function get(path: string): Promise<Response> {
  // eslint-disable-next-line no-restricted-globals -- Files of the app itself; nothing of the user is in the request.
  const response = await fetch(path, { credentials: 'omit' }).catch((error: unknown) => {
    throw new AppError('offline', `${path} could not be fetched`, { cause: error });
  });
  if (!response.ok || (response.headers.get('content-type') ?? '').includes('text/html'))
    throw new AppError('model-unavailable', `${path}: status ${response.status}`);
  return response;
}
