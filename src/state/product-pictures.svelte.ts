/** @file Small pictures of products for those who choose between them. Thread: page. */
import { device } from './device.ts';

/** Never written to. */

const NONE: ReadonlyMap<string, Blob> = new Map();

/**
 * Pictures of products, as far as a pack brought one. Call it while a component is made.
 * @param ids of the products shown now. @returns the pictures so far, by product; those that cannot be read are absent.
 */
export function productPictures(ids: () => readonly string[]): { readonly all: ReadonlyMap<string, Blob> } {
  let all = $state.raw(NONE);
  // One text, so that the same products in a new list are no change.
  const wanted = $derived(JSON.stringify(ids()));
  $effect(() => {
    let isOld = false;
    device()
      .pictures.byProductIds(JSON.parse(wanted) as string[])
      .then(
        (found) => {
          if (!isOld) all = found;
        },
        // The answer stands without them.
        () => {},
      );
    return () => (isOld = true);
  });
  return {
    get all() {
      return all;
    },
  };
}
