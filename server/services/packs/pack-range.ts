/** @file Reads a `Range` header. Source: RFC 9110, section 14. */

/** Half-open. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** @returns the range; `all` when none was asked for or it is of another form, which may be ignored; `none` when it lies outside. */
export function byteRange(header: string | undefined, length: number): ByteRange | 'all' | 'none' {
  const asked = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '');
  if (asked === null) return 'all';
  const [, first = '', last = ''] = asked;
  if (first === '' && last === '') return 'all';
  if (first === '') return last === '0' || Number(last) === 0 ? 'none' : { start: Math.max(0, length - Number(last)), end: length };
  const start = Number(first);
  if (last !== '' && Number(last) < start) return 'all';
  return start >= length ? 'none' : { start, end: last === '' ? length : Math.min(length, Number(last) + 1) };
}
