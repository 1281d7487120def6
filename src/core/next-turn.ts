/**
 * @file Let the page draw and hear its user between two pieces of work. Thread: page or Node.
 * [Note: Short tasks] What a stage found is drawn, ranked and judged; done in one go these pieces block the page for longer than 50 ms.
 */

/** Resolves in a task of its own, also in a tab in the background (timers are slowed there). */
export function nextTurn(): Promise<void> {
  const { scheduler } = globalThis as { scheduler?: { yield?: () => Promise<void> } };
  if (scheduler?.yield !== undefined) return scheduler.yield();
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
