/** @file Visits out of the device and back: one visit as JSON, and all of them as part of a backup. Thread: page. */
import { AppError } from '../contracts/errors.ts';
import { visitExportSchema, type ShelfRecords, type VisitExport } from '../contracts/visit-export.ts';
import type { PhotoReading, Route } from '../contracts/visit.ts';
import { transact, type Database, type Within } from './db.ts';
import { toProductRow } from './products.ts';
import { toVisitRow } from './visits.ts';

/** Larger files are no visit. */
const MAX_BYTES = 64 << 20;

/** What {@link ShelfRecords} come from. */
export const RECORD_STORES = [
  ...(['shelfShops', 'shelfBays', 'shelfVisits', 'shelfPhotos', 'shelfReadings', 'shelfPlanograms', 'shelfReports'] as const),
] as const;
type RecordStore = (typeof RECORD_STORES)[number];

/**
 * @returns the visit as a file; looks and pictures stay behind.
 * @throws AppError('invalid-input') when it is gone
 */
export async function exportVisit(database: Database, visitId: string, nowMs: number): Promise<Blob> {
  const records = await transact(database, RECORD_STORES, 'readonly', async (transaction): Promise<ShelfRecords> => {
    const row = await transaction.objectStore('shelfVisits').get(visitId);
    if (row === undefined) throw new AppError('invalid-input', 'the visit is gone', { stage: 'store' });
    const { visit } = row;
    const shop = await transaction.objectStore('shelfShops').get(visit.shopId);
    const ofShop = IDBKeyRange.bound([visit.shopId], [visit.shopId, []]);
    const ofVisit = IDBKeyRange.bound([visitId], [visitId, []]);
    return asJson({
      shops: shop === undefined ? [] : [shop],
      bays: await transaction.objectStore('shelfBays').index('byShop').getAll(ofShop),
      visits: [visit],
      photos: await transaction.objectStore('shelfPhotos').index('byVisit').getAll(ofVisit),
      readings: await transaction.objectStore('shelfReadings').index('byVisit').getAll(visitId),
      planograms: await transaction.objectStore('shelfPlanograms').index('byShop').getAll(visit.shopId),
      reports: await transaction.objectStore('shelfReports').getAll(ofVisit),
    });
  });
  const productIds = new Set(
    records.readings.flatMap(({ current }) => current.facings.flatMap(({ identity }) => identity?.productId ?? [])),
  );
  const products = await transact(database, ['products'], 'readonly', async (transaction) =>
    (await Promise.all([...productIds].map((id) => transaction.objectStore('products').get(id)))).flatMap((row) => row?.product ?? []),
  );
  const file: VisitExport = { format: 'mekiki-shelf-visit', version: 1, exportedAtMs: nowMs, records, products };
  return new Blob([JSON.stringify(file, null, 1)], { type: 'application/json' });
}

/**
 * Bring an exported visit back: what has the same id is replaced; products that are here already stay as they are.
 * @returns id of the visit. @throws AppError('invalid-input') for anything else, `quota-exceeded`; nothing is written then.
 */
export async function importVisit(database: Database, file: Blob): Promise<string> {
  if (file.size > MAX_BYTES) throw new AppError('invalid-input', 'the file is too large for a visit', { stage: 'store' });
  let value: unknown;
  try {
    value = JSON.parse(await file.text());
  } catch (error) {
    throw new AppError('invalid-input', 'the file is not JSON', { cause: error, stage: 'store' });
  }
  const parsed = visitExportSchema.safeParse(value);
  if (!parsed.success)
    throw new AppError('invalid-input', `the visit is damaged at ${parsed.error.issues[0]?.path.join('.') ?? ''}`, { stage: 'store' });
  const { records, products } = parsed.data;
  const [visit] = records.visits;
  if (visit === undefined) throw new AppError('invalid-input', 'the file holds no visit', { stage: 'store' });
  // What was handed in from another device was not handed in from this one.
  const own = { ...records, visits: records.visits.map((each) => ({ ...each, sending: 'not-asked' as const, sentAtMs: null })) };
  await transact(database, [...RECORD_STORES, 'products'], 'readwrite', async (transaction) => {
    await putRecords(transaction, own);
    for (const product of products)
      if ((await transaction.objectStore('products').getKey(product.id)) === undefined)
        await transaction.objectStore('products').put(toProductRow(product));
  });
  return visit.id;
}

/** Everything that is remembered of shelves but looks and pictures. */
export function shelfRecords(database: Database): Promise<ShelfRecords & { readonly routes: readonly Route[] }> {
  return transact(database, [...RECORD_STORES, 'shelfRoutes'], 'readonly', async (transaction) => ({
    ...(await allRecords(transaction)),
    routes: await transaction.objectStore('shelfRoutes').getAll(),
  }));
}

/** All of them, for a backup. */
export async function allRecords(transaction: Within<RecordStore, 'readonly'>): Promise<ShelfRecords> {
  return asJson({
    shops: await transaction.objectStore('shelfShops').getAll(),
    bays: await transaction.objectStore('shelfBays').getAll(),
    visits: (await transaction.objectStore('shelfVisits').getAll()).map(({ visit }) => visit),
    photos: await transaction.objectStore('shelfPhotos').getAll(),
    readings: await transaction.objectStore('shelfReadings').getAll(),
    planograms: await transaction.objectStore('shelfPlanograms').getAll(),
    reports: await transaction.objectStore('shelfReports').getAll(),
  });
}

/** Write records inside a wider transaction. A photo that waited where it came from cannot be read here: its pixels are not in the file. */
export async function putRecords(transaction: Within<RecordStore, 'readwrite'>, records: ShelfRecords): Promise<void> {
  for (const shop of records.shops) await transaction.objectStore('shelfShops').put(shop);
  for (const bay of records.bays) await transaction.objectStore('shelfBays').put(bay);
  for (const visit of records.visits) await transaction.objectStore('shelfVisits').put(toVisitRow(visit));
  for (const photo of records.photos)
    await transaction
      .objectStore('shelfPhotos')
      .put(photo.state === 'waiting' ? { ...photo, state: 'failed', problem: 'decode-unsupported' } : photo);
  // zod says `| undefined` where the contract says "absent"; parsed JSON has no undefined.
  for (const reading of records.readings) await transaction.objectStore('shelfReadings').put(reading as PhotoReading);
  for (const planogram of records.planograms) await transaction.objectStore('shelfPlanograms').put(planogram);
  for (const report of records.reports) await transaction.objectStore('shelfReports').put(report);
}

/** Readonly arrays of the contract and mutable ones of zod are the same JSON. */
function asJson(records: { readonly [Key in keyof ShelfRecords]: readonly unknown[] }): ShelfRecords {
  return records as unknown as ShelfRecords;
}
