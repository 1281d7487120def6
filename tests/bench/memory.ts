/**
 * @file What a page and its workers hold in memory, and the processor time that they take: JavaScript heaps after a forced collection, what the browser attributes to each, and the
 * renderer process as the operating system counts it. Used by the soak of `npm run bench` and by its short end-to-end test.
 */
import { readFile } from 'node:fs/promises';
import type { Browser, CDPSession, Page } from '@playwright/test';

/** One measurement; sizes in bytes. Null where it cannot be had. */
export interface MemorySample {
  /** JavaScript heap of the page. */
  readonly pageHeap: number;
  /** Live DOM nodes. */
  readonly nodes: number;
  /** JavaScript heaps of the workers, by the first word of the script's name (`vision`, `index`). */
  readonly workerHeaps: Readonly<Record<string, number>>;
  /** Page and workers as the browser counts them, buffers and WebAssembly memory included; slow, so only when asked for. */
  readonly attributed: number | null;
  /** Resident memory of the renderer process, less what it shares with others. Linux only. */
  readonly renderer: number | null;
}

interface Attached {
  readonly sessionId: string;
  readonly targetInfo: { readonly type: string; readonly url: string };
}

/** Measures one page; made once. */
export class MemoryProbe {
  readonly #page: Page;
  readonly #session: CDPSession;
  readonly #workers = new Map<string, string>();
  readonly #waiting = new Map<number, (message: { result?: unknown; error?: { message: string } }) => void>();
  #lastMessage = 0;

  private constructor(page: Page, session: CDPSession) {
    this.#page = page;
    this.#session = session;
  }

  static async attach(page: Page): Promise<MemoryProbe> {
    const session = await page.context().newCDPSession(page);
    const probe = new MemoryProbe(page, session);
    session.on('Target.attachedToTarget', ({ sessionId, targetInfo }: Attached) => {
      if (targetInfo.type === 'worker') probe.#workers.set(sessionId, targetInfo.url);
    });
    session.on('Target.detachedFromTarget', ({ sessionId }: { sessionId: string }) => probe.#workers.delete(sessionId));
    session.on('Target.receivedMessageFromTarget', ({ message }: { message: string }) => {
      const answer = JSON.parse(message) as { id?: number; result?: unknown; error?: { message: string } };
      if (answer.id === undefined) return;
      probe.#waiting.get(answer.id)?.(answer);
      probe.#waiting.delete(answer.id);
    });
    await session.send('Performance.enable');
    await session.send('Target.setAutoAttach', { autoAttach: true, waitForDebuggerOnStart: false, flatten: false });
    return probe;
  }

  /** Collect garbage everywhere, then measure. @param isThorough also ask the browser for all that it attributes to the page. */
  async sample(isThorough = false): Promise<MemorySample> {
    const workers = [...this.#workers];
    // Twice: what a finaliser frees goes with the second.
    for (let round = 0; round < 2; round++) {
      await this.#session.send('HeapProfiler.collectGarbage');
      for (const [sessionId] of workers) await this.#ask(sessionId, 'HeapProfiler.collectGarbage');
    }
    const { usedSize } = await this.#session.send('Runtime.getHeapUsage');
    const { metrics } = await this.#session.send('Performance.getMetrics');
    const workerHeaps: Record<string, number> = {};
    for (const [sessionId, url] of workers) {
      const usage = (await this.#ask(sessionId, 'Runtime.getHeapUsage')) as { usedSize: number } | null;
      if (usage !== null) workerHeaps[nameOf(url)] = (workerHeaps[nameOf(url)] ?? 0) + usage.usedSize;
    }
    return {
      pageHeap: usedSize,
      nodes: metrics.find(({ name }) => name === 'Nodes')?.value ?? 0,
      workerHeaps,
      attributed: isThorough ? await attributedBytes(this.#page) : null,
      renderer: await rendererBytes(this.#page.context().browser()),
    };
  }

  /** @returns null when the worker ended meanwhile. */
  async #ask(sessionId: string, method: string): Promise<unknown> {
    this.#lastMessage += 1;
    const id = this.#lastMessage;
    const answer = new Promise<{ result?: unknown }>((resolve) => this.#waiting.set(id, resolve));
    const gone = new Promise<null>((resolve) => {
      const check = setInterval(() => {
        if (this.#workers.has(sessionId)) return;
        clearInterval(check);
        resolve(null);
      }, 200);
      void answer.then(() => clearInterval(check));
    });
    try {
      await this.#session.send('Target.sendMessageToTarget', { sessionId, message: JSON.stringify({ id, method }) });
    } catch {
      this.#waiting.delete(id);
      return null;
    }
    return (await Promise.race([answer, gone]))?.result ?? null;
  }
}

function nameOf(url: string): string {
  return /\/(\w+)[^/]*$/.exec(url)?.[1] ?? 'other';
}

/** Needs a page that is isolated; the browser answers after its next collection. */
function attributedBytes(page: Page): Promise<number | null> {
  return page.evaluate(async () => {
    const { measureUserAgentSpecificMemory } = performance as Performance & {
      measureUserAgentSpecificMemory?: () => Promise<{ bytes: number }>;
    };
    return (await measureUserAgentSpecificMemory?.call(performance))?.bytes ?? null;
  });
}

/** The largest renderer: the page under test is the only one that does anything. */
async function rendererBytes(browser: Browser | null): Promise<number | null> {
  if (browser === null || process.platform !== 'linux') return null;
  const session = await browser.newBrowserCDPSession();
  try {
    const { processInfo } = await session.send('SystemInfo.getProcessInfo');
    const sizes = await Promise.all(
      processInfo
        .filter(({ type }) => type === 'renderer')
        .map(async ({ id }) => privateBytes(await readFile(`/proc/${id}/smaps_rollup`, 'utf8'))),
    );
    return sizes.length === 0 ? null : Math.max(...sizes);
  } catch {
    return null; // Another user's process, or a kernel without the file.
  } finally {
    await session.detach();
  }
}

function privateBytes(rollup: string): number {
  return [...rollup.matchAll(/^Private_(?:Clean|Dirty):\s+(\d+) kB$/gm)].reduce((sum, [, size]) => sum + Number(size) * 1024, 0);
}

/** Processor time that the page and its workers have used so far, all threads together: it says what a look costs, however busy the machine is. */
export async function rendererCpuS(session: CDPSession): Promise<number> {
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  return processInfo.filter(({ type }) => type === 'renderer').reduce((sum, { cpuTime }) => sum + cpuTime, 0);
}
