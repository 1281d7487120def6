/**
 * @file XMP sidecars: `IMG_1234.xmp` beside `IMG_1234.CR3` or `IMG_1234.JPG`, in the folders of the source. Thread: page.
 * A sidecar that is there is merged into or left alone; one that is no XMP is never touched.
 */
import { AppError, toAppError } from '../contracts/errors.ts';
import type { RacePhoto } from '../contracts/race.ts';
import type { DeliveryProblem, DeliveryResult } from '../contracts/race-delivery.ts';
import { safeName, splitName, TakenNames } from '../core/race/file-names.ts';
import { breather } from '../core/breather.ts';
import { FolderTree, reporter, writeError, type DeliveryRun } from './race-folder.ts';
import { digest, factsOf, type OpenDelivery, type PlannedFile } from './race-plan.ts';
import { mergeXmp, type PhotoFacts } from './race-xmp.ts';

/** A sidecar that is to be written. */
export interface PlannedSidecar {
  readonly sourceId: string;
  /** Below its source, as the photo's. */
  readonly path: string;
  readonly facts: PhotoFacts;
  readonly modifiedAtMs: number;
}

/** One for each photo with a delivered runner; a JPEG and a RAW of one name share theirs, as Lightroom wants it. */
export async function planSidecars(delivery: OpenDelivery): Promise<PlannedSidecar[]> {
  const breathe = breather();
  const planned = new Map<string, PlannedSidecar>();
  const wanted = new Set(delivery.runners.flatMap(({ photos }) => photos.map(({ photo }) => photo.id)));
  for (const photo of delivery.contents.photos.filter(({ id }) => wanted.has(id))) {
    const path = sidecarPath(photo);
    const key = `${photo.sourceId}\n${path.toLowerCase()}`;
    const facts = factsOf(delivery, photo);
    const before = planned.get(key);
    planned.set(key, before === undefined ? sidecarOf(photo, path, facts) : { ...before, facts: both(before.facts, facts) });
    await breathe();
  }
  return [...planned.values()];
}

/**
 * Write beside the photos. The photos themselves are not opened.
 * @param folder of a source, with permission to write. @param sidecars of that source.
 * @param existing `keep`: what is there stays as it is, and is counted as kept.
 * @throws AppError as `writeToFolder`
 */
export async function writeSidecars(
  sidecars: readonly PlannedSidecar[],
  folder: FileSystemDirectoryHandle,
  existing: 'merge' | 'keep',
  runners: number,
  run: DeliveryRun = {},
): Promise<DeliveryResult> {
  const tree = new FolderTree(folder);
  const problems: DeliveryProblem[] = [];
  const report = reporter(sidecars.length, problems, run.onProgress);
  let written = 0;
  let kept = 0;
  let bytes = 0;
  for (const [index, { path, facts }] of sidecars.entries()) {
    if (run.signal?.aborted === true) throw new AppError('cancelled', 'cancelled by the user');
    report(index);
    try {
      const before = await (await tree.read(path))?.text();
      if (before !== undefined && before !== '' && existing === 'keep') {
        kept += 1;
        continue;
      }
      const { packet } = mergeXmp(before === undefined || before === '' ? null : before, facts, { removeGps: false });
      if (packet === before) {
        kept += 1;
        continue;
      }
      bytes += await tree.write(path, new Blob([packet]), run.signal);
      written += 1;
    } catch (error) {
      const known = writeError(error);
      if (known !== null && known.code !== 'invalid-input') throw known;
      problems.push({ path, reason: 'not-written' });
    }
  }
  report(sidecars.length);
  return { written, kept, runners, bytes, problems };
}

/** For a ZIP or another folder: each source in a folder of its own name. */
export async function sidecarFiles(delivery: OpenDelivery): Promise<PlannedFile[]> {
  const folders = new TakenNames();
  const folderOf = new Map(delivery.contents.sources.map(({ id, name }) => [id, folders.take(safeName(name))]));
  const names = new TakenNames();
  return (await planSidecars(delivery)).map(({ sourceId, path, facts, modifiedAtMs }) => {
    const parts = [
      folderOf.get(sourceId) ?? 'photos',
      ...path
        .split('/')
        .slice(0, -1)
        .map((part) => safeName(part)),
      safeName(splitName(path).stem, '.xmp'),
    ];
    return {
      path: names.take(parts.join('/')),
      about: path,
      key: digest(facts),
      make: () => {
        try {
          const { packet } = mergeXmp(null, facts, { removeGps: false });
          return Promise.resolve({ body: new Blob([packet]), modifiedAtMs, problems: [] });
        } catch (error) {
          return Promise.reject(toAppError(error));
        }
      },
    };
  });
}

function sidecarPath({ path }: RacePhoto): string {
  const { ending } = splitName(path);
  return `${path.slice(0, path.length - ending.length)}.xmp`;
}

function sidecarOf({ sourceId, modifiedAtMs }: RacePhoto, path: string, facts: PhotoFacts): PlannedSidecar {
  return { sourceId, path, facts, modifiedAtMs };
}

function both(a: PhotoFacts, b: PhotoFacts): PhotoFacts {
  return { ...a, keywords: [...new Set([...a.keywords, ...b.keywords])], people: [...new Set([...a.people, ...b.people])] };
}
