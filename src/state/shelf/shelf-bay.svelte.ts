/**
 * @file One bay of a visit: its photos, what was read in the one that is shown, and what the user changes in it. Every change is shown at once and
 * kept on disk; undo and redo outlive the page. Thread: page.
 */
import { toAppError, type AppError } from '../../contracts/errors.ts';
import type { Box } from '../../contracts/geometry.ts';
import type { Product } from '../../contracts/product.ts';
import type { Compliance, FacingLook, FacingNews, Planogram, ShelfAnalysis, ShelfReading } from '../../contracts/shelf.ts';
import type { BayReport } from '../../contracts/visit-report.ts';
import type { Bay, BayPhoto, KeptPlanogram, PhotoReading, ShelfEdit, Stopwatch, Visit } from '../../contracts/visit.ts';
import { Lane } from '../../core/lane.ts';
import { productFacts } from '../../core/shelf/bay-report.ts';
import { withEdit, withoutLast, withRedone, type Heights } from '../../core/shelf/edit-history.ts';
import {
  addFacing,
  addGap,
  mergeFacings,
  moveFacing,
  moveGap,
  nameFacings,
  removeParts,
  splitFacing,
  type EditStamp,
} from '../../core/shelf/edit-reading.ts';
import { withNews } from '../../core/shelf/facing-news.ts';
import { planogramFromReading } from '../../core/shelf/planogram/planogram-from-reading.ts';
import { bayStopwatch } from '../../core/shelf/stopwatch.ts';
import type { NamingPlaces } from '../../flow/name-on-shelf.ts';
import { summariseBay, type BaySummary } from '../../flow/summarise-bay.ts';
import type { ShelfProduct } from '../../flow/teach-facings.ts';
import { device } from '../device.ts';
import { engine } from '../engine.ts';
import { nameOfProduct } from '../product-name.ts';
import { shelfPhotos } from './shelf-photos.svelte.ts';
import { tasks } from '../tasks.svelte.ts';

/** Who draws several boxes waits for none of them; they are looked at after this pause. */
const LOOK_PAUSE_MS = 500;
const REPORT_PAUSE_MS = 300;
const NO_PRODUCTS: ReadonlyMap<string, Product> = new Map();

/** One bay on the screen. {@link dispose} it afterwards. */
export class ShelfBay {
  readonly visitId: string;
  readonly bayId: string;
  #visit = $state.raw<Visit | null>(null);
  #bay = $state.raw<Bay | null>(null);
  #photos = $state.raw<readonly BayPhoto[]>([]);
  /** By photo. */
  #readings = $state.raw<Readonly<Record<string, PhotoReading>>>({});
  #photoId = $state<string | null>(null);
  #pictureUrl = $state<string | null>(null);
  #products = $state.raw<ReadonlyMap<string, Product>>(NO_PRODUCTS);
  #summary = $state.raw<BaySummary | null>(null);
  #isLoaded = $state(false);
  #isNaming = $state(false);
  #error = $state.raw<AppError | null>(null);
  #storeError = $state.raw<AppError | null>(null);
  /** Writes, one after the other. */
  #disk: Promise<void> = Promise.resolve();
  /** Sums, one after the other: each begins with the report as the one before left it. */
  readonly #sums = new Lane();
  #changes = 0;
  #unseen: readonly string[] = [];
  #lookTimer: ReturnType<typeof setTimeout> | undefined;
  #reportTimer: ReturnType<typeof setTimeout> | undefined;
  /** Settles when no name is being learnt. */
  #naming: Promise<void> = Promise.resolve();
  readonly #unfollow: () => void;
  #isDisposed = false;

  constructor(visitId: string, bayId: string) {
    this.visitId = visitId;
    this.bayId = bayId;
    this.#unfollow = shelfPhotos.refiner.follow((photoId, news) => this.#takeNews(photoId, news));
  }

  get visit(): Visit | null {
    return this.#visit;
  }

  /** Null until it is loaded, and when it was removed. */
  get bay(): Bay | null {
    return this.#bay;
  }

  get isLoaded(): boolean {
    return this.#isLoaded;
  }

  /** Why it could not be loaded. */
  get error(): AppError | null {
    return this.#error;
  }

