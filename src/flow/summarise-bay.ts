/** @file A bay of a visit, summed up from what is kept of it: all its photos, its planogram, what was ticked off. Thread: page. */
import type { Product } from '../contracts/product.ts';
import type { Compliance, PlanogramRow, ShelfReading } from '../contracts/shelf.ts';
import type { BayReport } from '../contracts/visit-report.ts';
import type { BayPhoto, KeptPlanogram, Visit } from '../contracts/visit.ts';
import { bayReport, productFacts } from '../core/shelf/bay-report.ts';
import { comparePlanogram } from '../core/shelf/planogram/compare-planogram.ts';
import { bayStopwatch } from '../core/shelf/stopwatch.ts';
import type { BayPhotoStore } from '../store/bay-photos.ts';
import type { BayReportStore } from '../store/bay-reports.ts';
import type { PlanogramStore } from '../store/planograms.ts';
import type { ProductStore } from '../store/products.ts';
import type { ShopStore } from '../store/shops.ts';
import { inAllPhotos, joinBayPhotos, type JoinedPhotos, type ReadPhoto } from './join-bay-photos.ts';

/** Where it is read and kept. */
export interface BayPlaces {
  readonly bayPhotos: BayPhotoStore;
  readonly bayReports: BayReportStore;
  readonly planograms: PlanogramStore;
  readonly products: Pick<ProductStore, 'byIds' | 'byGtin'>;
  readonly shops: ShopStore;
}

/** A bay as it stands. */
export interface BaySummary {
  readonly report: BayReport;
  /** One, when the photos could be merged; else one for each photo. */
  readonly readings: readonly ShelfReading[];
  readonly planogram: KeptPlanogram | null;
  readonly compliance: Compliance | null;
  readonly products: ReadonlyMap<string, Product>;
  /** False: the photos do not overlap. Then each counts by itself, and the planogram is compared with each. */
  readonly isMerged: boolean;
}

/**
 * @param nameOf a product, in the language of the screen.
 * @returns null while no photo of the bay was read. The report is kept.
 * @throws AppError('quota-exceeded') of the store
 */
export async function summariseBay(
  visit: Pick<Visit, 'id' | 'shopId'>,
  bayId: string,
  { bayPhotos, bayReports, planograms, products, shops }: BayPlaces,
  nameOf: (product: Product) => string,
): Promise<BaySummary | null> {
  const photos = await bayPhotos.ofVisit(visit.id, bayId);
  const read = await readPhotos(photos, bayPhotos);
  const audit = read.filter(({ photo }) => photo.purpose === 'audit');
  if (audit.length === 0) return null;
  const planogram = await planograms.forBay(visit.shopId, bayId);
  const bay = await shops.bay(bayId);
  const rows = planogram === null ? [] : rowsOfBay(planogram, bay?.name ?? '');
  const shown = await joinBayPhotos(audit, bayPhotos, bay?.heights ?? null);
  const { readings } = shown;
  const checked = await joinBayPhotos(
    read.filter(({ photo }) => photo.purpose === 'check'),
    bayPhotos,
    bay?.heights ?? null,
  );
  const productIds = await productIdsOfSkus(rows, products);
  const known = await products.byIds([...productIdsOf([...readings, ...checked.readings]), ...productIds.values()]);
  const planned = rows.map((row) => ({ ...row, sku: productIds.get(row.sku) ?? row.sku }));
  const facts = productFacts(known, planned, nameOf);
  const compare = ({ readings: all, sameFacings }: JoinedPhotos): Compliance | null => {
    if (rows.length === 0 || all.length === 0) return null;
    const productOf = (sku: string): string => productIds.get(sku) ?? sku;
    return inAllPhotos(comparePlanogram(all, { rows }, { productOf, nameOf: (id) => facts(id).name }), sameFacings);
  };
  const compliance = compare(shown);
  const before = await bayReports.get(visit.id, bayId);
  const report = bayReport({
    ...{ visitId: visit.id, shopId: visit.shopId, bayId, bayName: bay?.name ?? before?.bayName ?? '', readings },
    ...{ atMs: Math.max(...audit.map(({ photo }) => photo.capturedAtMs)), photos: audit.length, factsOf: facts },
    ...{ compliance, complianceAfter: compare(checked), fixes: before?.fixes ?? [] },
    ...{ stopwatch: bayStopwatch(photos), nowMs: Date.now() },
  });
  await bayReports.put(report);
  return { report, readings, planogram, compliance, products: known, isMerged: readings.length === 1 };
}

/** A planogram of a whole shop names bays; those that it does not name are of every bay. */
function rowsOfBay({ bayId, planogram: { rows } }: KeptPlanogram, bayName: string): readonly PlanogramRow[] {
  return bayId === null ? rows.filter(({ bay }) => bay === null || bay === bayName) : rows;
}

/** SKUs of planograms are product ids, or barcode numbers of products. */
async function productIdsOfSkus(rows: readonly PlanogramRow[], products: BayPlaces['products']): Promise<ReadonlyMap<string, string>> {
  const skus = [...new Set(rows.map(({ sku }) => sku))];
  const known = await products.byIds(skus);
  const found = new Map<string, string>();
  for (const sku of skus) {
    const isBarcode = /^\d{8,14}$/.test(sku);
    const id = known.has(sku) || !isBarcode ? sku : (await products.byGtin(sku.padStart(14, '0')))?.id;
    if (id !== undefined) found.set(sku, id);
  }
  return found;
}

async function readPhotos(photos: readonly BayPhoto[], bayPhotos: BayPhotoStore): Promise<ReadPhoto[]> {
  const read: ReadPhoto[] = [];
  for (const photo of photos) {
    const reading = photo.state === 'read' ? await bayPhotos.reading(photo.id) : null;
    if (reading !== null) read.push({ photo, reading });
  }
  return read;
}

/** Products that anything in the readings may be. */
function productIdsOf(readings: readonly ShelfReading[]): string[] {
  const ids = new Set<string>();
  for (const { facings, layout } of readings) {
    for (const { identity } of facings) {
      if (identity === null) continue;
      if (identity.productId !== null) ids.add(identity.productId);
      for (const { productId } of identity.candidates) ids.add(productId);
    }
    for (const { expectedProductId } of layout.gaps) if (expectedProductId !== null) ids.add(expectedProductId);
  }
  return [...ids];
}
