/** @file What the campaign asks of everybody who works on the server while it is killed. */
import type { ServerUnderTorture } from './server-under-torture.ts';

/** Everything random comes from one seed. */
export type Random = () => number;

/** Does one kind of work again and again, remembers what was acknowledged, and checks it after each restart. */
export interface Actor {
  /** What a kill in the middle of it is called. */
  readonly kind: string;
  /** A kill comes within this time after {@link act} has sent what matters. */
  readonly spanMs: number;
  /**
   * Do one piece of work.
   * @param sent called when what matters has been sent, and the server works on it.
   * @throws ServerGone when the server was killed meanwhile.
   */
  act(server: ServerUnderTorture, random: Random, sent: () => void): Promise<void>;
  /** Everything acknowledged is there and nothing is half there; what was not answered is taken as it is found. */
  verify(server: ServerUnderTorture): Promise<void>;
}

/** Ask until an answer is right. @throws with what it was last, when it never is. */
export async function until<Value>(what: string, ask: () => Promise<Value>, isRight: (value: Value) => boolean): Promise<Value> {
  const endMs = Date.now() + 60_000;
  for (;;) {
    const value = await ask();
    if (isRight(value)) return value;
    if (Date.now() > endMs) throw new Error(`${what}: still ${JSON.stringify(value).slice(0, 1000)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
