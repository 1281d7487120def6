/** @file How much this device stores and may store. Thread: page. */

/** Bytes; null where the browser does not say. */
export interface StorageEstimate {
  readonly usageBytes: number | null;
  readonly quotaBytes: number | null;
  /** True: the browser will not clear the data on its own. */
  readonly isPersistent: boolean;
}

/** What the browser says; an estimate, rounded by some browsers. */
export async function estimateStorage(storage: StorageManager | undefined = browserStorage()): Promise<StorageEstimate> {
  if (storage === undefined) return { usageBytes: null, quotaBytes: null, isPersistent: false };
  const [estimate, isPersistent] = await Promise.all([
    storage.estimate().catch((): { usage?: number; quota?: number } => ({})),
    storage.persisted().catch(() => false),
  ]);
  return { usageBytes: estimate.usage ?? null, quotaBytes: estimate.quota ?? null, isPersistent };
}

/** Ask the browser to keep the data. Asking again is harmless. @returns whether it will. */
export async function requestPersistence(storage: StorageManager | undefined = browserStorage()): Promise<boolean> {
  if (storage === undefined) return false;
  try {
    return (await storage.persisted()) || (await storage.persist());
  } catch {
    return false; // Opaque origins and some private modes reject; the data is best-effort there.
  }
}

/** @returns false only when the browser says that `bytes` will not fit. */
export async function hasRoomFor(bytes: number, storage: StorageManager | undefined = browserStorage()): Promise<boolean> {
  const { usageBytes, quotaBytes } = await estimateStorage(storage);
  return usageBytes === null || quotaBytes === null || usageBytes + bytes <= quotaBytes;
}

function browserStorage(): StorageManager | undefined {
  // Absent outside secure contexts, whatever the type says.
  return typeof navigator === 'undefined' ? undefined : (navigator as { storage?: StorageManager }).storage;
}
