/**
 * @file Ids that a table holds, while many rows come in: a batch without any of them is appended, which costs the same however large the
 * table is; joining it with the table reads every id there is. Ids are kept as 64-bit hashes, 8 to 16 bytes each. A deleted id stays known
 * and two ids of one hash pass for one: both only cost a join.
 */
import type { Vector } from 'apache-arrow';

const SMALLEST = 1 << 16;
/** Fuller tables are doubled. */
const LOAD_01 = 0.7;

/** How texts lie in a column. */
interface TextData {
  readonly values: Uint8Array;
  readonly valueOffsets: Int32Array;
  readonly length: number;
}

/** A set of texts that may say yes too often, once in 10^12 or so, and never no. */
export class KnownIds {
  #low = new Uint32Array(SMALLEST);
  /** 0: free. */
  #high = new Uint32Array(SMALLEST);
  #size = 0;

  /** @param ids a column of texts. @returns how many of them were there before, or twice in it. */
  add(ids: Vector): number {
    let found = 0;
    for (const { values, valueOffsets, length } of ids.data as readonly TextData[])
      for (let row = 0; row < length; row++) if (this.#isKnown(values, valueOffsets[row]!, valueOffsets[row + 1]!)) found += 1;
    return found;
  }

  #isKnown(bytes: Uint8Array, begin: number, end: number): boolean {
    if (this.#size >= this.#low.length * LOAD_01) this.#grow();
    let low = 0x811c9dc5;
    let high = 0x9e3779b9;
    for (let at = begin; at < end; at++) {
      const byte = bytes[at]!;
      low = Math.imul(low ^ byte, 0x01000193);
      high = Math.imul(high + byte, 0x85ebca6b) ^ (high >>> 13);
    }
    const isNew = this.#put(mixed(low), mixed(high) || 1);
    if (isNew) this.#size += 1;
    return !isNew;
  }

  #put(low: number, high: number): boolean {
    const mask = this.#low.length - 1;
    let slot = (low ^ high) & mask;
    while (this.#high[slot] !== 0) {
      if (this.#high[slot] === high && this.#low[slot] === low) return false;
      slot = (slot + 1) & mask;
    }
    this.#low[slot] = low;
    this.#high[slot] = high;
    return true;
  }

  #grow(): void {
    const [low, high] = [this.#low, this.#high];
    this.#low = new Uint32Array(low.length * 2);
    this.#high = new Uint32Array(low.length * 2);
    for (let slot = 0; slot < low.length; slot++) if (high[slot] !== 0) this.#put(low[slot]!, high[slot]!);
  }
}

/** Finaliser of MurmurHash3 (Austin Appleby, public domain): each bit of the input moves every bit. */
function mixed(hash: number): number {
  let bits = hash ^ (hash >>> 16);
  bits = Math.imul(bits, 0x85ebca6b);
  bits ^= bits >>> 13;
  bits = Math.imul(bits, 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
