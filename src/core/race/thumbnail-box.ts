/** @file Which part of a photo a runner's small picture shows: the runner with some room, never most of the photo. Pure; any thread. */
import type { Box } from '../../contracts/geometry.ts';
import type { Sighting } from '../../contracts/race.ts';

/** Room around a body, of its size. */
const ROOM = { side: 0.35, above: 0.15, below: 0.1 } as const;
/** A body around a bib, in bibs: nobody's whole body may have been found. */
const BODY = { width: 3.2, above: 3.5, below: 6 } as const;

/**
 * @param maxShare of the photo's area that the box may cover.
 * @returns null when nothing says where the runner is.
 */
export function thumbnailBox(
  { personBox, bibBox }: Pick<Sighting, 'personBox' | 'bibBox'>,
  maxShare: number,
): { box: Box; person: Box } | null {
  const person = personBox ?? (bibBox === null ? null : bodyAround(bibBox));
  if (person === null || !(person.width > 0 && person.height > 0)) return null;
  const wide = inside({
    x: person.x - person.width * ROOM.side,
    y: person.y - person.height * ROOM.above,
    width: person.width * (1 + 2 * ROOM.side),
    height: person.height * (1 + ROOM.above + ROOM.below),
  });
  const tight = inside(person);
  // First the room goes, then the legs, then the sides: the face and the number stay.
  const fitting = [wide, tight].find((box) => box.width * box.height <= maxShare) ?? cut(tight, maxShare);
  return fitting.width > 0 && fitting.height > 0 ? { box: fitting, person: tight } : null;
}

function bodyAround(bib: Box): Box {
  const width = bib.width * BODY.width;
  return inside({
    x: bib.x + bib.width / 2 - width / 2,
    y: bib.y - bib.height * BODY.above,
    width,
    height: bib.height * (1 + BODY.above + BODY.below),
  });
}

function cut(box: Box, maxShare: number): Box {
  // A little less: rounding must not make it more.
  const wanted = maxShare * 0.995;
  const height = Math.min(box.height, Math.max(0.55, wanted / box.width));
  const width = Math.min(box.width, wanted / height);
  return { x: box.x + (box.width - width) / 2, y: box.y, width, height };
}

function inside({ x, y, width, height }: Box): Box {
  const left = Math.min(1, Math.max(0, x));
  const top = Math.min(1, Math.max(0, y));
  return { x: left, y: top, width: Math.min(1, x + width) - left, height: Math.min(1, y + height) - top };
}
