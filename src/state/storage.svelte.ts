/** @file How much this device stores and may store, as the settings page shows it. Thread: page. */
import { estimateStorage, requestPersistence, type StorageEstimate } from '../store/quota.ts';

class Storage {
  #estimate = $state.raw<StorageEstimate | null>(null);

  /** Null until it was asked. */
  get estimate(): StorageEstimate | null {
    return this.#estimate;
  }

  async load(): Promise<void> {
    this.#estimate = await estimateStorage();
  }

  /** Ask the browser to keep the data. @returns whether it will. */
  async persist(): Promise<boolean> {
    const isKept = await requestPersistence();
    await this.load();
    return isKept;
  }
}

/** The storage of this device. */
export const storage = new Storage();
