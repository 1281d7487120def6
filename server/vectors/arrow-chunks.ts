/** @file What an Arrow writer wrote so far, to be taken piece by piece: Arrow's own queue has no back pressure. */
import { AsyncByteQueue } from 'apache-arrow';

/** A writer's sink. */
export class ArrowChunks extends AsyncByteQueue {
  #chunks: Uint8Array[] = [];

  override write(chunk: Uint8Array): void {
    if (chunk.byteLength > 0) this.#chunks.push(chunk);
  }

  /** @returns what was written since the last call; parts of it are the batches' own memory. */
  take(): Uint8Array[] {
    const chunks = this.#chunks;
    this.#chunks = [];
    return chunks;
  }
}
