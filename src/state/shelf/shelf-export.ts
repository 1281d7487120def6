/** @file A visit as files, all made on this device. The code for them is kept by the service worker: it works without a network. Thread: page. */
import { AppError } from '../../contracts/errors.ts';
import type { VisitReport } from '../../contracts/visit-report.ts';
import { facingsTable, visitTables } from '../../core/shelf/visit-tables.ts';
import { writeCsv } from '../../core/write-csv.ts';
import type { PageWords } from '../../flow/report-page.ts';
import { exportVisit, importVisit } from '../../store/visit-export.ts';
import { device } from '../device.ts';
import { nameOfProduct } from '../product-name.ts';
import { shelfPhotos } from './shelf-photos.svelte.ts';
import { shelfSending } from './shelf-sending.svelte.ts';

/** What a visit can be had as. */
export const EXPORT_KINDS = ['csv', 'xlsx', 'json', 'png', 'pdf'] as const;
export type ExportKind = (typeof EXPORT_KINDS)[number];

/** A file to hand to the user. */
export interface ExportedFile {
  readonly blob: Blob;
  readonly name: string;
}

/** Width of the picture on the page; more would not be seen. */
const PAGE_PICTURE_PX = 1400;

/**
 * A whole visit; as PNG its first bay.
 * @throws AppError('invalid-input') when there is no such visit, or no photo for a picture; `out-of-memory`
 */
export async function exportVisitAs(kind: ExportKind, visitId: string, words: PageWords): Promise<ExportedFile> {
  const report = await shelfSending.preview(visitId);
  if (report === null) throw new AppError('invalid-input', 'there is no such visit');
  const name = fileName(report, kind);
  switch (kind) {
    case 'csv':
      return { name, blob: new Blob([writeCsv(facingsTable(report, words))], { type: 'text/csv;charset=utf-8' }) };
    case 'json':
      return { name, blob: await exportVisit(device().database, visitId, Date.now()) };
    case 'xlsx': {
      const { visitWorkbook } = await import('../../flow/visit-workbook.ts');
      return { name, blob: await visitWorkbook(visitTables(report, words)) };
    }
    case 'png': {
      const photoId = await photoToShow(visitId);
      if (photoId === null) throw new AppError('invalid-input', 'no photo of this visit was read');
      return { name, blob: await exportPhoto(photoId, titleOf(report, words), words) };
    }
    case 'pdf': {
      const [{ reportPage }, { picturePdf }] = await Promise.all([
        import('../../flow/report-page.ts'),
        import('../../flow/picture-pdf.ts'),
      ]);
      const photoId = await photoToShow(visitId);
      const picture = photoId === null ? null : await exportPhoto(photoId, '', words, { type: 'image/jpeg', maxSidePx: PAGE_PICTURE_PX });
      const page = await reportPage(report, words, picture);
      return { name, blob: await picturePdf([page], titleOf(report, words), Date.now()) };
    }
  }
}

/** One photo with its boxes and names. @throws AppError('invalid-input') when it was not read */
export async function exportPhoto(
  photoId: string,
  title: string,
  words: PageWords,
  options: { readonly type?: 'image/png' | 'image/jpeg'; readonly maxSidePx?: number } = {},
): Promise<Blob> {
  const { bayPhotos, products } = device();
  const [photo, reading] = await Promise.all([bayPhotos.picture(photoId, 'screen'), bayPhotos.reading(photoId)]);
  if (photo === null || reading === null) throw new AppError('invalid-input', 'the photo was not read');
  const { current } = reading;
  const known = await products.byIds(current.facings.flatMap(({ identity }) => identity?.productId ?? []));
  const nameOf = (id: string): string => {
    const product = known.get(id);
    return product === undefined ? id : nameOfProduct(product);
  };
  const { annotatedPicture } = await import('../../flow/annotated-picture.ts');
  return annotatedPicture(photo, current, { nameOf, gap: words.gap, title }, options);
}

/** Bring a visit back that was exported as JSON. @returns its id. @throws AppError as `importVisit` */
export async function importVisitFile(file: Blob): Promise<string> {
  const id = await importVisit(device().database, file);
  shelfPhotos.touch();
  return id;
}

/** The photo of a visit that shows most. */
async function photoToShow(visitId: string): Promise<string | null> {
  const readings = await device().bayPhotos.readingsOf(visitId);
  const most = [...readings].sort((a, b) => b.current.facings.length - a.current.facings.length)[0];
  return most?.photoId ?? null;
}

function titleOf({ shop, visit }: VisitReport, words: PageWords): string {
  return [words.title, shop.name, visit.startedAtMs === null ? '' : words.dateTime(visit.startedAtMs)]
    .filter((part) => part !== '')
    .join(' · ');
}

/** Names of shops may hold what file systems refuse. */
function fileName({ shop, visit, bays }: VisitReport, kind: ExportKind): string {
  const at = visit.startedAtMs ?? bays[0]?.atMs ?? Date.now();
  const safe = shop.name.replaceAll(/[^\p{L}\p{N}]+/gu, '-').replaceAll(/^-|-$/g, '');
  return `mekiki-${safe === '' ? 'visit' : safe.slice(0, 60)}-${new Date(at).toISOString().slice(0, 10)}.${kind}`;
}
