/** @file Tables as messages to another thread: the memory that they lie in goes over, nothing is copied. */
import { Data, RecordBatch, Struct, Table, makeData, tableFromIPC, tableToIPC, type DataType, type Field } from 'apache-arrow';

/** Part of a column, as Arrow lays it out. */
interface ColumnMessage {
  readonly offset: number;
  readonly length: number;
  readonly nullCount: number;
  /** Offsets, values, validity, types. */
  readonly buffers: readonly (ArrayBufferView<ArrayBuffer> | undefined)[];
  readonly children: readonly ColumnMessage[];
}

/** A table. */
export interface TableMessage {
  /** An Arrow stream without rows. */
  readonly schema: Uint8Array;
  /** Columns of each batch. */
  readonly batches: readonly (readonly ColumnMessage[])[];
}

/** Memory of fewer bytes is copied: several small texts and numbers may lie in one block with what is none of theirs. */
const SMALLEST_GIVEN = 1 << 16;

export function messageOf(table: Table): TableMessage {
  return {
    schema: tableToIPC(new Table(table.schema), 'stream'),
    batches: table.batches.map(({ data }) => data.children.map(columnMessage)),
  };
}

/** @returns the memory to hand over with messages. */
export function memoryOf(messages: readonly TableMessage[]): ArrayBuffer[] {
  const columns = messages.flatMap(({ batches }) => batches.flat());
  const buffers = columns.flatMap(buffersOf).map(({ buffer }) => buffer);
  return [...new Set(buffers)].filter(({ byteLength }) => byteLength >= SMALLEST_GIVEN);
}

export function tableOfMessage(message: TableMessage): Table {
  const { schema } = tableFromIPC(message.schema);
  const type = new Struct(schema.fields);
  const batches = message.batches.map((columns) => {
    const children = columns.map((column, n) => dataOf(schema.fields[n]! as Field<DataType>, column));
    return new RecordBatch(schema, makeData({ type, length: children[0]?.length ?? 0, nullCount: 0, children }));
  });
  return new Table(schema, batches);
}

function columnMessage({ offset, length, nullCount, valueOffsets, values, nullBitmap, typeIds, children }: Data): ColumnMessage {
  const buffers = [valueOffsets, values, nullBitmap, typeIds] as ColumnMessage['buffers'];
  return { offset, length, nullCount, buffers, children: children.map(columnMessage) };
}

function buffersOf({ buffers, children }: ColumnMessage): ArrayBufferView<ArrayBuffer>[] {
  return [...buffers.filter((buffer) => buffer !== undefined), ...children.flatMap(buffersOf)];
}

function dataOf(field: Field<DataType>, { offset, length, nullCount, buffers, children }: ColumnMessage): Data {
  const fields = field.type.children as Field<DataType>[];
  const own = children.map((child, n) => dataOf(fields[n]!, child));
  return new Data(field.type, offset, length, nullCount, buffers as never, own);
}
