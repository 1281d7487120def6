/** @file Delivering a race: what, to whom, how it looks, how far it is, what came of it. One run at a time. Thread: page. */
import type { AppError } from '../../contracts/errors.ts';
import type { RaceEvent, RacePhoto } from '../../contracts/race.ts';
import {
  DEFAULT_PRESET,
  type DeliveryPreset,
  type DeliveryProgress,
  type DeliveryResult,
  type DeliverySummary,
} from '../../contracts/race-delivery.ts';
import type { DeliveryQuestion } from '../../contracts/race-desk-api.ts';
import { safeName } from '../../core/race/file-names.ts';
import type { DeliveryOrder, DeliveryTarget } from '../../flow/deliver-race.ts';
import { raceDesk } from '../../flow/race-desk.ts';
import { allowWriting, canWriteFolders, pickTargetFile, pickTargetFolder } from '../../flow/race-target.ts';
import { readRaceContents } from '../../store/race-contents.ts';
import { device } from '../device.ts';
import { Loaded } from '../loaded.svelte.ts';
import { raceSiteWords, raceTableWords } from './race-delivery-words.ts';
import { RaceRun, type RunPlaces } from './race-run.svelte.ts';

/** A file to hand to the user. */
export interface DeliveredFile {
  readonly blob: Blob;
  readonly name: string;
}

/** Parts of a preset that decide which photos a runner has. */
const CHOICES = ['certainty', 'withDuplicates', 'minSharpness01', 'onlyBest'] as const satisfies readonly (keyof DeliveryPreset)[];

/** The delivery page of one race. */
export class RaceDelivery {
  readonly eventId: string;
  readonly #open: (photoId: string) => Promise<Blob>;
  #event: RaceEvent | null = null;
  /** By the form as it is. */
  readonly #summary: Loaded<DeliverySummary>;
  /** See {@link DeliveryQuestion}. */
  #token = '';
  /** What the next run makes; changed by the form. */
  #preset = $state.raw<DeliveryPreset>(DEFAULT_PRESET);
  #presets = $state.raw<readonly DeliveryPreset[]>([]);
  #bibs = $state.raw<readonly string[]>([]);
  readonly #run = new RaceRun();
  #result = $state.raw<DeliveryResult | null>(null);
  #file = $state.raw<DeliveredFile | null>(null);

  /**
   * @param open a photo's file, e.g. `raceImport.file`. @throws AppError there when it is gone or out of reach
   */
  constructor(eventId: string, open: (photoId: string) => Promise<Blob>) {
    this.eventId = eventId;
    this.#open = open;
    this.#summary = new Loaded(() => raceDesk().summary(this.#question()));
  }

  get preset(): DeliveryPreset {
    return this.#preset;
  }

  /** Kept in the settings, by name. */
  get presets(): readonly DeliveryPreset[] {
    return this.#presets;
  }

  /** Only these numbers get theirs; empty: everybody. */
  get bibs(): readonly string[] {
    return this.#bibs;
  }

  /** Null until it is loaded. */
  get summary(): DeliverySummary | null {
    return this.#summary.value;
  }

  /** Null while nothing runs and nothing ran. */
  get progress(): DeliveryProgress | null {
    return this.#run.progress;
  }

  /** Of the last run that came to its end. */
  get result(): DeliveryResult | null {
    return this.#result;
  }

  /** To be handed to the user (`ui/save-file.ts`); null when it is where it was wanted. */
  get file(): DeliveredFile | null {
    return this.#file;
  }

  /** Why the last run ended early; `cancelled` is no reason. What was written stays, and the same run again goes on there. */
  get error(): AppError | null {
    return this.#run.error ?? this.#summary.error;
  }

  get isRunning(): boolean {
    return this.#run.isRunning;
  }

  /** False: everything comes as one ZIP. */
  get canWriteFolders(): boolean {
    return canWriteFolders();
  }

  /** Read what there is to deliver (again). */
  async load(): Promise<void> {
    this.#presets = await device().settings.get('raceDelivery');
    this.#event = await device().raceEvents.get(this.eventId);
    this.#token = crypto.randomUUID();
    await this.#summary.load();
  }

