/** @file Delivering a race: what, to whom, how it looks, how far it is, what came of it. One run at a time. Thread: page. */
import { SvelteSet } from 'svelte/reactivity';
import { AppError } from '../../contracts/errors.ts';
import type { RacePhoto } from '../../contracts/race.ts';
import { DEFAULT_PRESET, type DeliveryPreset, type DeliveryProgress, type DeliveryResult } from '../../contracts/race-delivery.ts';
import { safeName } from '../../core/race/file-names.ts';
import {
  bestShots,
  deliverySummary,
  runnersOf,
  type DeliverySummary,
  type RaceContents,
  type Runner,
} from '../../core/race/runner-photos.ts';
import { breather } from '../../flow/breather.ts';
import type { DeliveryOrder, DeliveryTarget } from '../../flow/deliver-race.ts';
import { allowWriting, canWriteFolders, pickTargetFile, pickTargetFolder } from '../../flow/race-target.ts';
import { exportRace, importRace } from '../../store/race-export.ts';
import { device } from '../device.ts';
import { Loaded } from '../loaded.svelte.ts';
import { readContents } from './race-contents.ts';
import { raceDeliveryWords } from './race-delivery-words.ts';
import { RaceRun, type RunPlaces } from './race-run.svelte.ts';

/** A file to hand to the user. */
export interface DeliveredFile {
  readonly blob: Blob;
  readonly name: string;
}

/** Parts of a preset that decide which photos a runner has. */
const CHOICES = ['certainty', 'withDuplicates', 'minSharpness01'] as const satisfies readonly (keyof DeliveryPreset)[];

/** The delivery page of one race. */
export class RaceDelivery {
  readonly eventId: string;
  readonly #open: (photoId: string) => Promise<Blob>;
  readonly #contents: Loaded<RaceContents>;
  /** By the form as it is. */
  readonly #runners: Loaded<readonly Runner[]>;
  /** What the next run makes; changed by the form. */
  #preset = $state.raw<DeliveryPreset>(DEFAULT_PRESET);
  #presets = $state.raw<readonly DeliveryPreset[]>([]);
  /** Only these numbers get theirs; empty: everybody. */
  readonly bibs = new SvelteSet<string>();
  readonly #run = new RaceRun();
  #result = $state.raw<DeliveryResult | null>(null);
  #file = $state.raw<DeliveredFile | null>(null);

  /**
   * @param open a photo's file, e.g. `raceImport.file`. @throws AppError there when it is gone or out of reach
   */
  constructor(eventId: string, open: (photoId: string) => Promise<Blob>) {
    this.eventId = eventId;
    this.#open = open;
    this.#contents = new Loaded(() => readContents(eventId));
    this.#runners = new Loaded(async () => {
      const contents = this.#contents.value;
      return contents === null ? [] : runnersOf(contents, this.#preset, breather());
    });
  }

  get preset(): DeliveryPreset {
    return this.#preset;
  }

  /** Kept in the settings, by name. */
  get presets(): readonly DeliveryPreset[] {
    return this.#presets;
  }

  /** Null until it is loaded. */
  readonly summary: DeliverySummary | null = $derived.by(() => {
    const runners = this.#runners.value;
    if (runners === null) return null;
    return deliverySummary(this.#preset.onlyBest ? bestShots(runners) : runners, (bib) => this.bibs.size === 0 || this.bibs.has(bib));
  });

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
    return this.#run.error ?? this.#contents.error;
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
    await this.#contents.load();
    await this.#runners.load();
  }

  /** The form changed. */
  change(change: Partial<DeliveryPreset>): void {
    const before = this.#preset;
    this.#preset = { ...before, ...change };
    this.#result = null;
    this.#file = null;
    if (CHOICES.some((name) => before[name] !== this.#preset[name])) void this.#runners.load();
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
      if (kind === 'json')
        this.#file = { blob: await exportRace(device().database, this.eventId, Date.now()), name: this.#fileName('json') };
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
    const { deliverTable } = await import('../../flow/deliver-race.ts');
    this.#file = { blob: await deliverTable(await this.#order()), name: this.#fileName('csv') };
  }

  async #pickTarget(toFolder: boolean): Promise<DeliveryTarget> {
    if (toFolder) return { to: 'folder', folder: await pickTargetFolder() };
    return { to: 'file', file: await pickTargetFile(this.#fileName('zip')) };
  }

  async #order(): Promise<DeliveryOrder> {
    // As it is now: photos are read while the page is open.
    await this.#contents.load();
    const contents = this.#contents.value;
    if (contents === null) throw this.#contents.error ?? new AppError('invalid-input', 'the race is gone');
    return {
      contents,
      preset: this.#preset,
      bibs: this.bibs.size === 0 ? null : [...this.bibs],
      open: (photo: RacePhoto) => this.#open(photo.id),
      words: raceDeliveryWords(),
    };
  }

  #fileName(ending: string): string {
    const event = this.#contents.value?.event;
    return safeName(event === undefined ? 'race' : `${event.name} ${event.day}`, `.${ending}`);
  }
}

/** @returns id of the race that the file holds. @throws AppError('invalid-input' | 'quota-exceeded') */
export function importRaceFile(file: Blob): Promise<string> {
  return importRace(device().database, file);
}
