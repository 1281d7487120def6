/**
 * @file Let the page draw and hear its user, or a worker its messages, between two pieces of work. Any thread.
 * [Note: Short tasks] What a stage found is drawn, ranked and judged; done in one go these pieces block the page for longer than 50 ms.
 */

/** Resolves in a task of its own, also in a tab in the background (timers are slowed there). */
export function nextTurn(): Promise<void> {
  const { scheduler } = globalThis as { scheduler?: { yield?: () => Promise<void> } };
  return scheduler?.yield === undefined ? messageTurn() : scheduler.yield();
}

/** The same behind every message that has come already, e.g. one that cancels: what `scheduler.yield` resumes goes before them. */
export function messageTurn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
