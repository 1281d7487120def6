/** @file Bodies of the recognition routes: one image file as it is, or several as a form. Everywhere else images are refused. */
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Busboy, type BusboyFileStream, type BusboyHeaders } from '@fastify/busboy';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { BATCH_LIMITS, IMAGE_LIMITS } from '../../../src/contracts/recognise-api.ts';
import { HttpProblem } from '../http/problem.ts';

/** One image of several. */
export interface NamedImage {
  /** File name as it was sent, without folders; null: none. */
  readonly name: string | null;
  readonly bytes: Buffer;
}

const NOT_AN_IMAGE = 'Send the bytes of an image: content-type image/jpeg, image/png, image/webp or image/avif.';
const NOT_A_FORM = 'Send a form (multipart/form-data) with one file for each image.';

/** Let routes of a plugin read an image. What it is, its first bytes say, not this header. Bodies arrive as one `Buffer`. */
export function acceptImages(app: FastifyInstance): void {
  for (const type of [/^image\//, 'application/octet-stream'])
    app.addContentTypeParser(type, { parseAs: 'buffer' }, (request, body: Buffer, done) => {
      if (isEncoded(request)) done(new HttpProblem(415, 'invalid-input', 'Send the image uncompressed.'));
      else done(null, body);
    });
  refuseOthers(app, NOT_AN_IMAGE);
}

/** @returns the image of a request. @throws HttpProblem 415 when the body is something else. */
export function imageOf(body: unknown): Buffer {
  if (!Buffer.isBuffer(body) || body.byteLength === 0)
    throw new HttpProblem(
      415,
      'invalid-input',
      'Send the bytes of an image: content-type image/jpeg, image/png, image/webp or image/avif.',
    );
  return body;
}

/**
 * Let routes of a plugin read several images. [Note: A form, not JSON] `multipart/form-data` carries files as they are: a third fewer bytes than
 * base64, read piece by piece (a JSON text of 64 MB would hold the event loop while it is parsed), and every HTTP client can send it.
 * Bodies arrive as {@link NamedImage}s.
 */
export function acceptImageLists(app: FastifyInstance): void {
  app.addContentTypeParser('multipart/form-data', async (request: FastifyRequest, payload: Readable): Promise<NamedImage[]> => {
    if (isEncoded(request)) throw new HttpProblem(415, 'invalid-input', 'Send the form uncompressed.');
    return readForm(request, payload);
  });
  refuseOthers(app, NOT_A_FORM);
}

/** @returns the images of a request. @throws HttpProblem 415 for another body; 400 for none; 413 for more than `most`. */
export function imagesOf(body: unknown, most: number): readonly NamedImage[] {
  // JSON may be a list too.
  if (!Array.isArray(body) || !body.every(isNamedImage)) throw new HttpProblem(415, 'invalid-input', NOT_A_FORM);
  if (body.length === 0) throw new HttpProblem(400, 'invalid-input', 'The form holds no image.');
  if (body.length > most) throw new HttpProblem(413, 'invalid-input', `At most ${most} images at a time here.`);
  return body;
}

function isNamedImage(value: unknown): value is NamedImage {
  return typeof value === 'object' && value !== null && (value as Partial<NamedImage>).bytes instanceof Uint8Array;
}

async function readForm(request: FastifyRequest, payload: Readable): Promise<NamedImage[]> {
  const images: NamedImage[] = [];
  // A repetition has another boundary: what counts is what the form holds.
  const digest = createHash('sha256');
  let total = 0;
  const problems: HttpProblem[] = [];
  const refuse = (status: number, detail: string) => void problems.push(new HttpProblem(status, 'invalid-input', detail));
  let form: InstanceType<typeof Busboy>;
  try {
    form = new Busboy({
      headers: request.headers as BusboyHeaders,
      limits: { fileSize: IMAGE_LIMITS.maxBytes, files: BATCH_LIMITS.maxJobImages, fields: 1, fieldSize: 1, headerPairs: 20 },
    });
  } catch {
    throw new HttpProblem(400, 'invalid-input', 'The form’s content-type has no boundary.');
  }
  form.on('file', (_field: string, file: BusboyFileStream, fileName: string | undefined) => {
    const parts: Buffer[] = [];
    file.on('data', (part: Buffer) => {
      total += part.byteLength;
      if (total > BATCH_LIMITS.maxBytes && problems.length === 0) refuse(413, `A form has at most ${BATCH_LIMITS.maxBytes} bytes.`);
      // Who names no length and does not stop gets no answer either.
      if (total > 2 * BATCH_LIMITS.maxBytes) payload.destroy();
      if (problems.length > 0) return;
      digest.update(part);
      parts.push(part);
    });
    // Without a listener a form that is cut short would end the server.
    file.on('error', () => refuse(400, 'The form is malformed or was cut short.'));
    file.on('limit', () => refuse(413, `An image has at most ${IMAGE_LIMITS.maxBytes} bytes.`));
    file.on('end', () => {
      const bytes = Buffer.concat(parts);
      parts.length = 0;
      digest.update(`\n${bytes.byteLength}\n`);
      images.push({ name: plainName(fileName), bytes });
    });
  });
  form.on('field', () => refuse(400, 'The form may hold files only; options go into the address.'));
  form.on('filesLimit', () => refuse(413, `At most ${BATCH_LIMITS.maxJobImages} images at a time.`));
  await pipeline(payload, form).catch(() => refuse(400, 'The form is malformed or was cut short.'));
  const [first] = problems;
  if (first !== undefined) throw first;
  if (request.headers['idempotency-key'] !== undefined) request.bodyDigest = { bytes: total, sha256: digest.digest('hex') };
  return images;
}

/** Bodies of any other kind, unread. */
function refuseOthers(app: FastifyInstance, detail: string): void {
  // A JSON text as large as an image would hold the event loop while it is parsed.
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser('*', (_request, _payload, done) => done(new HttpProblem(415, 'invalid-input', detail)));
}

function plainName(fileName: string | undefined): string | null {
  const name = (fileName ?? '').split(/[/\\]/).at(-1)!.slice(0, 200);
  return name === '' ? null : name;
}

function isEncoded({ headers }: FastifyRequest): boolean {
  const encoding = headers['content-encoding'];
  return encoding !== undefined && encoding !== 'identity';
}
