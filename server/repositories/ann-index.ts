/** @file The contract that every vector engine fulfils. One index holds one collection: one embedding space, one dimension. */

/** Scalar metadata of an item. */
export type ItemMetadata = Readonly<Record<string, string | number | boolean>>;

/** One stored item. The four fields are written and read as one row: there is no state in which only some of them exist. */
export interface AnnItem {
  readonly id: string;
  readonly productId: string;
  readonly metadata: ItemMetadata;
  /** Length = the index's dimensions; any length but 0. The engine stores it L2-normalised. */
  readonly vector: Float32Array;
}

/** One neighbour. */
export interface AnnMatch {
  readonly id: string;
  readonly productId: string;
  readonly metadata: ItemMetadata;
  /** Cosine similarity, -1..1; higher is nearer. */
  readonly score: number;
}

/** What an index is made for. */
export interface AnnSpec {
  readonly name: string;
  readonly dimensions: number;
  readonly metric: 'cosine';
}

/**
 * Vectors of one collection. Every method is asynchronous and keeps the event loop free. Writes must be called one at a time
 * (the collection store's lane does); reads may run beside them and see each write whole or not at all.
 */
export interface AnnIndex {
  readonly spec: AnnSpec;
  /** Insert or replace by id, in one atomic commit. Ids must be unique within `items`. Visible to every later read. */
  upsert(items: readonly AnnItem[]): Promise<void>;
  /** @returns how many of `ids` were there. */
  delete(ids: readonly string[]): Promise<number>;
  /** Best `k`, score descending, ties by id. Exact. @throws AppError('invalid-input') when the vector's length is wrong. */
  search(vector: Float32Array, k: number): Promise<AnnMatch[]>;
  /** Items that exist among `ids`, in no particular order. */
  get(ids: readonly string[]): Promise<AnnItem[]>;
  count(): Promise<number>;
  /** Resolves when everything written so far would survive a power loss. */
  sync(): Promise<void>;
  /** Merge small files and drop old versions. Reads go on meanwhile. */
  maintain(): Promise<void>;
  close(): Promise<void>;
}

/** Opens indexes below one data URI. */
export interface AnnEngine {
  /** Open the index of `spec`, or make it when there is none. @throws AppError('invalid-input') when it exists with another dimension. */
  open(spec: AnnSpec): Promise<AnnIndex>;
  /** Remove the index of that name and its files, if there is one. It must be closed. */
  drop(name: string): Promise<void>;
  close(): Promise<void>;
}
