/** @file Declared fields of a collection: which column each lives in, what may stand in it, and filters as SQL that the engine pushes down. */
import { AppError } from '../../src/contracts/errors.ts';
import type { FieldType, Fields, Filter } from '../../src/contracts/server-api.ts';

/** A field's value. */
export type Scalar = string | number | boolean;

/** @returns the engine's column of a field; the prefix keeps it apart from our own columns. */
export function columnOf(field: string): string {
  return `f_${field}`;
}

/** @throws AppError('invalid-input') when `value` is not of the declared type. */
export function requireType(field: string, type: FieldType, value: unknown): asserts value is Scalar {
  const isRight = {
    keyword: typeof value === 'string',
    int: Number.isSafeInteger(value),
    float: Number.isFinite(value),
    bool: typeof value === 'boolean',
  }[type];
  if (!isRight) throw new AppError('invalid-input', `Field "${field}" is declared as ${type}; the value given is not.`);
}

/**
 * @returns a predicate for the engine's SQL, or null when the filter asks for nothing. Names are checked against the declared fields
 * and values are written as literals of the field's type: nothing of the caller's text is SQL.
 * @throws AppError('invalid-input') for a field that is not declared, or a value or range that its type has not.
 */
export function filterPredicate(fields: Fields, filter: Filter): string | null {
  const parts: string[] = [];
  for (const [field, value] of Object.entries(filter.eq ?? {})) parts.push(`${quoted(field)} = ${literal(fields, field, value)}`);
  for (const [field, values] of Object.entries(filter.in ?? {})) {
    const literals = [...new Set(values.map((value) => literal(fields, field, value)))];
    parts.push(`${quoted(field)} IN (${literals.join(', ')})`);
  }
  for (const [field, range] of Object.entries(filter.range ?? {})) {
    const type = typeOf(fields, field);
    if (type !== 'int' && type !== 'float') throw new AppError('invalid-input', `Field "${field}" is a ${type} and has no range.`);
    for (const [bound, sign, round] of BOUNDS) {
      const value = range[bound];
      // A bound between two whole numbers is moved to the one that means the same, so that the index serves it.
      if (value !== undefined) parts.push(`${quoted(field)} ${sign} ${literal(fields, field, type === 'int' ? round(value) : value)}`);
    }
  }
  return parts.length === 0 ? null : parts.join(' AND ');
}

/** Decides of one row's metadata. */
export type FilterTest = (metadata: Readonly<Record<string, unknown>>) => boolean;

/**
 * The same filter, decided here. @param filter one that {@link filterPredicate} took.
 * @returns a test that says no as well where the metadata lack a field that the filter names, as in SQL.
 */
export function filterTest(filter: Filter): FilterTest {
  const wanted = Object.entries(filter.eq ?? {}).map(([field, value]) => [field, new Set<unknown>([value])] as const);
  for (const [field, values] of Object.entries(filter.in ?? {})) wanted.push([field, new Set<unknown>(values)]);
  const ranges = Object.entries(filter.range ?? {});
  return (metadata) => {
    const valueOf = (field: string): unknown => (Object.hasOwn(metadata, field) ? metadata[field] : undefined);
    for (const [field, values] of wanted) if (!values.has(valueOf(field))) return false;
    for (const [field, { gte, gt, lte, lt }] of ranges) {
      const value = valueOf(field);
      if (typeof value !== 'number') return false;
      if (value < (gte ?? value) || value > (lte ?? value) || value <= (gt ?? -Infinity) || value >= (lt ?? Infinity)) return false;
    }
    return true;
  };
}

const BOUNDS = [
  ['gte', '>=', Math.ceil],
  ['gt', '>', Math.floor],
  ['lte', '<=', Math.floor],
  ['lt', '<', Math.ceil],
] as const;

function typeOf(fields: Fields, field: string): FieldType {
  const type = Object.hasOwn(fields, field) ? fields[field] : undefined;
  if (type === undefined) throw new AppError('invalid-input', `This collection declares no field "${field.slice(0, 60)}" to filter by.`);
  return type;
}

function literal(fields: Fields, field: string, value: unknown): string {
  const type = typeOf(fields, field);
  requireType(field, type, value);
  if (type === 'keyword') return textLiteral(value as string);
  if (type === 'float') return `CAST(${String(value)} AS DOUBLE)`;
  // Whole numbers, and yes and no as 1 and 0.
  return String(Number(value));
}

/** @returns a text as an SQL literal. A doubled quote is the only escape that the engine's SQL knows. */
export function textLiteral(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function quoted(field: string): string {
  return `\`${columnOf(field)}\``;
}
