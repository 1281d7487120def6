/** @file Everything that is kept about one person, put together for that person (access request). */
import { AppError } from '../../../src/contracts/errors.ts';
import type { PersonExport } from '../../../src/contracts/records-api.ts';
import type { Records } from '../../repositories/records.ts';
import type { CollectionStore } from '../collections/collection-store.ts';
import type { RecordKeeper } from './record-keeper.ts';
import type { ThumbnailService } from './thumbnail-service.ts';

/** What an export reads. */
export interface PersonExportParts {
  readonly store: CollectionStore;
  readonly records: Records;
  readonly keeper: RecordKeeper;
  readonly thumbnails: ThumbnailService;
}

/** @returns the export; with no collections when nothing is kept. */
export async function exportPerson(personId: string, { store, records, keeper, thumbnails }: PersonExportParts): Promise<PersonExport> {
  const collections = new Map<string, PersonExport['collections'][number]>();
  for (const { collection, id, consent, writtenAtMs, validUntilMs } of await records.ofPerson(personId)) {
    const description = await store.describe(collection);
    if (description === null) continue;
    const item = await store.get(collection, id);
    // Written down before it was written, and the write failed.
    if (item === null) continue;
    const part = collections.get(collection) ?? {
      name: collection,
      space: description.space,
      rules: keeper.rulesOf(collection),
      items: [],
    };
    collections.set(collection, part);
    let isThumbnailDamaged = false;
    const thumbnail = await thumbnails.get({ collection, id }).catch((error: unknown) => {
      if (!(error instanceof AppError) || error.code !== 'model-integrity') throw error;
      isThumbnailDamaged = true;
      return null;
    });
    const vector = Buffer.from(item.vector.buffer, item.vector.byteOffset, item.vector.byteLength);
    part.items.push({
      id,
      metadata: item.metadata,
      consent,
      writtenAtMs,
      validUntilMs,
      vector: vector.toString('base64'),
      thumbnail: thumbnail === null ? null : { type: thumbnail.type, base64: thumbnail.bytes.toString('base64') },
      isThumbnailDamaged,
    });
  }
  return { format: 'mekiki-person', version: 1, personId, atMs: Date.now(), collections: [...collections.values()] };
}
