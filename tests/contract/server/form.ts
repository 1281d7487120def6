/** @file Forms with files, as a client sends them. */
import { randomBytes } from 'node:crypto';

/** One file of a form. */
export interface FormFile {
  readonly name?: string;
  readonly bytes: Uint8Array;
}

/** @returns the body and its content type, with a boundary of its own each time. */
export function formOf(files: readonly FormFile[]): { readonly type: string; readonly payload: Buffer } {
  const boundary = `----mekiki-${randomBytes(8).toString('hex')}`;
  const parts = files.flatMap(({ name, bytes }) => [
    Buffer.from(
      `--${boundary}\r\ncontent-disposition: form-data; name="image"${name === undefined ? '' : `; filename="${name}"`}\r\n` +
        'content-type: application/octet-stream\r\n\r\n',
    ),
    Buffer.from(bytes),
    Buffer.from('\r\n'),
  ]);
  return { type: `multipart/form-data; boundary=${boundary}`, payload: Buffer.concat([...parts, Buffer.from(`--${boundary}--\r\n`)]) };
}
