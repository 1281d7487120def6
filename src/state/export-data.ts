/** @file Everything that this device remembers as one file, photos inside; and the way to erase it all. Thread: page. */
import type { HistoryEntry } from '../contracts/history.ts';
import type { HistoryPosition } from '../store/history.ts';
import { shelfRecords } from '../store/visit-export.ts';
import { device } from './device.ts';
import type { TaskHandle } from './tasks.svelte.ts';

const PAGE = 20;

/**
 * History, shelves, corrections, people, own products, settings and the ledger as JSON. Photos stand in it as data URLs.
 * @throws AppError('cancelled') when the signal aborts.
 */
export async function exportEverything({ signal, onProgress }: TaskHandle): Promise<Blob> {
  const { history, corrections, people, products, settings, ledger, bayPhotos, database } = device();
  const shelf = await shelfRecords(database);
  const total = (await history.count()) + shelf.photos.length;
  // Parts of a Blob may live on disk; one string of all photos could not.
  const parts: BlobPart[] = [`{"format":"mekiki-export","version":1,"exportedAt":${JSON.stringify(new Date().toISOString())},"history":[`];
  let after: HistoryPosition | null = null;
  let done = 0;
  do {
    const page = await history.list({ limit: PAGE, after });
    for (const entry of page.entries) {
      signal.throwIfAborted();
      parts.push(new Blob([done === 0 ? '' : ',\n', JSON.stringify(await withPhotos(entry))]));
      done += 1;
      onProgress({ stage: 'store', done, total, unit: 'items' });
    }
    after = page.next;
  } while (after !== null);
  parts.push(`],"shelf":${JSON.stringify(shelf).slice(0, -1)},"pictures":{`);
  let isFirst = true;
  for (const { id } of shelf.photos) {
    signal.throwIfAborted();
    const picture = await bayPhotos.picture(id, 'screen');
    if (picture !== null) {
      parts.push(new Blob([isFirst ? '' : ',\n', JSON.stringify(id), ':', JSON.stringify(await dataUrl(picture))]));
      isFirst = false;
    }
    done += 1;
    onProgress({ stage: 'store', done, total, unit: 'items' });
  }
  const own = (await products.all()).filter(({ source }) => source === 'user');
  const rest = {
    corrections: await corrections.list(),
    people: await people.list(),
    products: own,
    settings: await settings.all(),
    ledger: await ledger.export(),
  };
  parts.push(`}},${JSON.stringify(rest).slice(1)}`);
  return new Blob(parts, { type: 'application/json' });
}

/** Delete the database and every cache of this app; the page must be reloaded afterwards. */
export async function eraseEverything(): Promise<void> {
  const { database } = device();
  database.close();
  await new Promise<void>((resolve, reject) => {
    const request = indexedDB.deleteDatabase(database.name);
    request.onsuccess = () => resolve();
    request.onerror = () => reject(request.error ?? new DOMException('the database could not be deleted'));
    // Other tabs close their connection when asked; the deletion then goes on by itself.
    request.onblocked = () => resolve();
  });
  if ('caches' in globalThis) for (const name of await caches.keys()) await caches.delete(name);
  try {
    localStorage.clear();
  } catch {
    // Nothing was kept there then.
  }
}

async function withPhotos(entry: HistoryEntry): Promise<Record<string, unknown>> {
  return { ...entry, photo: await dataUrl(entry.photo), thumbnail: await dataUrl(entry.thumbnail) };
}

function dataUrl(blob: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result as string);
    reader.onerror = () => reject(reader.error ?? new DOMException('the photo cannot be read'));
    reader.readAsDataURL(blob);
  });
}
