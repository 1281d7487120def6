/** @file One photo looked at: what is known so far, what the user made of it. A fresh one and one out of the history act alike. Thread: page. */
import type { PhotoAnalysis, StageState } from '../contracts/analysis.ts';
import type { VisionService } from '../contracts/client-api.ts';
import type { Judgement, Person } from '../contracts/dietary.ts';
import { AppError, toAppError } from '../contracts/errors.ts';
import type { Correction, HistoryEntry } from '../contracts/history.ts';
import type { LensSpec } from '../contracts/lens.ts';
import type { MediaRef } from '../contracts/media.ts';
import type { Candidate, Identification, Product } from '../contracts/product.ts';
import { WHOLE_FRAME } from '../contracts/geometry.ts';
import type { Priority, Stage } from '../contracts/task.ts';
import { NOTHING_YET } from '../flow/analysis-draft.ts';
import type { NewProduct } from '../flow/learn.ts';
import type { HistoryPatch } from '../store/history.ts';
import { requestPersistence } from '../store/quota.ts';
import { device } from './device.ts';
import { engine } from './engine.ts';
import { keepSpeeds } from './model-speeds.ts';
import { people } from './people.svelte.ts';
import { preferences } from './preferences.svelte.ts';
import { tasks, type TaskHandle } from './tasks.svelte.ts';

/** A photo shared as a picture: its bytes, and how many faces were blurred in it. */
export interface SharedPhoto {
  readonly blob: Blob;
  readonly faceCount: number;
}

/** One look; `looks` makes them. */
export class Look {
  readonly id: string;
  readonly lens: LensSpec;
  readonly atMs: number;
  readonly isRecalled: boolean;
  readonly #photo: Blob;
  readonly #photoUrl: string;
  #analysis = $state.raw<PhotoAnalysis>(NOTHING_YET);
  #error = $state.raw<AppError | null>(null);
  /** Why it could not be kept; the answer itself stands. */
  #storeError = $state.raw<AppError | null>(null);
  #isRunning = $state(false);
  #isFavourite = $state(false);
  #isKept = $state(false);
  #editedText = $state<string | null>(null);
  #chosen = $state.raw<Product | null>(null);
  #correction = $state.raw<Correction | null>(null);
  #judgement = $state.raw<Judgement | null>(null);
  #controller: AbortController | null = null;
  /** Set while it waits for its turn. */
  #leaveQueue: (() => void) | null = null;

  constructor(photo: Blob, { id, lens, atMs, isRecalled }: Pick<Look, 'id' | 'lens' | 'atMs' | 'isRecalled'>) {
    this.id = id;
    this.lens = lens;
    this.atMs = atMs;
    this.isRecalled = isRecalled;
    this.#photo = photo;
    this.#photoUrl = URL.createObjectURL(photo);
  }

  get photoUrl(): string {
    return this.#photoUrl;
  }

  get analysis(): PhotoAnalysis {
    return this.#analysis;
  }

  /** Set when there is nothing to show. */
  get error(): AppError | null {
    return this.#error;
  }

