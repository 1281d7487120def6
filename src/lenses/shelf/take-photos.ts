/** @file Photos from anywhere (camera, files, drop, paste) into the visit at hand. Thread: page. */
import type { MediaRef } from '../../contracts/media.ts';
import type { Bay, BayPhoto, Visit } from '../../contracts/visit.ts';
import { m } from '../../paraglide/messages.js';
import { device } from '../../state/device.ts';
import { shelfShops } from '../../state/shelf/shelf-shops.svelte.ts';
import { ShelfVisit } from '../../state/shelf/shelf-visit.svelte.ts';
import { ShelfVisits } from '../../state/shelf/shelf-visits.svelte.ts';
import { captureTarget, setCaptureTarget } from './capture-target.ts';
import { deskAddress } from './desk-path.ts';

/**
 * Photos go to the bay that was opened last; without one to the open visit, without one to a visit that begins now.
 * @returns the address that shows what becomes of them.
 * @throws AppError('quota-exceeded'): what is not on disk is not taken; what was kept before is safe.
 */
export async function takePhotos(photos: readonly MediaRef[]): Promise<string> {
  const { visit, bay, purpose } = await bayAtHand();
  await addToBay(visit.id, bay.id, photos, purpose);
  // Whoever checks what was mended goes on with the list.
  return deskAddress(
    purpose === 'check' ? { page: 'fixes', visitId: visit.id } : { page: 'bay', visitId: visit.id, bayId: bay.id, tab: 'photo' },
  );
}

/** Add photos to a bay of a visit. @throws AppError('quota-exceeded') after what fitted was kept. */
export async function addToBay(visitId: string, bayId: string, photos: readonly MediaRef[], purpose: BayPhoto['purpose']): Promise<void> {
  const visit = new ShelfVisit(visitId);
  await visit.load();
  if (visit.error !== null) throw visit.error;
  if (visit.visit?.status === 'done') await visit.reopen();
  setCaptureTarget({ visitId, bayId, purpose: 'audit' });
  const { error } = await visit.add(
    photos.map((media) => ({ media, bayId, purpose })),
    (index) => readingLabel(index, photos.length),
  );
  if (error !== null) throw error;
}

/** @returns what the task tray calls one of several photos. */
export function readingLabel(index: number, total: number): string {
  return total === 1 ? m.shelf_task_read() : m.task_look_of({ done: String(index + 1), total: String(total) });
}

async function bayAtHand(): Promise<{ visit: Visit; bay: Bay; purpose: BayPhoto['purpose'] }> {
  const { visits, shops } = device();
  const target = captureTarget();
  if (target !== null) {
    const [visit, bay] = await Promise.all([visits.get(target.visitId), shops.bay(target.bayId)]);
    if (visit !== null && visit.status !== 'done' && bay !== null) return { visit, bay, purpose: target.purpose };
  }
  const visit = (await visits.list({ status: 'open', limit: 1 }))[0] ?? (await beginSomewhere());
  const bay = (await shops.bays(visit.shopId))[0] ?? (await shelfShops.addBays(visit.shopId, [m.shelf_bay_number({ number: 1 })]))[0]!;
  return { visit, bay, purpose: 'audit' };
}

/** Somebody photographs a shelf before saying where: the shop can be named later. */
async function beginSomewhere(): Promise<Visit> {
  const shop = (await device().shops.list())[0] ?? (await shelfShops.add({ name: m.shelf_unnamed_shop(), address: '', note: '' }));
  return new ShelfVisits().start(shop.id, '');
}
