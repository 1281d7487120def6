/**
 * @file Cuts an Arrow IPC stream so that the body of each message is one piece. Arrow gathers the pieces of a body until all are there and then
 * joins them: for the 35 MB of a large batch that is a pause of the event loop of 30 to 100 ms. Here each piece is put in its place as it comes.
 */
import { Message } from 'apache-arrow';

/** Before the length of a message's description. */
const CONTINUATION = 0xff_ff_ff_ff;
const PREFIX_BYTES = 8;
/** Longer descriptions, or bodies, are left to Arrow. */
const LONGEST_DESCRIPTION = 1 << 20;
const LONGEST_BODY = 256 << 20;

/** The same bytes in the same order. What is no Arrow stream goes through as it is: Arrow says what is wrong with it. */
export async function* withWholeBodies(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const pieces = new Pieces(source);
  try {
    for (;;) {
      const prefix = await pieces.take(PREFIX_BYTES);
      yield prefix;
      const length = descriptionLength(prefix);
      if (length === null) break;
      const description = await pieces.take(length);
      yield description;
      const bodyLength = description.length < length ? null : bodyLengthOf(description);
      if (bodyLength === null) break;
      if (bodyLength > 0) yield await pieces.take(bodyLength);
    }
    yield* pieces.rest();
  } finally {
    await pieces.close();
  }
}

/** @returns null when no description follows. */
function descriptionLength(prefix: Uint8Array): number | null {
  if (prefix.length < PREFIX_BYTES) return null;
  const view = new DataView(prefix.buffer, prefix.byteOffset);
  const length = view.getInt32(4, true);
  return view.getUint32(0, true) === CONTINUATION && length > 0 && length <= LONGEST_DESCRIPTION ? length : null;
}

/** @returns null when it is too long, or the description makes no sense. */
function bodyLengthOf(description: Uint8Array): number | null {
  try {
    const { bodyLength } = Message.decode(description);
    return bodyLength >= 0 && bodyLength <= LONGEST_BODY ? bodyLength : null;
  } catch {
    return null;
  }
}

/** Bytes that come in pieces of any length. */
class Pieces {
  readonly #source: AsyncIterator<Uint8Array>;
  /** Came and was not taken yet. */
  #left: Uint8Array = new Uint8Array(0);

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** @returns the next `length` bytes, as one block of their own; fewer at the end. */
  async take(length: number): Promise<Uint8Array> {
    const block = new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      if (this.#left.length === 0) {
        const next = await this.#source.next();
        if (next.done === true) break;
        this.#left = next.value;
      }
      const part = this.#left.subarray(0, length - filled);
      block.set(part, filled);
      filled += part.length;
      this.#left = this.#left.subarray(part.length);
    }
    return block.subarray(0, filled);
  }

  /** Everything else. */
  async *rest(): AsyncGenerator<Uint8Array> {
    if (this.#left.length > 0) yield this.#left;
    for (;;) {
      const next = await this.#source.next();
      if (next.done === true) return;
      yield next.value;
    }
  }

  /** Nobody takes any more. */
  async close(): Promise<void> {
    await this.#source.return?.();
  }
}
