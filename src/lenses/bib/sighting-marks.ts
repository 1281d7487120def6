/** @file People and numbers as the photo shows them: marks to draw, words to say. Thread: page. */
import type { Box } from '../../contracts/geometry.ts';
import type { BibAnswer, Sighting } from '../../contracts/race.ts';
import { m } from '../../paraglide/messages.js';
import type { PhotoMark } from '../../ui/photo-mark.ts';

/** @returns the number, what can be read of it, or that there is none. */
export function answerText({ bib, certainty, partial }: BibAnswer): string {
  if (bib !== null) return certainty === 'check' ? m.bib_perhaps({ bib }) : bib;
  return partial === null ? m.bib_no_number() : m.bib_partial({ bib: partial });
}

/** Where the number stands; without one the runner. */
export function placeOf({ bibBox, personBox }: Sighting): Box | null {
  return bibBox ?? personBox;
}

/** Where to look for the number: the bib with room around it; of a runner whose bib was not found the upper half. */
export function numberPlaceOf({ bibBox, personBox }: Sighting): Box | null {
  if (bibBox !== null) return roomAround(bibBox, 0.15);
  return personBox === null ? null : { ...personBox, height: personBox.height * 0.55 };
}

/** @param selected id of the sighting that is looked at. */
export function sightingMarks(sightings: readonly Sighting[], selected: string | null): PhotoMark[] {
  return sightings.flatMap((sighting) => {
    const { id, personBox, bibBox, answer } = sighting;
    const isTold = answer.bib !== null || answer.partial !== null || bibBox !== null;
    const kind = answer.certainty === 'sure' ? 'suits' : answer.certainty === 'check' ? 'check' : isTold ? 'thing' : 'word';
    const isActive = id === selected;
    const label = answerText(answer);
    const marks: PhotoMark[] = [];
    if (personBox !== null)
      marks.push({ id, kind: bibBox === null ? kind : 'word', shape: personBox, label: bibBox === null ? label : undefined, isActive });
    if (bibBox !== null) marks.push({ id: personBox === null ? id : `${id} bib`, kind, shape: bibBox, label, isActive });
    return marks;
  });
}

/** @returns the sighting of a mark. */
export function sightingOfMark(markId: string): string {
  return markId.replace(/ bib$/u, '');
}

/** A box with room around it, within the photo. */
export function roomAround({ x, y, width, height }: Box, room: number): Box {
  const left = Math.max(0, x - width * room);
  const top = Math.max(0, y - height * room);
  return {
    x: left,
    y: top,
    width: Math.min(1, x + width * (1 + room)) - left,
    height: Math.min(1, y + height * (1 + room)) - top,
  };
}
