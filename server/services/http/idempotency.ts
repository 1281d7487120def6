/**
 * @file `Idempotency-Key` of writes: the same key with the same request within 24 hours gets the stored answer; with another request it is
 * refused; while the first one runs it is told to wait. Only answers of writes that were done are kept.
 */
import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { IdempotentAnswers } from '../../repositories/idempotent-answers.ts';
import { HttpProblem } from './problem.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set while this request holds its `Idempotency-Key`. */
    repetition: { readonly token: string } | null;
  }
}

const HEADER = 'idempotency-key';
const LIFE_MS = 86_400_000;
const CLEAN_UP_MS = 3_600_000;
/** Larger answers are not kept; no write answers so much. */
const MAX_ANSWER_BYTES = 256 * 1024;

/** Install the hooks. @returns what ends the clean-up. */
export async function answerRepetitions(api: FastifyInstance, answers: IdempotentAnswers): Promise<() => void> {
  await answers.forget(Date.now() - LIFE_MS, true);
  const timer = setInterval(() => {
    answers.forget(Date.now() - LIFE_MS, false).catch((error: unknown) => {
      api.log.warn({ err: error }, 'old idempotent answers were not forgotten');
    });
  }, CLEAN_UP_MS).unref();

  api.addHook('preHandler', async (request, reply) => {
    const token = request.headers[HEADER];
    const mode = request.routeOptions.config.access?.repeat;
    if (token === undefined || mode === undefined) return;
    if (typeof token !== 'string' || !/^[\x21-\x7e]{8,200}$/.test(token))
      throw new HttpProblem(400, 'invalid-input', 'An Idempotency-Key is 8 to 200 visible characters, e.g. a UUID.');
    const fingerprint = fingerprintOf(request);
    const known = await answers.begin(request.principal.id, token, fingerprint, Date.now());
    if (known === null) {
      request.repetition = { token };
      return;
    }
    await answerAgain(reply, known, fingerprint);
  });

  api.addHook('onSend', async (request, reply, payload) => {
    if (request.repetition === null) return;
    const { token } = request.repetition;
    const actor = request.principal.id;
    if (reply.statusCode < 200 || reply.statusCode >= 300 || typeof payload !== 'string' || payload.length > MAX_ANSWER_BYTES)
      await answers.release(actor, token);
    else await answers.finish(actor, token, reply.statusCode, request.routeOptions.config.access?.repeat === 'answer' ? payload : null);
  });
  return () => clearInterval(timer);
}

async function answerAgain(
  reply: FastifyReply,
  known: { fingerprint: string; status: number | null; body: string | null },
  fingerprint: string,
): Promise<void> {
  if (known.fingerprint !== fingerprint) throw new HttpProblem(422, 'invalid-input', 'This Idempotency-Key was used for another request.');
  if (known.status === null) {
    void reply.header('retry-after', '1');
    throw new HttpProblem(409, 'busy', 'The first request with this Idempotency-Key has not ended yet.');
  }
  if (known.body === null) throw new HttpProblem(409, 'invalid-input', 'This was done before. Its answer held a secret and was not kept.');
  await reply
    .header('idempotent-replayed', 'true')
    .code(known.status)
    .type('application/json; charset=utf-8')
    .serializer(String)
    .send(known.body);
}

/** What a request is recognised by: who is not in it, tokens are per actor. */
function fingerprintOf({ method, url, bodyDigest }: FastifyRequest): string {
  return createHash('sha256')
    .update(JSON.stringify([method, url, bodyDigest?.sha256 ?? null]))
    .digest('hex');
}
