/** @file Bodies of the recognition routes: an image file as it is. Everywhere else images are refused. */
import type { FastifyInstance } from 'fastify';
import { digestOf } from './auditing.ts';
import { HttpProblem } from './problem.ts';

/** Let routes of a plugin read an image. What it is, its first bytes say, not this header. Bodies arrive as one `Buffer`. */
export function acceptImages(app: FastifyInstance): void {
  for (const type of [/^image\//, 'application/octet-stream'])
    app.addContentTypeParser(type, { parseAs: 'buffer' }, (request, body: Buffer, done) => {
      const encoding = request.headers['content-encoding'];
      if (encoding !== undefined && encoding !== 'identity') {
        done(new HttpProblem(415, 'invalid-input', 'Send the image uncompressed.'));
        return;
      }
      if (request.headers['idempotency-key'] !== undefined) request.bodyDigest = digestOf(body);
      done(null, body);
    });
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