  /** Why the last change could not be kept; it is shown all the same, and kept with the next one that can be. */
  get storeError(): AppError | null {
    return this.#storeError;
  }

  /** In the order of capture. */
  get photos(): readonly BayPhoto[] {
    return this.#photos;
  }

  /** The one that is shown. */
  get photo(): BayPhoto | null {
    return this.#photos.find(({ id }) => id === this.#photoId) ?? null;
  }

  /** Of the photo that is shown; lives until another one is. */
  get pictureUrl(): string | null {
    return this.#pictureUrl;
  }

  /** Set while the photo is read. */
  get analysis(): ShelfAnalysis | null {
    return this.#photoId === null ? null : shelfPhotos.analysisOf(this.#photoId);
  }

  /** What is known of the photo so far. */
  get reading(): ShelfReading | null {
    return this.#kept?.current ?? this.analysis?.reading ?? null;
  }

  /** True while nothing may be changed: the photo is read, or a name is being learnt. */
  get isBusy(): boolean {
    return this.#kept === null || this.#isNaming;
  }

  /** Products that facings may be, by id. */
  get products(): ReadonlyMap<string, Product> {
    return this.#products;
  }

  /** Over all photos of the bay; null until one was read. */
  get report(): BayReport | null {
    return this.#summary?.report ?? null;
  }

  /** Of this bay, else of the whole shop. */
  get planogram(): KeptPlanogram | null {
    return this.#summary?.planogram ?? null;
  }

  /** Null without a planogram. */
  get compliance(): Compliance | null {
    return this.#summary?.compliance ?? null;
  }

  /** Over all photos: one reading when they overlap, else one for each photo. */
  get readings(): readonly ShelfReading[] {
    return this.#summary?.readings ?? [];
  }

  /** False: the photos do not overlap, so each counts by itself. */
  get isMerged(): boolean {
    return this.#summary?.isMerged ?? true;
  }

  get stopwatch(): Stopwatch | null {
    return bayStopwatch(this.#photos);
  }

  get canUndo(): boolean {
    return !this.isBusy && this.#kept !== null && this.#kept.edits.length > 0;
  }

  get canRedo(): boolean {
    return !this.isBusy && this.#kept !== null && this.#kept.undone.length > 0;
  }

  get #kept(): PhotoReading | null {
    return this.#photoId === null ? null : (this.#readings[this.#photoId] ?? null);
  }

