/**
 * @file Pages of runners on a server: off until switched on for the lens, published one after the other, taken down by runners. Thread: page.
 */
import type { AppError } from '../../contracts/errors.ts';
import type { RunnerPage } from '../../contracts/race-gallery.ts';
import type { DeliveryPreset, DeliveryProblem, DeliveryProgress } from '../../contracts/race-delivery.ts';
import { chosenRunners, runnersOf } from '../../core/race/runner-photos.ts';
import { breather } from '../../core/breather.ts';
import type { PublishPlaces, PublishWish } from '../../flow/race-publish.ts';
import { keptKey } from '../../store/operator-key.ts';
import { readRaceContents } from '../../store/race-contents.ts';
import { device } from '../device.ts';
import { engine } from '../engine.ts';
import { Loaded } from '../loaded.svelte.ts';
import { RaceRun, type RunPlaces } from './race-run.svelte.ts';

/** Switches of the privacy page go by it. */
const LENS_ID = 'bib';

/** A page and the link to it. */
export interface LinkedPage {
  readonly page: RunnerPage;
  readonly link: string;
}

/** The publishing part of one race's delivery page. */
export class RacePublishing {
  readonly eventId: string;
  readonly #open: (photoId: string) => Promise<Blob>;
  readonly #pages: Loaded<readonly LinkedPage[]>;
  #isAllowed = $state(false);
  readonly #run = new RaceRun();
  #problems = $state.raw<readonly DeliveryProblem[]>([]);

  /** @param open a photo's file. @throws AppError there when it is gone or out of reach */
  constructor(eventId: string, open: (photoId: string) => Promise<Blob>) {
    this.eventId = eventId;
    this.#open = open;
    this.#pages = new Loaded(() => linkedPages(eventId));
  }

  /** Both kinds are switched on for the lens. */
  get isAllowed(): boolean {
    return this.#isAllowed;
  }

  /** Null until they are loaded. */
  get pages(): readonly LinkedPage[] | null {
    return this.#pages.value;
  }

  /** Runners, of the run under way or the last one. */
  get progress(): DeliveryProgress | null {
    return this.#run.progress;
  }

  /** Photos of the last run that are on no page. */
  get problems(): readonly DeliveryProblem[] {
    return this.#problems;
  }

  /** Why the last run ended early; the same again goes on there. `server-refused` with 401: the server wants an operator's key. */
  get error(): AppError | null {
    return this.#run.error ?? this.#pages.error;
  }

  get isRunning(): boolean {
    return this.#run.isRunning;
  }

  /** Read what is known here. */
  async load(): Promise<void> {
    const { settings } = device();
    const [gallery, thumbnail] = await Promise.all([settings.mayLeave(LENS_ID, 'gallery'), settings.mayLeave(LENS_ID, 'thumbnail')]);
    this.#isAllowed = gallery && thumbnail;
    await this.#pages.load();
  }

  /** Flip both switches. */
  async allow(isAllowed: boolean): Promise<void> {
    const { settings } = device();
    await settings.setMayLeave(LENS_ID, 'gallery', isAllowed);
    await settings.setMayLeave(LENS_ID, 'thumbnail', isAllowed);
    await this.load();
  }

  /** Publish pages of these numbers, or bring them up to date. @param bibs null: everybody. Never rejects. */
  async publish(bibs: readonly string[] | null, choice: DeliveryPreset, wish: PublishWish): Promise<void> {
    await this.#begin(async (places, { signal, onProgress }) => {
      const { publishRunner } = await import('../../flow/race-publish.ts');
      const contents = await readRaceContents(device().database, this.eventId);
      const runners = chosenRunners(await runnersOf(contents, choice, breather()), { onlyBest: choice.onlyBest, bibs });
      const problems: DeliveryProblem[] = [];
      for (const [done, runner] of runners.entries()) {
        onProgress({ done, total: runners.length, problems: problems.length });
        problems.push(...(await publishRunner(runner, contents, wish, places, (page) => device().runnerPages.put(page), signal)));
        this.#problems = [...problems];
      }
      onProgress({ done: runners.length, total: runners.length, problems: problems.length });
    });
  }

  /** Take a page back. Never rejects. */
  async withdraw(page: RunnerPage): Promise<void> {
    await this.#begin(async (places) => {
      const { withdrawRunner } = await import('../../flow/race-publish.ts');
      await device().runnerPages.put(await withdrawRunner(page, await readRaceContents(device().database, this.eventId), places));
    });
  }

  /** Ask the server which pages runners had taken down. @returns how many are new. Never rejects: offline, there is nothing to say. */
  async askTakeDowns(): Promise<number> {
    try {
      const { server } = await engine();
      const { items } = await server.takeDowns(await keyOfServer());
      const gone = items.map(({ id }) => id);
      const own = (await device().runnerPages.ofEvent(this.eventId)).filter(
        ({ galleryId, state }) => gone.includes(galleryId) && state !== 'taken-down',
      );
      for (const page of own) await device().runnerPages.put({ ...page, state: 'taken-down', changedAtMs: Date.now() });
      await this.#pages.load();
      return own.length;
    } catch {
      return 0;
    }
  }

  cancel(): void {
    this.#run.cancel();
  }

  async #begin(work: (places: PublishPlaces, run: RunPlaces) => Promise<void>): Promise<void> {
    await this.#run.run(async (run) => {
      this.#problems = [];
      const { createPictures } = await import('../../flow/picture-service.ts');
      const pictures = createPictures();
      try {
        const { pipeline, server } = await engine();
        const secret = await device().runnerPages.secret();
        const open: PublishPlaces['open'] = ({ id }) => this.#open(id);
        await work({ open, vision: pipeline.vision, pictures, server, lensId: LENS_ID, secret, key: await keyOfServer() }, run);
      } finally {
        pictures.end();
        await this.#pages.load();
      }
    });
  }
}

async function linkedPages(eventId: string): Promise<LinkedPage[]> {
  const { runnerPages } = device();
  const [pages, secret, origin, { galleryLink }] = await Promise.all([
    ...([runnerPages.ofEvent(eventId), runnerPages.secret(), originOfServer()] as const),
    import('../../flow/race-publish.ts'),
  ]);
  return pages.map((page) => ({ page, link: galleryLink(origin, secret, page.galleryId) }));
}

async function originOfServer(): Promise<string> {
  return new URL((await device().settings.get('serverUrl')) || location.origin).origin;
}

/** The operator's key that this browser keeps for the server; null: none, which is enough on the server's own machine. */
async function keyOfServer(): Promise<string | null> {
  return keptKey(await originOfServer());
}
