/** @file Visits of this device: today's, open ones, those whose data waits to be sent. Thread: page. */
import type { Visit } from '../../contracts/visit.ts';
import { endOfToday } from '../day.ts';
import { device } from '../device.ts';
import { Loaded } from '../loaded.svelte.ts';

/** A visit that nobody has made yet, or that begins now. */
export function newVisit(given: Pick<Visit, 'shopId' | 'routeId' | 'who' | 'plannedForMs' | 'status'>): Visit {
  const now = Date.now();
  return {
    ...{ id: crypto.randomUUID(), ...given, startedAtMs: given.status === 'assigned' ? null : now, endedAtMs: null, note: '' },
    ...{ sending: 'not-asked', sentAtMs: null, updatedAtMs: now },
  };
}

/** One look at the list of visits. */
export class ShelfVisits {
  readonly #all = new Loaded<readonly Visit[]>(() => device().visits.list());

  /** Newest first; null until they came for the first time. */
  get all(): readonly Visit[] | null {
    return this.#all.value;
  }

  get error() {
    return this.#all.error;
  }

  /** Assigned for today or before, or for any day, and what is open; in the order of the day. */
  get today(): readonly Visit[] {
    const midnight = endOfToday();
    return (this.all ?? [])
      .filter(({ status, plannedForMs }) => status === 'open' || (status === 'assigned' && (plannedForMs ?? 0) < midnight))
      .sort((a, b) => (a.plannedForMs ?? a.updatedAtMs) - (b.plannedForMs ?? b.updatedAtMs));
  }

  /** Assigned for a later day. */
  get later(): readonly Visit[] {
    const midnight = endOfToday();
    return (this.all ?? []).filter(({ status, plannedForMs }) => status === 'assigned' && (plannedForMs ?? 0) >= midnight).reverse();
  }

  get done(): readonly Visit[] {
    return (this.all ?? []).filter(({ status }) => status === 'done');
  }

  get unsent(): readonly Visit[] {
    return (this.all ?? []).filter(({ sending }) => sending === 'waiting');
  }

  load(): Promise<void> {
    return this.#all.load();
  }

  /** A visit that was not assigned. It begins now. */
  async start(shopId: string, who: string): Promise<Visit> {
    const visit = newVisit({ shopId, routeId: null, who, plannedForMs: null, status: 'open' });
    await device().visits.put(visit);
    await this.load();
    return visit;
  }

  /** With its photos and what was read in them. */
  async remove(id: string): Promise<void> {
    await device().visits.remove(id);
    await this.load();
  }
}
