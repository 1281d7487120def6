/** @file The contract that every vector engine fulfils. One index holds one collection: one embedding space, one dimension. */
import type { Table } from 'apache-arrow';
import type { Fields, Filter } from '../../src/contracts/server-api.ts';

/** Scalar metadata of an item. */
export type ItemMetadata = Readonly<Record<string, string | number | boolean>>;

/** What an item is, without what it is compared by. */
export type ListedItem = Pick<AnnItem, 'id' | 'productId' | 'metadata'>;

/** One stored item. Its fields are written and read as one row: there is no state in which only some of them exist. */
export interface AnnItem {
  readonly id: string;
  readonly productId: string;
  /** Values of declared fields must be of the declared type; what is not declared is kept as it is and cannot be filtered by. */
  readonly metadata: ItemMetadata;
  /** Length = the index's dimensions; any length but 0. The engine stores it L2-normalised. */
  readonly vector: Float32Array;
  /** [Note: Layout of keypoints]; absent: none are known. Written and removed with the vector; {@link AnnIndex.get} leaves them out. */
  readonly keypoints?: Uint8Array;
}

/** One neighbour. */
export interface AnnMatch {
  readonly id: string;
  readonly productId: string;
  readonly metadata: ItemMetadata;
  /** Cosine similarity, -1..1; higher is nearer. Always of the full vectors, also when the candidates came from a quantised index. */
  readonly score: number;
}

/** What an index is made for. */
export interface AnnSpec {
  readonly name: string;
  readonly dimensions: number;
  readonly metric: 'cosine';
  readonly fields: Fields;
}

/** How to search. */
export interface AnnSearchOptions {
  readonly filter?: Filter | undefined;
  /** `exact` compares every vector (that matches); `auto` lets the index choose. Default: `auto`. */
  readonly effort?: 'auto' | 'exact';
  /** A search through the trained index leaves out the rows that it lacks. Default: false. */
  readonly isIndexOnly?: boolean;
}

/** What to read of everything. */
export interface ScanOptions {
  readonly filter?: Filter;
  /** Keypoints too: 26 kB a photo. Default: no. */
  readonly hasKeypoints?: boolean;
}

/** State of an index. Counts are of rows. */
export interface AnnState {
  readonly count: number;
  /** In the trained index, deleted ones included until a maintenance drops them. */
  readonly indexed: number;
  /** Not in the trained index, so compared one by one. */
  readonly unindexed: number;
  /** What the index was trained on; null: there is none, every search is exact. */
  readonly trainedOn: number | null;
  /** The next {@link AnnIndex.maintain} would train it. */
  readonly isTrainingDue: boolean;
  /** Bytes of data and indexes, without old versions. */
  readonly sizeBytes: number;
}

/** What a maintenance did. */
export interface MaintenanceReport {
  readonly isTrained: boolean;
  /** Share of a random sample of stored vectors that found themselves afterwards, 0..1; null: nothing is stored. */
  readonly selfFound01: number | null;
  /** Rows that the trained index lacks; null: there is none. */
  readonly unindexed: number | null;
}

/**
 * Vectors of one collection. Every method is asynchronous and keeps the event loop free. `upsert`, `ingest` and `delete` must be
 * called one at a time (the collection store's lane does); reads and `maintain` may run beside them, and reads see each write whole
 * or not at all.
 */
export interface AnnIndex {
  readonly spec: AnnSpec;
  /** Writes of the engine since it was opened; each leaves small files until maintenance merges them. */
  readonly commits: number;
  /** Insert or replace by id, in one atomic commit. Ids must be unique within `items`. Visible to every later read. */
  upsert(items: readonly AnnItem[]): Promise<void>;
  /**
   * The same for a large batch: `tables` of the schema of item-rows.ts, ids unique within each; of equal ids the last table has its
   * way. The tables are given away: their memory may move to another thread.
   */
  ingest(tables: readonly Table[]): Promise<void>;
  /** @returns how many of `ids` were there. */
  delete(ids: readonly string[]): Promise<number>;
  /**
   * Best `k`, score descending, ties by id. What was written and is not in the trained index yet is always searched too.
   * @throws AppError('invalid-input') when the vector's length is wrong or the filter does not fit the declared fields.
   */
  search(vector: Float32Array, k: number, options?: AnnSearchOptions): Promise<AnnMatch[]>;
  /** Items that exist among `ids`, without keypoints, in no particular order. */
  get(ids: readonly string[]): Promise<AnnItem[]>;
  /** Keypoints of those among `ids` that have some, by id. */
  keypoints(ids: readonly string[]): Promise<ReadonlyMap<string, Uint8Array>>;
  /** Everything (that matches), as it was when the call was made, in no particular order. */
  scan(options?: ScanOptions): AsyncIterable<AnnItem[]>;
  /** {@link scan} without vectors and keypoints. */
  list(): AsyncIterable<ListedItem[]>;
  count(filter?: Filter): Promise<number>;
  state(): Promise<AnnState>;
  /** Read every row of it. @throws what the engine says of a file that is missing, cut short or makes no sense. */
  verify(): Promise<void>;
  /** Bring into memory what searches read first. May run beside everything. */
  warm(): Promise<void>;
  /** Resolves when everything written so far would survive a power loss. */
  sync(): Promise<void>;
  /**
   * Merge small files, drop old versions, index what is not indexed, train (again) when the collection has grown, and let a sample of
   * stored vectors search themselves. Reads and writes go on meanwhile. May fail when a write came between; then call it again.
   */
  maintain(): Promise<MaintenanceReport>;
  /**
   * [Note: Delete is not erase] A deleted row's bytes stay in its file. Write the live rows of every file that has deleted ones into new
   * files. Called as writes are, one at a time. @returns how many files were written anew.
   */
  rewriteDeleted(): Promise<number>;
  /**
   * Make every index of this collection anew from its live rows: ids, values of fields and quantised codes of rows that are gone stay in the
   * old ones. May run beside reads and writes, not beside `maintain`. @returns how many indexes.
   */
  rebuildIndexes(): Promise<number>;
  /**
   * Remove files of indexes that the last maintenance replaced. Call it once nobody can be searching them any more, and not beside
   * `maintain`. @returns how many indexes.
   */
  removeReplacedIndexes(): Promise<number>;
  /**
   * Remove what a process that was killed left half-written before this index was opened: [Note: Leftovers]. Not beside `maintain`.
   * @returns bytes of rows.
   */
  removeLeftovers(): Promise<number>;
  /**
   * Remove the files of older versions now, also of those that searches under way may still read, and what a killed process left behind
   * half-done. Nothing else may write meanwhile.
   */
  dropOldVersions(): Promise<void>;
  close(): Promise<void>;
}

/** Opens indexes below one data URI. */
export interface AnnEngine {
  /**
   * Open the index of `spec`, or make it when there is none.
   * @throws AppError('invalid-input') when it exists with another dimension or other fields.
   */
  open(spec: AnnSpec): Promise<AnnIndex>;
  /** Remove the index of that name and its files, if there is one. It must be closed. */
  drop(name: string): Promise<void>;
  close(): Promise<void>;
}
