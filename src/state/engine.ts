/** @file The pipeline of this page, opened when the first photo wants it. Thread: page. */
import type { PagePipeline } from '../flow/create-pipeline.ts';
import { device } from './device.ts';
import { preferences } from './preferences.svelte.ts';

let opening: Promise<PagePipeline> | null = null;

/** @returns the same pipeline each time; its code is loaded at the first call, its workers start at their first use. */
export function engine(): Promise<PagePipeline> {
  opening ??= open().catch((error: unknown) => {
    opening = null;
    throw error;
  });
  return opening;
}

/** Bring or remove the demo's products, as the settings say. @throws AppError('offline' | 'quota-exceeded') */
export async function syncDemo(): Promise<void> {
  const { settings, demo } = device();
  const isWanted = await settings.get('useDemo');
  const hasChanged = isWanted ? await demo.install() : await demo.isInstalled();
  if (!isWanted && hasChanged) await demo.remove();
  if (hasChanged) await readGalleryAgain();
}

/** Gallery or catalogue changed beside the pipeline (demo, packs): the next look sees it. Without a pipeline there is nothing to do. */
export async function readGalleryAgain(): Promise<void> {
  if (opening === null) return;
  const opened = await opening;
  opened.forgetCatalogue();
  const { memory } = opened;
  await memory.index.reload(await memory.vision.embeddingSpace());
}

async function open(): Promise<PagePipeline> {
  const { createPipeline } = await import('../flow/create-pipeline.ts');
  const { settings, people, products, gallery, corrections, ledger, demo } = device();
  // Without it (no network on the first visit, storage full) products that the user added are still found.
  if (await settings.get('useDemo')) await demo.install().catch(() => false);
  return createPipeline({
    settings,
    people,
    products,
    gallery,
    corrections,
    ledger,
    backend: await chosenBackend(),
    ownOrigin: location.origin,
  });
}

/** `?ep=` wins over the settings, for tests. */
async function chosenBackend(): Promise<'webgpu' | 'wasm' | null> {
  const chosen = preferences.backendAsked ?? (await device().settings.get('backend'));
  return chosen === 'webgpu' || chosen === 'wasm' ? chosen : null;
}
