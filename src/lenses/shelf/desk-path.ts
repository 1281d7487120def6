/** @file Addresses of the desk's pages. Thread: page. */

/** A page of the desk. */
export type DeskPlace =
  | { readonly page: 'visits' }
  | { readonly page: 'shops' }
  | { readonly page: 'shop'; readonly shopId: string }
  | { readonly page: 'trends'; readonly shopId: string }
  | { readonly page: 'visit'; readonly visitId: string }
  | { readonly page: 'report'; readonly visitId: string }
  | { readonly page: 'fixes'; readonly visitId: string }
  | { readonly page: 'bay'; readonly visitId: string; readonly bayId: string; readonly tab: BayTab }
  | { readonly page: 'planogram'; readonly planogramId: string }
  | { readonly page: 'planogram-import'; readonly shopId: string; readonly bayId: string | null };

/** Parts of a bay's page. */
export const BAY_TABS = ['photo', 'data', 'planogram'] as const;
export type BayTab = (typeof BAY_TABS)[number];

const ROOT = '/desk/shelf';

/** @param path below `/desk/shelf/`. @returns the page; null for an address that leads nowhere. */
export function deskPlace(path: string): DeskPlace | null {
  const [first = '', id, second, third, fourth, ...more] = path.split('/').filter((part) => part !== '');
  if (more.length > 0) return null;
  if (first === '') return { page: 'visits' };
  if (first === 'shops' && id === undefined) return { page: 'shops' };
  if (id === undefined) return null;
  if (first === 'shops') {
    if (second === undefined) return { page: 'shop', shopId: id };
    if (second === 'trends' && third === undefined) return { page: 'trends', shopId: id };
    return second === 'planogram' && fourth === undefined ? { page: 'planogram-import', shopId: id, bayId: third ?? null } : null;
  }
  if (first === 'planograms') return second === undefined ? { page: 'planogram', planogramId: id } : null;
  if (first !== 'visits') return null;
  if (second === undefined) return { page: 'visit', visitId: id };
  if (second === 'report' || second === 'fixes') return third === undefined ? { page: second, visitId: id } : null;
  if (second !== 'bays' || third === undefined) return null;
  const tab = BAY_TABS.find((each) => each === (fourth ?? 'photo'));
  return tab === undefined ? null : { page: 'bay', visitId: id, bayId: third, tab };
}

/** @returns the address of a page. */
export function deskAddress(place: DeskPlace): string {
  switch (place.page) {
    case 'visits':
      return ROOT;
    case 'shops':
      return `${ROOT}/shops`;
    case 'shop':
      return `${ROOT}/shops/${place.shopId}`;
    case 'trends':
      return `${ROOT}/shops/${place.shopId}/trends`;
    case 'visit':
      return `${ROOT}/visits/${place.visitId}`;
    case 'report':
    case 'fixes':
      return `${ROOT}/visits/${place.visitId}/${place.page}`;
    case 'bay':
      return `${ROOT}/visits/${place.visitId}/bays/${place.bayId}${place.tab === 'photo' ? '' : `/${place.tab}`}`;
    case 'planogram':
      return `${ROOT}/planograms/${place.planogramId}`;
    case 'planogram-import':
      return `${ROOT}/shops/${place.shopId}/planogram${place.bayId === null ? '' : `/${place.bayId}`}`;
  }
}
