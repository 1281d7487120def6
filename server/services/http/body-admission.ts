/**
 * @file Keeps large bodies from filling the memory: a request asks for room before its body is read, and gives it back when it is answered
 * or gone. A sender that names no length is counted with the most that its route takes.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { HttpProblem } from './problem.ts';

/** Of all requests with images together. */
const ROOM_BYTES = 384 * 1024 * 1024;
/** Slow senders of small images hold little memory, but not nothing. */
const MAX_REQUESTS = 128;

/** Room for the bodies of one server. */
export class BodyAdmission {
  readonly #roomBytes: number;
  #bytes = 0;
  #requests = 0;

  constructor(roomBytes: number = ROOM_BYTES) {
    this.#roomBytes = roomBytes;
  }

  /** @returns a hook for `preParsing`. @throws HttpProblem 413 for a length beyond `maxBytes`; 503 when there is no room now. */
  hook(maxBytes: number): (request: FastifyRequest, reply: FastifyReply) => Promise<void> {
    return (request, reply) => {
      const length = request.headers['content-length'];
      const bytes = length === undefined ? maxBytes : Number(length);
      if (bytes > maxBytes) return Promise.reject(new HttpProblem(413, 'invalid-input', `The body has at most ${maxBytes} bytes here.`));
      if (this.#bytes + bytes > this.#roomBytes || this.#requests >= MAX_REQUESTS)
        return Promise.reject(new HttpProblem(503, 'busy', 'Too many images are on their way. Try again in a moment.'));
      this.#bytes += bytes;
      this.#requests += 1;
      reply.raw.once('close', () => {
        this.#bytes -= bytes;
        this.#requests -= 1;
      });
      return Promise.resolve();
    };
  }
}
