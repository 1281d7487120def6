/** @file Photos on the screen: the file itself where it can be reached, else the thumbnail that is kept; the next ones are there before they are asked for. Thread: page. */
import { SvelteMap } from 'svelte/reactivity';
import { toAppError, type ErrorCode } from '../../contracts/errors.ts';

/** What can be shown of a photo. */
export interface ShownPicture {
  /** Address of the picture; null when there is not even a thumbnail. */
  readonly url: string | null;
  /** False: only the thumbnail. */
  readonly isFull: boolean;
  /** Why it is not the photo itself; null when it is. */
  readonly problem: ErrorCode | null;
}

/** Where pictures come from. */
export interface PictureSource {
  /** The photo as a picture that a browser shows. @throws AppError('permission-denied' | 'invalid-input' | 'decode-unsupported') */
  readonly photo: (photoId: string) => Promise<Blob>;
  readonly thumbnail: (photoId: string) => Promise<Blob | null>;
}

/** Photos pinned in memory at once: the one looked at, those around it. */
const MOST = 6;

/** A few photos, the last asked for last to go. */
export class PhotoPictures {
  readonly #source: PictureSource;
  readonly #shown = new SvelteMap<string, ShownPicture>();
  /** In the order asked for. */
  #wanted: string[] = [];
  #isClosed = false;

  constructor(source: PictureSource) {
    this.#source = source;
  }

  /** Null while it is fetched. */
  of(photoId: string): ShownPicture | null {
    return this.#shown.get(photoId) ?? null;
  }

  /** Fetch photos; those asked for longest ago make room. */
  want(photoIds: readonly string[]): void {
    const fresh = photoIds.slice(0, MOST);
    const before = this.#wanted;
    this.#wanted = [...before.filter((id) => !fresh.includes(id)), ...fresh].slice(-MOST);
    for (const id of before) if (!this.#wanted.includes(id)) this.#drop(id);
    for (const id of fresh) if (!before.includes(id)) void this.#fetch(id);
  }

  /** The file can be reached now, perhaps. */
  again(photoId: string): void {
    if (!this.#wanted.includes(photoId)) return;
    this.#drop(photoId);
    void this.#fetch(photoId);
  }

  /** The browser cannot draw the file: what is kept of it, then. */
  async fallBack(photoId: string): Promise<void> {
    if (this.#shown.get(photoId)?.isFull === true) await this.#showThumbnail(photoId, 'decode-unsupported');
  }

  /** Frees every picture. */
  close(): void {
    this.#isClosed = true;
    for (const id of this.#wanted) this.#drop(id);
    this.#wanted = [];
  }

  async #fetch(photoId: string): Promise<void> {
    try {
      this.#show(photoId, { url: URL.createObjectURL(await this.#source.photo(photoId)), isFull: true, problem: null });
    } catch (caught) {
      await this.#showThumbnail(photoId, toAppError(caught).code);
    }
  }

  async #showThumbnail(photoId: string, problem: ErrorCode): Promise<void> {
    const blob = await this.#source.thumbnail(photoId).catch(() => null);
    this.#show(photoId, { url: blob === null ? null : URL.createObjectURL(blob), isFull: false, problem });
  }

  #show(photoId: string, picture: ShownPicture): void {
    if (this.#isClosed || !this.#wanted.includes(photoId)) {
      if (picture.url !== null) URL.revokeObjectURL(picture.url);
      return;
    }
    this.#drop(photoId);
    this.#shown.set(photoId, picture);
  }

  #drop(photoId: string): void {
    const url = this.#shown.get(photoId)?.url;
    if (url != null) URL.revokeObjectURL(url);
    this.#shown.delete(photoId);
  }
}