  get storeError(): AppError | null {
    return this.#storeError;
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  get isFavourite(): boolean {
    return this.#isFavourite;
  }

  /** True once it is in the history. */
  get isKept(): boolean {
    return this.#isKept;
  }

  /** The label's text as the user mended it; null when not edited. */
  get editedText(): string | null {
    return this.#editedText;
  }

  /** Product that the user confirmed, chose or added; null when not said. */
  get chosen(): Product | null {
    return this.#chosen;
  }

  /** Set while it can be taken back. */
  get correction(): Correction | null {
    return this.#correction;
  }

  get judgement(): Judgement | null {
    return this.#judgement;
  }

  /** The product that the answer is about; null while not sure and nothing chosen. */
  get product(): Product | null {
    const identification = this.#analysis.identification;
    if (this.#chosen !== null) return this.#chosen;
    return identification === null || identification.certainty === 'not-sure' ? null : (identification.candidates[0]?.product ?? null);
  }

  /** Text that was judged or would be: edited, else read. Empty when none. */
  get labelText(): string {
    return this.#editedText ?? this.#judgement?.label.text ?? this.#analysis.text?.text ?? '';
  }

  /** It will run when others have: it counts as running already. @param leaveQueue called when the user cancels before. */
  wait(leaveQueue: () => void): void {
    this.#leaveQueue = leaveQueue;
    this.#isRunning = true;
    this.#analysis = { ...NOTHING_YET, stages: { ...firstStages(this.lens), decode: 'waiting' } };
  }

  /** Run the lens over the photo. Resolves when it ended, whatever the outcome; see {@link error}. */
  async run(media: MediaRef, label: string, priority: Priority): Promise<void> {
    this.#leaveQueue = null;
    this.#controller?.abort();
    const controller = new AbortController();
    this.#controller = controller;
    this.#error = null;
    this.#storeError = null;
    this.#isRunning = true;
    // Shown at once, before the workers are even there.
    this.#analysis = { ...NOTHING_YET, stages: firstStages(this.lens) };
    try {
      await tasks.run(label, async ({ signal, onProgress }) => this.#analyse(media, { signal, onProgress, priority }), controller.signal);
    } catch (caught) {
      if (this.#controller === controller) this.#error = toAppError(caught);
    } finally {
      if (this.#controller === controller) {
        this.#isRunning = false;
        this.#controller = null;
      }
    }
  }

  /** Stop; what is known so far stays. */
  cancel(): void {
    this.#controller?.abort();
    if (this.#leaveQueue === null) return;
    const leave = this.#leaveQueue;
    this.#leaveQueue = null;
    this.#isRunning = false;
    this.#error = new AppError('cancelled', 'taken out of the queue');
    leave();
  }

  async #analyse(media: MediaRef, { signal, onProgress, priority }: TaskHandle & { readonly priority: Priority }): Promise<void> {
    const [{ pipeline }, { analysePhoto }] = await Promise.all([engine(), import('../flow/analyse-photo.ts')]);
    const analysis = await analysePhoto(media, this.lens, pipeline, {
      signal,
      priority,
      keepFrame: true,
      onUpdate: (update) => {
        this.#analysis = update;
        if (update.progress !== null) onProgress(update.progress);
        if (this.#editedText === null) this.#judgement = update.judgement;
      },
    });
    keepSpeeds(await pipeline.vision.modelStatus());
    try {
      if (preferences.settings.keepHistory) await this.#remember(analysis, media, pipeline.vision);
    } finally {
      // The worker may have ended; its frames ended with it.
      if (analysis.frame !== null) await pipeline.vision.close(analysis.frame.frameId).catch(() => {});
    }
  }

  /** What cannot be kept is said by {@link storeError}; it takes nothing from the answer. */
  async #remember(analysis: PhotoAnalysis, media: Pick<MediaRef, 'id' | 'capturedAtMs'>, vision: VisionService): Promise<void> {
    try {
      const { remember } = await import('../flow/remember.ts');
      const entry = await remember(analysis, media, this.lens, vision, device().history);
      this.#isKept = true;
      this.#storeError = null;
      this.#isFavourite = entry.isFavourite;
      // Now there is something to lose: ask the browser to keep it.
      void requestPersistence();
      const chosenId = this.#chosen?.id;
      if (this.#editedText !== null || chosenId !== undefined)
        await this.#keep(chosenId === undefined ? {} : { correctedProductId: chosenId });
    } catch (caught) {
      this.#storeError = toAppError(caught, 'bug', 'store');
    }
  }

  /** Try again to keep it, for instance after room was made. */
  async keepAgain(): Promise<void> {
    if (this.#isKept) return this.#keep();
    try {
      const { pipeline } = await engine();
      const frame = await pipeline.vision.open(this.#photo);
      try {
        await this.#remember({ ...this.#analysis, frame }, { id: this.id, capturedAtMs: this.atMs }, pipeline.vision);
      } finally {
        await pipeline.vision.close(frame.frameId).catch(() => {});
      }
    } catch (caught) {
      this.#storeError = toAppError(caught, 'bug', 'store');
    }
  }

  /** Fill from the history. */
  async fill(entry: HistoryEntry): Promise<void> {
    const { products, corrections } = device();
    const known = await products.byIds([
      ...entry.candidates.map(({ productId }) => productId),
      ...(entry.correctedProductId === null ? [] : [entry.correctedProductId]),
    ]);
    const identification: Identification | null =
      entry.candidates.length === 0 && entry.box === null
        ? null
        : {
            candidates: entry.candidates.map(({ productId, name, ...rest }): Candidate => ({
              ...rest,
              product: known.get(productId) ?? forgotten(productId, name),
            })),
            certainty: entry.certainty,
            box: entry.box ?? WHOLE_FRAME,
            barcodes: entry.barcodes,
            text: entry.text,
          };
    this.#analysis = {
      ...NOTHING_YET,
      barcodes: entry.barcodes,
      text: entry.text,
      identification,
      judgement: entry.judgement,
      backends: entry.backends,
      isComplete: true,
    };
    this.#isKept = true;
    this.#isFavourite = entry.isFavourite;
    this.#editedText = entry.editedText;
    this.#chosen = entry.correctedProductId === null ? null : (known.get(entry.correctedProductId) ?? null);
    this.#correction = (await corrections.ofHistory(this.id))[0] ?? null;
    this.#judgement = entry.judgement;
    await this.judgeAgain();
  }

  /** Judge by what the user made of the text; an empty text goes back to what was read. */
  async editText(text: string): Promise<void> {
    this.#editedText = text.trim() === '' ? null : text;
    await this.judgeAgain();
    await this.#keep();
  }

  /** Forget the edit. */
  async resetText(): Promise<void> {
    this.#editedText = null;
    await this.judgeAgain();
    await this.#keep();
  }

  /** After people, product or text changed. */
  async judgeAgain(): Promise<void> {
    if (!this.lens.stages.judge) return;
    const { judgeEditedText, judgeBest, trustedProduct } = await import('../flow/judge-contents.ts');
    const everybody: readonly Person[] = people.all;
    const { text, identification } = this.#analysis;
    if (this.#editedText !== null) this.#judgement = judgeEditedText(this.#editedText, everybody, Date.now());
    else this.#judgement = judgeBest(text, this.#chosen ?? trustedProduct(identification), everybody, this.atMs);
  }

  async setFavourite(isFavourite: boolean): Promise<void> {
    await device().history.setFavourite(this.id, isFavourite);
    this.#isFavourite = isFavourite;
  }

  /** "Yes, that is it" or "No, it is this one": learnt at once, found next time. */
  async teach(product: Product, kind: 'confirmed' | 'corrected', label: string): Promise<void> {
    await tasks.run(label, async (call) => {
      const [{ memory }, { teachProduct }] = await Promise.all([engine(), import('../flow/learn.ts')]);
      this.#correction = await teachProduct(this.#lesson(), product.id, kind, memory, call);
    });
    this.#chosen = product;
    await this.judgeAgain();
    await this.#keep();
  }

  /** A product that nobody knew: learnt at once, found next time. */
  async add(entered: NewProduct, label: string): Promise<void> {
    await tasks.run(label, async (call) => {
      const [{ memory }, { addProduct }] = await Promise.all([engine(), import('../flow/learn.ts')]);
      const { product, correction } = await addProduct(this.#lesson(), entered, memory, call);
      this.#correction = correction;
      this.#chosen = product;
    });
    await this.judgeAgain();
    await this.#keep();
  }

  /** Take the last correction back. */
  async undoCorrection(): Promise<void> {
    if (this.#correction === null) return;
    const [{ memory }, { unlearn }] = await Promise.all([engine(), import('../flow/learn.ts')]);
    await unlearn(this.#correction, memory);
    this.#correction = null;
    this.#chosen = null;
    await this.judgeAgain();
    await this.#keep();
  }

  /** The photo for others to see, downsized, faces blurred unless told otherwise. */
  async photoToShare(blurFaces: boolean, label: string): Promise<SharedPhoto> {
    return tasks.run(label, async (call) => {
      const { pipeline } = await engine();
      const { frameId } = await pipeline.vision.open(this.#photo, call);
      try {
        return await pipeline.vision.cropImage(frameId, { box: WHOLE_FRAME, maxSidePx: 1280, type: 'image/jpeg', blurFaces }, call);
      } finally {
        await pipeline.vision.close(frameId).catch(() => {});
      }
    });
  }

  /** Give the photo's memory back; the look must not be shown afterwards. */
  dispose(): void {
    this.cancel();
    URL.revokeObjectURL(this.#photoUrl);
  }

  #lesson() {
    const box = this.#analysis.identification?.box;
    return { historyId: this.#isKept ? this.id : '', photo: this.#photo, ...(box === undefined ? {} : { box }) };
  }

  async #keep(more: HistoryPatch = {}): Promise<void> {
    if (!this.#isKept) return;
    try {
      await device().history.update(this.id, { editedText: this.#editedText, judgement: this.#judgement, ...more });
      this.#storeError = null;
    } catch (caught) {
      this.#storeError = toAppError(caught, 'bug', 'store');
    }
  }
}

function firstStages(lens: LensSpec): Partial<Record<Stage, StageState>> {
  const { barcode, embed, read, judge } = lens.stages;
  return {
    decode: 'running',
    ...(barcode ? { barcode: 'waiting' } : {}),
    ...(embed === false ? {} : { embed: 'waiting', match: 'waiting' }),
    ...(read === false ? {} : { read: 'waiting' }),
    ...(judge ? { judge: 'waiting' } : {}),
  };
}

/** A product that is no longer on this device: its name is all that the history kept. */
function forgotten(id: string, name: string): Product {
  return { id, name: { ja: name }, gtins: [], kind: 'packaged', packWords: [], source: 'history', updatedAtMs: 0 };
}
