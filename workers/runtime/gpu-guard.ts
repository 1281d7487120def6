/** @file Watches the GPU device and remembers which models failed their self-test on it. Thread: vision worker. */
import type { AdapterDescription } from '../../src/models/choose-backend.ts';

/** Where self-test outcomes are kept between visits. */
const OUTCOME_CACHE = 'self-tests-1';

/** Notices the loss of a WebGPU device. */
export class GpuGuard {
  #isLost = false;
  #reason = '';
  readonly #watched = new WeakSet<object>();

  /** Watch a device; the same one is watched once. A device destroyed by the page itself counts as lost too: nothing can run on it. */
  watch(device: Pick<GPUDevice, 'lost'>): void {
    if (this.#watched.has(device)) return;
    this.#watched.add(device);
    void device.lost.then(({ message, reason }) => {
      this.#isLost = true;
      this.#reason = `${reason}: ${message}`;
    });
  }

  get isLost(): boolean {
    return this.#isLost;
  }

  get reason(): string {
    return this.#reason;
  }
}

/** What the browser says about its GPU; null when it has none, or hides it. */
export async function describeAdapter(): Promise<AdapterDescription | null> {
  const gpu = (navigator as { gpu?: GPU }).gpu;
  try {
    const adapter = await gpu?.requestAdapter({ powerPreference: 'high-performance' });
    if (adapter === undefined || adapter === null) return null;
    const { vendor, architecture, device, isFallbackAdapter } = adapter.info;
    return { vendor, architecture, device, isFallback: isFallbackAdapter };
  } catch {
    return null;
  }
}

/** Remembered outcome of a self-test; null when it never ran. Storage that is blocked remembers nothing: the test runs again. */
export async function rememberedOutcome(key: string): Promise<'passed' | 'failed' | null> {
  try {
    const response = await (await caches.open(OUTCOME_CACHE)).match(outcomeUrl(key));
    const text = await response?.text();
    return text === 'passed' || text === 'failed' ? text : null;
  } catch {
    return null;
  }
}

/** Remember the outcome of a self-test. */
export async function rememberOutcome(key: string, outcome: 'passed' | 'failed'): Promise<void> {
  try {
    await (await caches.open(OUTCOME_CACHE)).put(outcomeUrl(key), new Response(outcome));
  } catch {
    // Blocked or full: the test runs again next time.
  }
}

function outcomeUrl(key: string): string {
  return new URL(`self-tests/${encodeURIComponent(key)}`, self.location.origin).href;
}