  get #heights(): Heights {
    return this.#bay?.heights ?? null;
  }

  /** Load it, or again after something changed: follow `shelfPhotos.changes`. */
  async load(): Promise<void> {
    try {
      const { visits, shops, bayPhotos } = device();
      const [visit, bay, photos] = await Promise.all([
        visits.get(this.visitId),
        shops.bay(this.bayId),
        bayPhotos.ofVisit(this.visitId, this.bayId),
      ]);
      this.#visit = visit;
      this.#bay = bay;
      this.#photos = photos;
      await this.#readReadings();
      const isShown = photos.some(({ id }) => id === this.#photoId);
      if (!isShown) await this.select(photos.at(-1)?.id ?? null);
      else if (this.photo?.state === 'read' && this.#pictureOf !== `${this.#photoId ?? ''} read`) await this.#showPicture();
      await this.#summarise();
      this.#error = null;
      for (const { id, state } of photos) if (state === 'read') shelfPhotos.refiner.want({ photoId: id, mayAsk: false });
    } catch (caught) {
      this.#error = toAppError(caught, 'bug', 'store');
    } finally {
      this.#isLoaded = true;
    }
  }

  /** Show another photo. */
  async select(photoId: string | null): Promise<void> {
    this.#photoId = photoId;
    await this.#showPicture();
  }

  /** @returns id of the facing; null while nothing may be changed. */
  addFacing(box: Box): string | null {
    const id = newId();
    return this.#edit((_reading, stamp) => addFacing(box, id, stamp)) === null ? null : id;
  }

  /** @returns id of the gap */
  addGap(box: Box): string | null {
    const id = newId();
    return this.#edit((_reading, stamp) => addGap(box, id, stamp)) === null ? null : id;
  }

  /** Move or resize. */
  moveFacing(id: string, box: Box): void {
    this.#edit((reading, stamp) => moveFacing(reading, id, box, stamp));
  }

  moveGap(id: string, box: Box): void {
    this.#edit((reading, stamp) => moveGap(reading, id, box, stamp));
  }

  remove(facingIds: readonly string[], gapIds: readonly string[]): void {
    this.#edit((reading, stamp) => removeParts(reading, facingIds, gapIds, stamp));
  }

  /** @returns id of the one that they became */
  merge(facingIds: readonly string[]): string | null {
    const id = newId();
    return this.#edit((reading, stamp) => mergeFacings(reading, facingIds, id, stamp)) === null ? null : id;
  }

  /** @returns ids of the parts: left or upper first */
  split(facingId: string, direction: 'beside' | 'stacked'): readonly [string, string] | null {
    const ids = [newId(), newId()] as const;
    const cut = { direction, at01: 0.5, ids };
    return this.#edit((reading, stamp) => splitFacing(reading, facingId, cut, stamp)) === null ? null : ids;
  }

  /** "It is none of these": nothing is known of them any more, and nothing is learnt. */
  unname(facingIds: readonly string[]): void {
    this.#edit((reading, stamp) => nameFacings(reading, facingIds, null, stamp));
  }

  /**
   * Name facings of the photo: learnt at once, applied to the whole visit, one step of undo.
   * @param target id of a known product, or a new one. @param label what the task tray calls it.
   * @returns the product. @throws AppError as `nameOnShelf`
   */
  async name(facingIds: readonly string[], target: string | ShelfProduct, label: string): Promise<Product | null> {
    const reading = this.#kept;
    if (reading === null || this.#isNaming) return null;
    return this.#learning(label, async (places, call) => {
      const { nameOnShelf } = await import('../../flow/name-on-shelf.ts');
      const { product, changed } = await nameOnShelf({ reading, facingIds, target, stamp: newStamp() }, places, call);
      this.#take(changed);
      return product;
    });
  }

  /** @param label what the task tray calls it, when it takes a while. @throws AppError */
  async undo(label: string): Promise<void> {
    const reading = this.#kept;
    const last = reading?.edits.at(-1);
    if (reading === null || last === undefined || this.#isNaming) return;
    if (last.teaching === undefined) {
      this.#show(withoutLast(reading, this.#heights));
      return;
    }
    await this.#learning(label, async (places, call) => {
      const { unnameOnShelf } = await import('../../flow/name-on-shelf.ts');
      this.#take(await unnameOnShelf(reading, places, call));
    });
  }

  /** @throws AppError */
  async redo(label: string): Promise<void> {
    const reading = this.#kept;
    const next = reading?.undone.at(-1);
    if (reading === null || next === undefined || this.#isNaming) return;
    if (next.teaching === undefined) {
      this.#show(withRedone(reading, this.#heights));
      return;
    }
    const { product } = next.teaching;
    const facingIds = next.added.facings.map(({ id }) => id);
    await this.#learning(label, async (places, call) => {
      const { nameOnShelf } = await import('../../flow/name-on-shelf.ts');
      const isThere = (await device().products.byId(product.id)) !== null;
      const target = isThere ? product.id : enteredAs(product);
      const { changed } = await nameOnShelf({ reading, facingIds, target, stamp: newStamp() }, places, call);
      // What else was taken back can still be done again.
      const [first, ...others] = changed;
      const undone = reading.undone.slice(0, -1);
      this.#take(first === undefined ? others : [{ ...first, undone }, ...others]);
      if (first !== undefined && undone.length > 0) this.#keep([{ ...first, undone }]);
    });
  }

  /**
   * What the bay should look like, or every bay of the shop.
   * @throws AppError('invalid-input' | 'quota-exceeded')
   */
  async setPlanogram(planogram: Planogram, scope: 'bay' | 'shop'): Promise<KeptPlanogram | null> {
    if (this.#visit === null) return null;
    const kept: KeptPlanogram = {
      ...{ id: planogram.id, shopId: this.#visit.shopId, bayId: scope === 'bay' ? this.bayId : null },
      ...{ planogram, updatedAtMs: Date.now() },
    };
    await device().planograms.put(kept);
    await this.#summarise();
    return kept;
  }

  /** The bay as it stands becomes its planogram. @returns null when nothing was read yet */
  async planogramFromPhoto(name: string): Promise<KeptPlanogram | null> {
    const [reading] = this.readings;
    if (reading === undefined) return null;
    const facts = productFacts(this.#products, [], nameOfProduct);
    const planogram = planogramFromReading(reading, {
      ...{ id: newId(), name, updatedAtMs: Date.now(), nameOf: (id) => facts(id).name },
      factsOf: (id) => ({ ...facts(id), price: facts(id).listPrice }),
    });
    return this.setPlanogram(planogram, 'bay');
  }

  /** A planogram that a pack brought becomes this bay's, or the shop's when it is of several bays. */
  takePlanogram(offered: Planogram): Promise<KeptPlanogram | null> {
    const isOfOne = offered.rows.every(({ bay }) => bay === offered.rows[0]?.bay);
    return this.setPlanogram({ ...offered, id: newId() }, isOfOne ? 'bay' : 'shop');
  }

  async removePlanogram(): Promise<void> {
    if (this.planogram === null) return;
    await device().planograms.remove(this.planogram.id);
    await this.#summarise();
  }

  /** Give the picture's memory back. */
  dispose(): void {
    this.#isDisposed = true;
    this.#unfollow();
    clearTimeout(this.#lookTimer);
    // What was changed last counts, too.
    if (this.#reportTimer !== undefined) void this.#summarise().catch(() => {});
    clearTimeout(this.#reportTimer);
    if (this.#pictureUrl !== null) URL.revokeObjectURL(this.#pictureUrl);
    this.#pictureUrl = null;
  }

  #edit(make: (reading: ShelfReading, stamp: EditStamp) => ShelfEdit): ShelfEdit | null {
    const reading = this.#kept;
    if (reading === null || this.#isNaming) return null;
    const edit = make(reading.current, newStamp());
    this.#show(withEdit(reading, edit, this.#heights));
    if (edit.kind !== 'name') this.#unseen = [...this.#unseen, ...edit.added.facings.map(({ id }) => id)];
    if (this.#unseen.length > 0) {
      clearTimeout(this.#lookTimer);
      this.#lookTimer = setTimeout(() => void this.#lookAtDrawn(reading.photoId), LOOK_PAUSE_MS);
    }
    return edit;
  }

  /** What is on disk, unless the user was faster, or the disk is full: then what is shown stands. */
  async #readReadings(): Promise<void> {
    let changes: number;
    let kept: Record<string, PhotoReading>;
    do {
      changes = this.#changes;
      await this.#disk;
      kept = byPhoto(await device().bayPhotos.readingsOf(this.visitId, this.bayId));
    } while (changes !== this.#changes);
    this.#readings = this.#storeError === null ? kept : { ...kept, ...this.#readings };
  }

  /** Show it now, keep it soon. */
  #show(reading: PhotoReading): void {
    this.#take([reading]);
    this.#keep([reading]);
  }

  #take(readings: readonly PhotoReading[]): void {
    const ours = readings.filter(({ bayId }) => bayId === this.bayId);
    this.#changes += 1;
    this.#readings = { ...this.#readings, ...byPhoto(ours) };
    if (readings.length > ours.length) shelfPhotos.touch();
    clearTimeout(this.#reportTimer);
    this.#reportTimer = setTimeout(() => {
      this.#reportTimer = undefined;
      void this.#summarise().catch(() => {});
    }, REPORT_PAUSE_MS);
  }

  #keep(readings: readonly PhotoReading[]): void {
    this.#disk = this.#disk.then(async () => {
      try {
        await device().bayPhotos.put(readings);
        this.#storeError = null;
      } catch (caught) {
        this.#storeError = toAppError(caught, 'bug', 'store');
      }
    });
  }

  #learning<Result>(
    label: string,
    run: (places: NamingPlaces, call: { readonly signal: AbortSignal }) => Promise<Result>,
  ): Promise<Result> {
    const learning = this.#learn(label, run);
    this.#naming = learning.then(
      () => {},
      () => {},
    );
    return learning;
  }

  async #learn<Result>(
    label: string,
    run: (places: NamingPlaces, call: { readonly signal: AbortSignal }) => Promise<Result>,
  ): Promise<Result> {
    this.#isNaming = true;
    try {
      await this.#disk;
      const { memory } = await engine();
      const places: NamingPlaces = {
        ...memory,
        bayPhotos: device().bayPhotos,
        heightsOf: (id) => (id === this.bayId ? this.#heights : null),
      };
      const result = await tasks.run(label, async ({ signal }) => run(places, { signal }));
      await this.#summarise();
      return result;
    } finally {
      this.#isNaming = false;
    }
  }

  /** What the user drew gets a name like any other facing. That it could not be looked at costs only that. */
  async #lookAtDrawn(photoId: string): Promise<void> {
    const ids = this.#unseen;
    this.#unseen = [];
    const facings = this.#readings[photoId]?.current.facings.filter(({ id, identity }) => ids.includes(id) && identity?.saidBy !== 'user');
    if (facings === undefined || facings.length === 0) return;
    try {
      const [{ memory }, { keepNamed, lookAgain }] = await Promise.all([engine(), import('../../flow/name-on-shelf.ts')]);
      const { bayPhotos } = device();
      const looks = await lookAgain(photoId, facings, { ...memory, bayPhotos });
      await this.#nameBy(photoId, looks, (named) => keepNamed(named, looks, bayPhotos));
    } catch {
      // It stays without a name; the user can give one.
    }
  }

  /** Something was found out in the background. @returns false for a photo that is not shown here */
  async #takeNews(photoId: string, news: readonly FacingNews[]): Promise<boolean> {
    if (this.#readings[photoId] === undefined) return false;
    const { bayPhotos } = device();
    await bayPhotos.amendLooks(photoId, (looks) => withNews(looks, news));
    while (!this.#isDisposed) {
      await this.#naming;
      // What was learnt meanwhile is in them.
      const looks = await bayPhotos.looks(photoId);
      if (await this.#nameBy(photoId, looks, (named) => this.#keep([named]))) return true;
    }
    return false;
  }

  /** Name a photo by its looks, as it is by then. @returns false when nothing was done: the page went, or a name is being learnt */
  async #nameBy(photoId: string, looks: readonly FacingLook[], keep: (named: PhotoReading) => Promise<void> | void): Promise<boolean> {
    const { namedByLooks } = await import('../../flow/name-on-shelf.ts');
    while (!this.#isDisposed && !this.#isNaming) {
      const before = this.#readings[photoId];
      if (before === undefined) return true;
      const named = await namedByLooks(before, looks, { products: device().products, heightsOf: () => this.#heights });
      // Changed meanwhile: name what it is now.
      if (this.#readings[photoId] !== before) continue;
      this.#take([named]);
      await keep(named);
      await this.#summarise();
      return true;
    }
    return false;
  }

  /** The picture that is shown, and whether it is the one that was kept after reading. */
  #pictureOf = '';

  async #showPicture(): Promise<void> {
    const id = this.#photoId;
    const isRead = this.photo?.state === 'read';
    const blob = id === null ? null : await device().bayPhotos.picture(id, 'screen');
    if (id !== this.#photoId || this.#isDisposed) return;
    if (this.#pictureUrl !== null) URL.revokeObjectURL(this.#pictureUrl);
    this.#pictureUrl = blob === null ? null : URL.createObjectURL(blob);
    this.#pictureOf = `${id ?? ''}${isRead ? ' read' : ''}`;
  }

  #summarise(): Promise<void> {
    return this.#sums.run(async () => {
      if (this.#visit === null) return;
      await this.#disk;
      this.#summary = await summariseBay(this.#visit, this.bayId, device(), nameOfProduct);
      if (this.#summary !== null) this.#products = this.#summary.products;
    });
  }
}

function byPhoto(readings: readonly PhotoReading[]): Record<string, PhotoReading> {
  return Object.fromEntries(readings.map((reading) => [reading.photoId, reading]));
}

function newId(): string {
  return crypto.randomUUID();
}

function newStamp(): EditStamp {
  return { id: newId(), atMs: Date.now() };
}

/** A product that was new when it was named, and went with the undo. */
function enteredAs({ name, brand, category, isOwnLabel, gtins }: Product): ShelfProduct {
  return {
    ...{ name, gtins },
    ...(brand === undefined ? {} : { brand }),
    ...(category === undefined ? {} : { category }),
    ...(isOwnLabel === undefined ? {} : { isOwnLabel }),
  };
}
