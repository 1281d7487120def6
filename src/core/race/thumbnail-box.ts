/** @file Which part of a photo a runner's small picture shows: the runner with some room, never most of the photo. Pure; any thread. */
import type { Box } from '../../contracts/geometry.ts';
import type { Sighting } from '../../contracts/race.ts';
import { cutToFrame } from '../letterbox.ts';
import { widenBox, type BoxMargin } from '../widen-box.ts';

/** Room around a body, of its size. */
const ROOM: BoxMargin = { sides: 0.35, above: 0.15, below: 0.1 };
/** A body around a bib: nobody's whole body may have been found. */
const BODY: BoxMargin = { sides: 1.1, above: 3.5, below: 6 };

/**
 * @param maxShare of the photo's area that the box may cover.
 * @returns null when nothing says where the runner is.
 */
export function thumbnailBox(
  { personBox, bibBox }: Pick<Sighting, 'personBox' | 'bibBox'>,
  maxShare: number,
): { box: Box; person: Box } | null {
  const person = personBox ?? (bibBox === null ? null : cutToFrame(widenBox(bibBox, BODY)));
  if (person === null || !(person.width > 0 && person.height > 0)) return null;
  const wide = cutToFrame(widenBox(person, ROOM));
  const tight = cutToFrame(person);
  // First the room goes, then the legs, then the sides: the face and the number stay.
  const fitting = [wide, tight].find((box) => box.width * box.height <= maxShare) ?? cut(tight, maxShare);
  return fitting.width > 0 && fitting.height > 0 ? { box: fitting, person: tight } : null;
}

function cut(box: Box, maxShare: number): Box {
  // A little less: rounding must not make it more.
  const wanted = maxShare * 0.995;
  const height = Math.min(box.height, Math.max(0.55, wanted / box.width));
  const width = Math.min(box.width, wanted / height);
  return { x: box.x + (box.width - width) / 2, y: box.y, width, height };
}
