/**
 * @file Visits whose data the user wants handed in. They wait on disk and go when they can: at once, when the network is back, when the app is
 * opened again. The photos never go. Thread: page.
 */
import { toAppError, type AppError } from '../../contracts/errors.ts';
import type { VisitReport } from '../../contracts/visit-report.ts';
import type { Visit } from '../../contracts/visit.ts';
import { visitReport } from '../../core/shelf/visit-report.ts';
import { device } from '../device.ts';
import { engine } from '../engine.ts';

/** Switches of the privacy page go by it. */
const LENS_ID = 'shelf';

class ShelfSending {
  #isRunning = $state(false);
  #waiting = $state(0);
  #error = $state.raw<AppError | null>(null);
  /** Counts visits whose sending changed, for lists that show it. */
  #changes = $state(0);
  #isListening = false;
  #isWantedAgain = false;

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** Visits that wait. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Why the last try ended early: `offline`, `permission-denied` (the switch is off) or what the server refused. */
  get error(): AppError | null {
    return this.#error;
  }

  get changes(): number {
    return this.#changes;
  }

  /** Exactly what would leave. @returns null when there is no such visit */
  async preview(visitId: string): Promise<VisitReport | null> {
    const { visits, shops, bayPhotos, bayReports } = device();
    const visit = await visits.get(visitId);
    if (visit === null) return null;
    const [shop, bays, photos, reports] = await Promise.all([
      shops.get(visit.shopId),
      shops.bays(visit.shopId),
      bayPhotos.ofVisit(visitId),
      bayReports.ofVisit(visitId),
    ]);
    return visitReport({ visit, shop, bays, photos, reports });
  }

  /** The user wants it handed in. Resolves when it was tried once; a visit that could not go waits. */
  async send(visitId: string): Promise<void> {
    await this.#mark(visitId, { sending: 'waiting' });
    await this.sendWaiting();
  }

  /** Not any more. What was handed in already stays with the server. */
  async withdraw(visitId: string): Promise<void> {
    await this.#mark(visitId, { sending: 'not-asked' });
    await this.#count();
  }

  /** Try what waits, now and whenever the network comes back. Call it when the shelf's pages are opened; again is harmless. */
  start(): void {
    if (!this.#isListening) addEventListener('online', () => void this.sendWaiting());
    this.#isListening = true;
    void this.sendWaiting();
  }

  /** One after the other, oldest first; stops at the first that cannot go now. Never rejects: see {@link error}. */
  async sendWaiting(): Promise<void> {
    if (this.#isRunning) {
      // The network may have come back while the last try was still failing.
      this.#isWantedAgain = true;
      return;
    }
    this.#isRunning = true;
    this.#error = null;
    try {
      for (const { id } of await device().visits.unsent()) if (!(await this.#sendOne(id))) break;
    } catch (caught) {
      this.#error = toAppError(caught);
    } finally {
      await this.#count().catch(() => {});
      this.#isRunning = false;
    }
    const isWantedAgain = this.#isWantedAgain;
    this.#isWantedAgain = false;
    if (isWantedAgain) await this.sendWaiting();
  }

  /** @returns whether the next may be tried */
  async #sendOne(visitId: string): Promise<boolean> {
    const report = await this.preview(visitId);
    if (report === null) return true;
    try {
      const { server } = await engine();
      const answer = await server.handIn(LENS_ID, report);
      // The switch is off: it waits until the user turns it on, or takes it back.
      if (answer === null) return false;
      await this.#mark(visitId, { sending: 'sent', sentAtMs: answer.receivedAtMs });
      return true;
    } catch (caught) {
      const error = toAppError(caught);
      this.#error = error;
      // Trying the same again would be refused again.
      const isFinal = error.code === 'invalid-input' || (error.code === 'server-refused' && !error.retryable);
      if (isFinal) await this.#mark(visitId, { sending: 'refused' });
      return isFinal;
    }
  }

  async #mark(visitId: string, change: Partial<Pick<Visit, 'sending' | 'sentAtMs'>>): Promise<void> {
    await device().visits.change(visitId, change);
    this.#changes += 1;
  }

  async #count(): Promise<void> {
    this.#waiting = (await device().visits.unsent()).length;
  }
}

/** What waits to be handed in on this device. */
export const shelfSending = new ShelfSending();
