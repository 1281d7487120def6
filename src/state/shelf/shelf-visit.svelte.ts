/** @file One visit of a shop: its bays with what is known of each, its photos, its stopwatch. Thread: page. */
import { toAppError, type AppError } from '../../contracts/errors.ts';
import type { MediaRef } from '../../contracts/media.ts';
import type { BayReport, ReportFix, VisitReport } from '../../contracts/visit-report.ts';
import type { Bay, BayPhoto, Shop, Stopwatch, Visit } from '../../contracts/visit.ts';
import { planImport, type ImportMode, type ImportPlace } from '../../core/shelf/bay-of-file.ts';
import { visitStopwatch } from '../../core/shelf/stopwatch.ts';
import { visitReport } from '../../core/shelf/visit-report.ts';
import { device } from '../device.ts';
import { shelfPhotos, type Handover, type PhotoOfBay } from './shelf-photos.svelte.ts';
import { shelfShops } from './shelf-shops.svelte.ts';

/** A bay as the visit shows it. */
export interface BayOfVisit {
  readonly bay: Bay;
  readonly photos: readonly BayPhoto[];
  /** Null until a photo was read. */
  readonly report: BayReport | null;
}

/** One visit on the screen. */
export class ShelfVisit {
  readonly id: string;
  #visit = $state.raw<Visit | null>(null);
  #shop = $state.raw<Shop | null>(null);
  #bays = $state.raw<readonly Bay[]>([]);
  #photos = $state.raw<readonly BayPhoto[]>([]);
  #reports = $state.raw<readonly BayReport[]>([]);
  #isLoaded = $state(false);
  #error = $state.raw<AppError | null>(null);

  constructor(id: string) {
    this.id = id;
  }

  /** Null until it is loaded, and when there is none of this id. */
  get visit(): Visit | null {
    return this.#visit;
  }

  get shop(): Shop | null {
    return this.#shop;
  }

  get isLoaded(): boolean {
    return this.#isLoaded;
  }

  get error(): AppError | null {
    return this.#error;
  }

  get photos(): readonly BayPhoto[] {
    return this.#photos;
  }

  /** Bays of the shop in walking order. */
  get bays(): readonly BayOfVisit[] {
    return this.#bays.map((bay) => ({
      bay,
      photos: this.#photos.filter(({ bayId }) => bayId === bay.id),
      report: this.#reports.find(({ bayId }) => bayId === bay.id) ?? null,
    }));
  }

  /** From the first photo to the last report; null without photos. */
  get stopwatch(): Stopwatch | null {
    return visitStopwatch(this.#photos);
  }

  /** Load it, or again after something changed: follow `shelfPhotos.changes`. */
  async load(): Promise<void> {
    try {
      const { visits, shops, bayPhotos, bayReports } = device();
      const visit = await visits.get(this.id);
      const [shop, bays, photos, reports] =
        visit === null
          ? [null, [], [], []]
          : await Promise.all([shops.get(visit.shopId), shops.bays(visit.shopId), bayPhotos.ofVisit(this.id), bayReports.ofVisit(this.id)]);
      this.#visit = visit;
      this.#shop = shop;
      this.#bays = bays;
      this.#photos = photos;
      this.#reports = reports;
      this.#error = null;
    } catch (caught) {
      this.#error = toAppError(caught, 'bug', 'store');
    } finally {
      this.#isLoaded = true;
    }
  }

  /** It begins: somebody is there. */
  async start(): Promise<void> {
    await this.#change({ status: 'open', startedAtMs: this.#visit?.startedAtMs ?? Date.now() });
  }

  async finish(): Promise<void> {
    await this.#change({ status: 'done', endedAtMs: Date.now() });
  }

  async reopen(): Promise<void> {
    await this.#change({ status: 'open', endedAtMs: null });
  }

  /** @param given who makes it, and what is to be remembered of it. */
  async describe(given: Partial<Pick<Visit, 'who' | 'note'>>): Promise<void> {
    await this.#change(given);
  }

  /** Bays at the end of the walk. */
  async addBays(names: readonly string[]): Promise<readonly Bay[]> {
    if (this.#visit === null) return [];
    const added = await shelfShops.addBays(this.#visit.shopId, names);
    await this.load();
    return added;
  }

  /** Which bay each photo of a folder shows. @param nameOf of a new bay, by its number in the walk from 1. */
  planImport(photos: readonly MediaRef[], mode: ImportMode, nameOf: (number: number) => string): readonly ImportPlace[] {
    return planImport(photos, this.#bays, mode, nameOf);
  }

  /**
   * Keep photos and begin to read them; new bays are made first. Photos without a place are left out.
   * @param label what the task tray calls each.
   */
  async import(photos: readonly MediaRef[], places: readonly ImportPlace[], label: (index: number) => string): Promise<Handover> {
    const names = places.flatMap(({ newBay }) => newBay ?? []).filter((name, index, all) => all.indexOf(name) === index);
    const made = names.length === 0 ? [] : await this.addBays(names);
    const placed = photos.flatMap((media): PhotoOfBay[] => {
      const place = places.find(({ photoId }) => photoId === media.id);
      const bayId = place?.bayId ?? made[names.indexOf(place?.newBay ?? '')]?.id;
      return bayId === undefined ? [] : [{ media, bayId }];
    });
    return this.add(placed, label);
  }

  /** Keep photos and begin to read them. A visit that was assigned begins with the first. */
  async add(photos: readonly PhotoOfBay[], label: (index: number) => string): Promise<Handover> {
    if (this.#visit === null) return { kept: [], refused: photos, error: null };
    if (this.#visit.status === 'assigned') await this.start();
    const handover = await shelfPhotos.add(this.#visit, photos, label);
    await this.load();
    return handover;
  }

  /** Tick something off a bay's fix-it list, or put it back. @throws AppError('quota-exceeded') */
  async tick(bayId: string, fixId: string, state: ReportFix['state']): Promise<void> {
    await device().bayReports.change(this.id, bayId, (report) => ({
      ...report,
      fixes: report.fixes.map((fix): ReportFix =>
        fix.id === fixId ? { ...fix, state, saidBy: state === 'open' ? null : 'user', changedAtMs: Date.now() } : fix,
      ),
    }));
    await this.load();
  }

  /** To another bay, e.g. when the import guessed wrong. */
  async movePhoto(photoId: string, bayId: string): Promise<void> {
    await device().bayPhotos.move(photoId, bayId);
    shelfPhotos.touch();
    await this.load();
  }

  async removePhoto(photoId: string): Promise<void> {
    if (shelfPhotos.running.includes(photoId)) shelfPhotos.cancel(photoId);
    await device().bayPhotos.remove(photoId);
    shelfPhotos.touch();
    await this.load();
  }

  /** The visit in numbers and names, as it is exported and sent. @returns null while it is not loaded */
  report(): VisitReport | null {
    const visit = this.#visit;
    if (visit === null) return null;
    return visitReport({ visit, shop: this.#shop, bays: this.#bays, photos: this.#photos, reports: this.#reports });
  }

  async #change(change: Partial<Visit>): Promise<void> {
    this.#visit = await device().visits.change(this.id, { ...change, updatedAtMs: Date.now() });
  }
}
