/**
 * @file Better names for the facings of a photo whose report is there already: the server is asked for what nobody knows, as far as the user
 * allowed it, and packs between whose looks nothing decides are read. Thread: page or Node.
 */
import type { FacingLook, ShelfReading } from '../contracts/shelf.ts';
import type { CallOptions } from '../contracts/task.ts';
import { undecidedFacings } from '../core/shelf/undecided-facings.ts';
import { askUnknowns, type GroupNews } from './ask-unknowns.ts';
import type { Pipeline } from './pipeline.ts';
import { readPackWords } from './read-pack-words.ts';

/** A photo as it was read. */
export interface ReadShelf {
  /** To read packs in. */
  readonly picture: Blob;
  readonly reading: Pick<ShelfReading, 'facings' | 'layout'>;
  readonly looks: readonly FacingLook[];
}

/** Options of {@link refineNames}. */
export interface RefineOptions extends CallOptions {
  /** No further pack is read after this long, in ms. */
  readonly limitMs: number;
  /** False: the server was asked before. */
  readonly mayAsk: boolean;
  /** Something was found out; never called again before it resolved. */
  readonly onNews: (news: GroupNews) => Promise<void>;
}

const ANY_SIZE = { widthPx: Infinity, heightPx: Infinity };

/** @returns true when there is something that reading may decide. */
export function isWorthReading({ reading, looks }: Pick<ReadShelf, 'reading' | 'looks'>): boolean {
  return undecidedFacings(reading, looks, ANY_SIZE).length > 0;
}

/** Ask and read at the same time. @throws AppError of the workers, and what `onNews` throws */
export async function refineNames(
  { picture, reading, looks }: ReadShelf,
  places: Pick<Pipeline, 'vision' | 'index' | 'catalogue' | 'server'>,
  { limitMs, mayAsk, onNews, onProgress, ...call }: RefineOptions,
): Promise<void> {
  let told: Promise<void> = Promise.resolve();
  const tell = (news: GroupNews): Promise<void> => {
    told = told.then(() => onNews(news));
    return told;
  };
  const asked = mayAsk ? askUnknowns(reading.facings, looks, places.server, { ...call, onNews: tell }) : Promise.resolve(0);
  // Waited for below; reading may fail before.
  asked.catch(() => {});
  if (isWorthReading({ reading, looks })) {
    const frame = await places.vision.open(picture, call);
    try {
      await readPackWords(frame, reading, looks, places, {
        ...call,
        limitMs,
        ...(onProgress === undefined ? {} : { onProgress }),
        onNews: (news) => tell({ news, products: [] }),
      });
    } finally {
      await places.vision.close(frame.frameId).catch(() => {});
    }
  }
  await asked;
}
