/** @file The only body that the server reads: JSON in UTF-8. Everything else, images above all, is refused as 415. */
import type { FastifyInstance } from 'fastify';
import { digestOf } from '../watching/auditing.ts';
import { HttpProblem } from './problem.ts';
import { holdsUnstorable } from './storable-text.ts';

/** Replace Fastify's parsers. `__proto__` and `constructor` keys are refused, as are bytes that are not UTF-8. */
export function acceptJsonOnly(app: FastifyInstance): void {
  const parseJson = app.getDefaultJsonParser('error', 'error');
  const utf8 = new TextDecoder('utf-8', { fatal: true });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    const charset = /;\s*charset\s*=\s*"?([^";\s]+)/i.exec(request.headers['content-type'] ?? '')?.[1];
    if (charset !== undefined && !/^utf-?8$/i.test(charset)) {
      done(new HttpProblem(415, 'invalid-input', 'Send JSON in UTF-8.'));
      return;
    }
    const encoding = request.headers['content-encoding'];
    if (encoding !== undefined && encoding !== 'identity') {
      done(new HttpProblem(415, 'invalid-input', 'Send the body uncompressed.'));
      return;
    }
    const { access } = request.routeOptions.config;
    if (access?.arrival !== undefined || request.headers['idempotency-key'] !== undefined) request.bodyDigest = digestOf(body);
    let text: string;
    try {
      text = utf8.decode(body);
    } catch {
      done(new HttpProblem(400, 'invalid-input', 'The body is not UTF-8.'));
      return;
    }
    void parseJson(request, text, (error, value) => {
      // The parser's own message quotes the body.
      if (error === null && holdsUnstorable(text, value))
        done(new HttpProblem(400, 'invalid-input', 'A text holds zeros (\\u0000) or halves of characters, which cannot be stored.'));
      else if (error === null) done(null, value);
      else done(new HttpProblem(400, 'invalid-input', 'The body is not JSON that is accepted here.'));
    });
  });
}
