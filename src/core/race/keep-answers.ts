/** @file What the user said about a photo, when the photo is read again: it stays with the runner in the same place. Pure; any thread. */
import type { RacePhotoReading, Sighting } from '../../contracts/race.ts';
import { intersectionOverUnion } from '../nms.ts';

/** Boxes of the same runner in two readings of one photo overlap at least so much. */
const SAME_PLACE_IOU = 0.5;

/**
 * @param earlier reading of the same photo; null: none.
 * @returns `next`, with the user's answers of `earlier` and the ids of their sightings, so that they can still be taken back.
 */
export function keepUserAnswers(earlier: RacePhotoReading | null, next: RacePhotoReading): RacePhotoReading {
  const said = (earlier?.sightings ?? []).filter(({ answer }) => answer.saidBy === 'user');
  if (said.length === 0) return next;
  const sightings = [...next.sightings];
  const taken = new Set<number>();
  for (const old of said) {
    let [best, at] = [SAME_PLACE_IOU, -1];
    sightings.forEach((each, index) => {
      const overlap = taken.has(index) ? 0 : overlapOf(old, each);
      if (overlap > best) [best, at] = [overlap, index];
    });
    const match = sightings[at];
    if (match === undefined) continue;
    taken.add(at);
    const clash = sightings.findIndex(({ id }, index) => id === old.id && index !== at);
    if (clash >= 0) sightings[clash] = { ...sightings[clash]!, id: match.id };
    sightings[at] = { ...match, id: old.id, answer: old.answer };
  }
  return { ...next, sightings };
}

function overlapOf(a: Sighting, b: Sighting): number {
  const person = a.personBox !== null && b.personBox !== null ? intersectionOverUnion(a.personBox, b.personBox) : 0;
  const bib = a.bibBox !== null && b.bibBox !== null ? intersectionOverUnion(a.bibBox, b.bibBox) : 0;
  return Math.max(person, bib);
}
