/** @file Connects to LanceDB, with bounds for its caches. */
import { Session, connect, type Connection } from '@lancedb/lancedb';
import type { EngineLocation } from './engine-location.ts';

/** Bounds in bytes. */
export interface LanceCaches {
  readonly index: bigint;
  /** Of files' metadata. */
  readonly metadata: bigint;
}

/** @param readIntervalS how old a read may be at most, in seconds; null: only this connection writes. */
export async function connectLance(location: EngineLocation, caches: LanceCaches, readIntervalS: number | null): Promise<Connection> {
  return connect(location.uri, {
    ...location.connection,
    // The service has caches of its own.
    ...(location.kind === 'service' ? {} : { session: new Session(caches.index, caches.metadata) }),
    ...(readIntervalS === null ? {} : { readConsistencyInterval: readIntervalS }),
  });
}
