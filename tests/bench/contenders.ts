/** @file What `npm run bench` measures inside the browser; the page of `tests/bench/page/` puts these on `window`. */

/** One measured call: how long it took, and enough of its answer to see that it did the work. */
export interface Measured {
  readonly ms: number;
  /** Characters read, or nearest gallery rows found. */
  readonly answer: number;
}

/** Some photos of a race. */
export interface MeasuredRace extends Measured {
  /** Of one photo, by stage; stages of two photos overlap. */
  readonly stagesMs: Readonly<Record<string, number>>;
  /** Longest that the page itself was busy. */
  readonly longestTaskMs: number;
}

/** A photo dragged about. */
export interface MeasuredFrames {
  /** From one frame to the next. */
  readonly medianMs: number;
  readonly p95Ms: number;
  readonly frames: number;
}

/** Every contender is warmed up by its first call; callers drop that one. */
export interface Contenders {
  /** A label photo through our vision worker. */
  readLabel(photoUrl: string): Promise<Measured>;
  /** The same photo through tesseract.js alone, language `jpn`, page segmentation 4. */
  readLabelByTesseract(photoUrl: string): Promise<Measured>;
  /** The same photo through the pipeline of @gutenye/ocr-browser with its own weights. */
  readLabelByGutenye(photoUrl: string): Promise<Measured>;
  /** `count` crops of a photo through `matchCrops`: embedded in the vision worker, searched exactly among `gallerySize` vectors in the index worker. */
  embedAndSearch(photoUrl: string, count: number, gallerySize: number): Promise<Measured>;
  /** The same model and gallery, run plainly: on the page, one crop at a time, cosine in a loop over arrays, all rows sorted. */
  embedAndSearchPlainly(photoUrl: string, count: number, gallerySize: number): Promise<Measured>;
  /**
   * `count` searches, one after the other, of the best 20 among `gallerySize` vectors of 128 dimensions: through the app's index client, in its
   * worker. The answer is a sum over the rows found and their places, equal only for the same answers.
   */
  searchGallery(gallerySize: number, count: number): Promise<Measured>;
  /** The same vectors and probes in a worker that scores every row in a loop and sorts all of them. */
  searchGalleryPlainly(gallerySize: number, count: number): Promise<Measured>;
  /** A drawn shelf of 60 facings on 12 megapixels, see `page/shelf.ts`: found and named through our workers. */
  nameShelf(): Promise<Measured>;
  /** The same nets in a plain loop on the page. */
  nameShelfPlainly(): Promise<Measured>;
  /** The same packs sought by OpenCV.js template matching. */
  matchTemplates(): Promise<Measured>;
  /** The same photo to the whole report, price tags read. */
  reportShelf(): Promise<Measured>;
  /** `count` different shelves, one after the other. */
  readShelves(from: number, count: number): Promise<Measured>;
  /** Milliseconds of each stage of a whole report. */
  shelfStages(): Promise<Record<string, number>>;
  /** Photos of a race (none given: drawn ones, see `page/race.ts`) through the app's flow, from a place on; they are read again when they run out. */
  readRace(urls: readonly string[], from: number, count: number): Promise<MeasuredRace>;
  /** The same photos in full through the pipeline of @gutenye/ocr-browser. */
  readRacePlainly(urls: readonly string[], from: number, count: number): Promise<Measured>;
  /** Mean size of these photos. */
  racePhotoBytes(urls: readonly string[]): Promise<number>;
  /** Milliseconds to keep a photo that was read in a store that holds `rows` of them. */
  keepRacePhotos(rows: number, count: number): Promise<Measured>;
  /** A photo with so many boxes under a finger, in the app's overlay. */
  dragOverlay(count: number): Promise<MeasuredFrames>;
  /** The same with an SVG element for each box. */
  dragOverlayPlainly(count: number): Promise<MeasuredFrames>;
}

declare global {
  interface Window {
    contenders?: Contenders;
  }
}
