/** @file What a start does with the write-ahead log: whatever the last stop left in it is applied again, in order, then flushed and forgotten. */
import type { FastifyBaseLogger } from 'fastify';
import type { WriteAheadLog } from '../../repositories/write-ahead-log.ts';
import type { DamageReport } from '../storage/damage.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { OpenCollections, ServedCollection } from './open-collections.ts';
import { applyWrite } from './write-lane.ts';

/** Log entries applied at a time. */
const PAGE = 16;

/** What it stands on. */
export interface LogReplayParts {
  readonly open: OpenCollections;
  readonly checkpoint: Checkpoint;
  readonly writeAhead: WriteAheadLog;
  readonly damage: DamageReport;
  readonly logger: FastifyBaseLogger;
}

/**
 * Apply what the log holds, before anybody writes. A collection that refuses an entry is set aside and keeps its entries; entries that are
 * damaged are kept too, and reported.
 */
export async function replayLog({ open, checkpoint, writeAhead, damage, logger }: LogReplayParts): Promise<void> {
  let applied = 0;
  let last = 0;
  for (;;) {
    const page = await writeAhead.read(last, PAGE);
    if (page.length === 0) break;
    for (const { sequence, collection, operation } of page) {
      const target = open.get(collection);
      if (operation === null) await writeAhead.setAside(sequence);
      else if (target !== undefined && target.index !== null) {
        try {
          await applyWrite(target as ServedCollection, operation);
          applied += 1;
        } catch (error) {
          open.setAside(target, error);
        }
      }
      checkpoint.applied([sequence]);
      last = sequence;
    }
  }
  for (const { collection, writes } of await writeAhead.damaged()) {
    const reason = `${writes} writes to collection "${collection}" were damaged in the log and are lost. Send again what was sent last.`;
    damage.note({ kind: 'database', name: `log of ${collection}`, collection, reason });
  }
  if (applied > 0) logger.info({ writes: applied }, 'writes from before the last stop were applied');
  await checkpoint.run();
}
