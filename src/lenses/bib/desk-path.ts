/** @file Addresses of the desk's pages. Thread: page. */

/** Parts of a race's desk, in the order of the work. */
export const EVENT_PAGES = ['import', 'list', 'photos', 'review', 'runners', 'delivery'] as const;
export type EventPageName = (typeof EVENT_PAGES)[number];

/** A page of the desk. */
export type DeskPlace =
  | { readonly page: 'events' }
  | { readonly page: EventPageName; readonly eventId: string }
  | { readonly page: 'photo'; readonly eventId: string; readonly photoId: string }
  | { readonly page: 'runner'; readonly eventId: string; readonly bib: string };

const ROOT = '/desk/bib';

/** @param path below `/desk/bib/`. @returns the page; null for an address that leads nowhere. */
export function deskPlace(path: string): DeskPlace | null {
  const [first = '', eventId, second = 'import', third, ...more] = path.split('/').filter((part) => part !== '');
  if (first === '') return { page: 'events' };
  if (first !== 'races' || eventId === undefined || more.length > 0) return null;
  const page = EVENT_PAGES.find((each) => each === second);
  if (page === undefined) return null;
  if (third === undefined) return { page, eventId };
  if (page === 'photos') return { page: 'photo', eventId, photoId: `${eventId}.${third}` };
  const bib = page === 'runners' ? plain(third) : null;
  return bib === null ? null : { page: 'runner', eventId, bib };
}

/** @returns the address of a page. */
export function deskAddress(place: DeskPlace): string {
  if (place.page === 'events') return ROOT;
  const race = `${ROOT}/races/${place.eventId}`;
  switch (place.page) {
    case 'photo':
      // Ids of photos begin with their race; an address with a dot in it would be taken for a file.
      return `${race}/photos/${place.photoId.slice(place.eventId.length + 1)}`;
    case 'runner':
      return `${race}/runners/${encodeURIComponent(place.bib)}`;
    case 'import':
      return race;
    default:
      return `${race}/${place.page}`;
  }
}

/** A number as printed; null for what was mistyped. */
function plain(part: string): string | null {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}
