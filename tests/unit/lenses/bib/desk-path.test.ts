/** @file Addresses of the bib desk's pages. */
import { describe, expect, it } from 'vitest';
import { deskAddress, deskPlace, EVENT_PAGES, type DeskPlace } from '../../../../src/lenses/bib/desk-path.ts';

const PLACES: readonly DeskPlace[] = [
  { page: 'events' },
  ...EVENT_PAGES.map((page) => ({ page, eventId: 'e1' })),
  { page: 'photo', eventId: 'e1', photoId: 'e1.00000012' },
  { page: 'runner', eventId: 'e1', bib: '1207' },
  { page: 'runner', eventId: 'e1', bib: '男A-12' },
];

describe('desk path', () => {
  it.each(PLACES)('leads to $page and back', (place) => {
    const address = deskAddress(place);
    expect(address.startsWith('/desk/bib')).toBe(true);
    // The server takes what has an ending for a file.
    expect(address).not.toContain('.');
    expect(deskPlace(address.slice('/desk/bib'.length))).toEqual(place);
  });

  it.each(['races', 'visits/e1', 'races/e1/walk', 'races/e1/list/x', 'races/e1/photos/p1/more', 'races/e1/runners/%E3%8'])(
    'knows no page at %s',
    (path) => expect(deskPlace(path)).toBeNull(),
  );
});
