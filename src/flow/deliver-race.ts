/** @file Carries a delivery out, whatever it makes and wherever it goes. Loaded with the first delivery. Thread: page. */
import { AppError } from '../contracts/errors.ts';
import type { RacePhoto } from '../contracts/race.ts';
import type { DeliveryPreset, DeliveryResult } from '../contracts/race-delivery.ts';
import type { RaceContents } from '../core/race/runner-photos.ts';
import { createPictures } from './picture-service.ts';
import { writeToFolder, type DeliveryRun } from './race-folder.ts';
import { filesOf, openDelivery, planFolders, type OpenDelivery, type PlannedFile } from './race-plan.ts';
import { planSidecars, sidecarFiles, writeSidecars } from './race-sidecars.ts';
import { planSite, type SiteWords } from './race-site.ts';
import type { TargetFile } from './race-target.ts';
import { planZips, writeZip } from './race-zip.ts';

/** Where it goes. `beside`: sidecars beside the photos, each source's into its own folder. */
export type DeliveryTarget =
  | { readonly to: 'folder'; readonly folder: FileSystemDirectoryHandle }
  | { readonly to: 'file'; readonly file: TargetFile }
  | { readonly to: 'beside'; readonly folders: ReadonlyMap<string, FileSystemDirectoryHandle> };

/** What is delivered, to whom. */
export interface DeliveryOrder {
  readonly contents: RaceContents;
  readonly preset: DeliveryPreset;
  /** Only these numbers; null: all. */
  readonly bibs: readonly string[] | null;
  /** @throws AppError when the file is gone, changed, or out of reach. */
  readonly open: (photo: RacePhoto) => Promise<Blob>;
  readonly words: SiteWords;
}

/**
 * @returns what was done, and a file to hand to the user if it is not where it was wanted.
 * @throws AppError as `writeToFolder` and `writeZip`.
 */
export async function deliverRace(
  order: DeliveryOrder,
  target: DeliveryTarget,
  run: DeliveryRun,
): Promise<{ readonly result: DeliveryResult; readonly file: File | null }> {
  const pictures = createPictures();
  try {
    const delivery = await openDelivery({ ...order, places: { open: order.open, pictures } });
    const runners = delivery.runners.length;
    switch (target.to) {
      case 'folder':
        return { result: await writeToFolder(await plan(delivery, order.words), target.folder, runners, run), file: null };
      case 'beside':
        return { result: await writeBeside(delivery, target.folders, run), file: null };
      case 'file': {
        const result = await writeZip(await plan(delivery, order.words), target.file.stream, runners, run);
        return { result, file: await target.file.finish() };
      }
    }
  } finally {
    pictures.end();
  }
}

/** Files of a folder, or of one ZIP. */
async function plan(delivery: OpenDelivery, words: SiteWords): Promise<PlannedFile[]> {
  switch (delivery.preset.kind) {
    case 'site':
      return planSite(delivery, words);
    case 'sidecars':
      return sidecarFiles(delivery);
    case 'zips':
      return planZips(await planFolders(delivery));
    case 'zip':
    case 'folders':
      return filesOf(await planFolders(delivery));
    case 'csv':
    case 'json':
      throw new AppError('bug', 'a document is no delivery of files');
  }
}

async function writeBeside(
  delivery: OpenDelivery,
  folders: ReadonlyMap<string, FileSystemDirectoryHandle>,
  run: DeliveryRun,
): Promise<DeliveryResult> {
  const planned = await planSidecars(delivery);
  const reached = planned.filter(({ sourceId }) => folders.has(sourceId));
  let total: DeliveryResult = {
    ...{ written: 0, kept: 0, runners: delivery.runners.length, bytes: 0 },
    // Sources that were picked as files have no folder to write into.
    problems: planned.filter(({ sourceId }) => !folders.has(sourceId)).map(({ path }) => ({ path, reason: 'not-written' as const })),
  };
  let before = 0;
  for (const [sourceId, folder] of folders) {
    const own = reached.filter((sidecar) => sidecar.sourceId === sourceId);
    const done = before;
    const part = await writeSidecars(own, folder, delivery.preset.existingSidecars, total.runners, {
      ...run,
      onProgress: (progress) =>
        run.onProgress?.({ done: done + progress.done, total: reached.length, problems: total.problems.length + progress.problems }),
    });
    before += own.length;
    total = {
      ...total,
      written: total.written + part.written,
      kept: total.kept + part.kept,
      bytes: total.bytes + part.bytes,
      problems: [...total.problems, ...part.problems],
    };
  }
  return total;
}
