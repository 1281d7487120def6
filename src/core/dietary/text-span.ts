/** @file How two spans of one text lie to each other. Pure. */
import type { TextSpan } from '../../contracts/dietary.ts';

/** All of `inner` lies in `outer`. */
export function holds(outer: TextSpan, inner: TextSpan): boolean {
  return inner.start >= outer.start && inner.end <= outer.end;
}

/** They share a character. */
export function overlaps(a: TextSpan, b: TextSpan): boolean {
  return a.start < b.end && b.start < a.end;
}