  /** Only these numbers get theirs; none: everybody. */
  limit(bibs: readonly string[]): void {
    if (bibs.join('\n') === this.#bibs.join('\n')) return;
    this.#bibs = bibs;
    if (this.#token !== '') void this.#summary.load();
  }

  /** The form changed. */
  change(change: Partial<DeliveryPreset>): void {
    const before = this.#preset;
    this.#preset = { ...before, ...change };
    this.#result = null;
    this.#file = null;
    if (CHOICES.some((name) => before[name] !== this.#preset[name])) void this.#summary.load();
  }

  /** Take a preset over into the form. */
  use(preset: DeliveryPreset): void {
    this.change(preset);
  }

  /** Keep the form under a name; the same name is replaced. @throws AppError('invalid-input' | 'quota-exceeded') */
  async keep(name: string): Promise<void> {
    const preset = { ...this.#preset, name, id: crypto.randomUUID() };
    await this.#changePresets((kept) => [...kept.filter((each) => each.name !== name), preset]);
    this.#preset = preset;
  }

  async forget(id: string): Promise<void> {
    await this.#changePresets((kept) => kept.filter((preset) => preset.id !== id));
  }

  /** Call it in a click: it may ask for a folder. `toFolder` false: one ZIP. Never rejects; see {@link result} and {@link error}. */
  async start({ toFolder = canWriteFolders() }: { readonly toFolder?: boolean } = {}): Promise<void> {
    await this.#begin(async (run) => {
      const { kind } = this.#preset;
      if (kind === 'json') this.#file = { blob: await raceDesk().exportRace(this.eventId, Date.now()), name: this.#fileName('json') };
      else if (kind === 'csv') await this.#makeTable();
      // Before anything is awaited: the browser asks only while the click is fresh.
      else await this.#deliver(await this.#pickTarget(toFolder && kind !== 'zip'), run);
    });
  }

  /**
   * Sidecars beside the photos, into the folders that they come from. Call it in a click: the browser asks whether they may be written to.
   * Never rejects.
   */
  async writeBeside(folders: ReadonlyMap<string, FileSystemDirectoryHandle>): Promise<void> {
    await this.#begin(async (run) => {
      for (const folder of folders.values()) await allowWriting(folder);
      await this.#deliver({ to: 'beside', folders }, run);
    });
  }

  /** What was written stays. */
  cancel(): void {
    this.#run.cancel();
  }

  #begin(work: (run: RunPlaces) => Promise<void>): Promise<void> {
    return this.#run.run((places) => {
      this.#result = null;
      this.#file = null;
      return work(places);
    });
  }

  async #deliver(target: DeliveryTarget, run: RunPlaces): Promise<void> {
    const { deliverRace } = await import('../../flow/deliver-race.ts');
    const { result, file } = await deliverRace(await this.#order(), target, run);
    this.#result = result;
    this.#file = file === null ? null : { blob: file, name: file.name };
  }

  async #changePresets(change: (kept: readonly DeliveryPreset[]) => readonly DeliveryPreset[]): Promise<void> {
    const { settings } = device();
    const changed = change(await settings.get('raceDelivery'));
    await settings.set(
      'raceDelivery',
      [...changed].sort((a, b) => a.name.localeCompare(b.name)),
    );
    this.#presets = await settings.get('raceDelivery');
  }

  async #makeTable(): Promise<void> {
    // As it is now: photos are read while the page is open.
    this.#token = crypto.randomUUID();
    const blob = await raceDesk().table(this.#question(), raceTableWords(), this.#preset.withNames);
    this.#file = { blob, name: this.#fileName('csv') };
  }

  #question(): DeliveryQuestion {
    const { certainty, withDuplicates, minSharpness01, onlyBest } = this.#preset;
    const choice = { certainty, withDuplicates, minSharpness01, onlyBest, bibs: this.#bibs.length === 0 ? null : this.#bibs };
    return { eventId: this.eventId, token: this.#token, choice };
  }

  async #pickTarget(toFolder: boolean): Promise<DeliveryTarget> {
    if (toFolder) return { to: 'folder', folder: await pickTargetFolder() };
    return { to: 'file', file: await pickTargetFile(this.#fileName('zip')) };
  }

  async #order(): Promise<DeliveryOrder> {
    return {
      contents: await readRaceContents(device().database, this.eventId),
      preset: this.#preset,
      bibs: this.#bibs.length === 0 ? null : this.#bibs,
      open: (photo: RacePhoto) => this.#open(photo.id),
      words: raceSiteWords(),
    };
  }

  #fileName(ending: string): string {
    const event = this.#event;
    return safeName(event === null ? 'race' : `${event.name} ${event.day}`, `.${ending}`);
  }
}

/** @returns id of the race that the file holds. @throws AppError('invalid-input' | 'quota-exceeded') */
export function importRaceFile(file: Blob): Promise<string> {
  return raceDesk().importRace(file);
}
