/** @file Recognition of several images: at once, or as a job. Who may use them is decided by `route-access.ts`, before the body is read. */
import type { FastifyRequest } from 'fastify';
import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { AppError } from '../../src/contracts/errors.ts';
import { pageQuerySchema, pageSchema } from '../../src/contracts/page-api.ts';
import {
  BATCH_LIMITS,
  batchResponseSchema,
  jobIdSchema,
  jobQuerySchema,
  jobResultSchema,
  modelIdSchema,
  recogniseQuerySchema,
  recognitionJobSchema,
  type BatchResponse,
  type RecognitionJob,
} from '../../src/contracts/recognise-api.ts';
import { problemSchema } from '../../src/contracts/server-api.ts';
import { acceptImageLists, imagesOf } from '../services/recognition/image-body.ts';
import type { Services } from '../services/open-services.ts';
import { ownerOf } from '../services/keys/principal.ts';
import { HttpProblem } from '../services/http/problem.ts';
import type { JobViewer } from '../services/recognition/recognition-job-service.ts';
import { goneSignal, requireReach } from './recognise.ts';

const modelParams = z.strictObject({ model: modelIdSchema });
const jobParams = z.strictObject({ id: jobIdSchema });
const tags = ['recognition'];
const security = [{ apiKey: [] }, {}];
const formBody = z.unknown().meta({
  type: 'object',
  properties: { image: { type: 'array', items: { type: 'string', format: 'binary' }, maxItems: BATCH_LIMITS.maxJobImages } },
  required: ['image'],
});
const refusals = { 400: problemSchema, 401: problemSchema, 403: problemSchema, 404: problemSchema, 429: problemSchema };
const formRefusals = { 413: problemSchema, 415: problemSchema, 503: problemSchema };

export function recognitionRoutes({ recognition, recognitionJobs, bodies, holdsPersons }: Services): FastifyPluginCallbackZod {
  return (app, _options, done) => {
    acceptImageLists(app);
    const upload = { bodyLimit: BATCH_LIMITS.maxBytes + 1024 * 1024, preParsing: bodies.hook(BATCH_LIMITS.maxBytes + 1024 * 1024) };

    app.post(
      '/recognise/:model/batch',
      {
        ...upload,
        schema: {
          tags,
          security,
          summary: 'Recognise several images, answered at once',
          description:
            `A form (multipart/form-data) with one file for each image, at most ${BATCH_LIMITS.maxImages}, 64 MiB together. Results are in the order of ` +
            'the files; an image that cannot be recognised has a `problem` and does not stop the others.',
          consumes: ['multipart/form-data'],
          params: modelParams,
          querystring: recogniseQuerySchema,
          body: formBody,
          response: { 200: batchResponseSchema, ...refusals, ...formRefusals },
        },
      },
      async (request, reply) => {
        const model = await recognition.models.find(request.params.model);
        requireReach(request, model, holdsPersons);
        request.auditSubject = model.description.id;
        const images = imagesOf(request.body, BATCH_LIMITS.maxImages);
        const signal = goneSignal(reply);
        const results: BatchResponse['results'] = [];
        // One after the other: a batch takes one place in the queue, not sixteen.
        for (const [position, { name, bytes }] of images.entries()) {
          const result = { position, name, recognition: null, problem: null };
          try {
            results.push({
              ...result,
              recognition: await recognition.recognise(bytes, model, request.query, { signal, actor: request.principal.id }),
            });
          } catch (error) {
            results.push({ ...result, problem: imageProblem(error) });
          }
        }
        return { results };
      },
    );

    app.post(
      '/recognitions',
      {
        ...upload,
        schema: {
          tags,
          security,
          summary: 'Recognise several images later, as a job',
          description:
            `A form (multipart/form-data) with one file for each image, at most ${BATCH_LIMITS.maxJobImages}, 64 MiB together. Answers 202 with the job and its ` +
            'address; the job goes on by itself, also after a restart. Images are kept encrypted only until each is done; results for ' +
            `${BATCH_LIMITS.keptHours} hours. The webhook event \`recognition.finished\` tells when it is over. Takes \`Idempotency-Key\`.`,
          consumes: ['multipart/form-data'],
          querystring: jobQuerySchema,
          body: formBody,
          response: { 202: recognitionJobSchema, ...refusals, ...formRefusals, 507: problemSchema },
        },
      },
      async (request, reply) => {
        const { model: name, ...query } = request.query;
        const model = await recognition.models.find(name);
        requireReach(request, model, holdsPersons);
        const job = await recognitionJobs.add(ownerOf(request.principal), name, query, imagesOf(request.body, BATCH_LIMITS.maxJobImages));
        request.auditSubject = job.id;
        return reply.code(202).header('location', `/v1/recognitions/${job.id}`).send(described(job));
      },
    );

    app.get(
      '/recognitions',
      {
        schema: {
          tags,
          security,
          summary: 'Your jobs, newest first; an admin sees everybody’s',
          querystring: pageQuerySchema,
          response: { 200: pageSchema(recognitionJobSchema), ...refusals },
        },
      },
      async (request) => {
        const { items, nextCursor } = await recognitionJobs.list(viewerOf(request), request.query);
        return { items: items.map(described), nextCursor };
      },
    );

    app.get(
      '/recognitions/:id',
      { schema: { tags, security, summary: 'How far a job is', params: jobParams, response: { 200: recognitionJobSchema, ...refusals } } },
      async (request) => described(await recognitionJobs.get(request.params.id, viewerOf(request))),
    );

    app.get(
      '/recognitions/:id/results',
      {
        schema: {
          tags,
          security,
          summary: 'What a job found so far, in the order of the images',
          params: jobParams,
          querystring: pageQuerySchema,
          response: { 200: pageSchema(jobResultSchema), ...refusals },
        },
      },
      async (request) => recognitionJobs.results(request.params.id, viewerOf(request), request.query),
    );

    app.delete(
      '/recognitions/:id',
      {
        schema: {
          tags,
          security,
          summary: 'Cancel a job, or erase one that is over',
          description: 'Images that wait are destroyed at once. What was found until then stays readable; asking again erases it, too.',
          params: jobParams,
          response: { 200: recognitionJobSchema, ...refusals },
        },
      },
      async (request) => {
        request.auditSubject = request.params.id;
        return described(await recognitionJobs.cancel(request.params.id, viewerOf(request)));
      },
    );
    done();
  };
}

function viewerOf({ principal }: FastifyRequest): JobViewer {
  return principal.kind === 'key' && principal.key.role === 'admin' ? 'admin' : { owner: ownerOf(principal) };
}

function described(job: RecognitionJob): RecognitionJob {
  return recognitionJobSchema.strip().parse(job);
}

/** @throws `error` itself when it is about the whole request. */
function imageProblem(error: unknown): { code: string; detail: string } {
  if (error instanceof HttpProblem && error.status !== 503) return { code: error.code, detail: error.message };
  if (error instanceof AppError && error.code === 'worker-died') return { code: error.code, detail: error.message };
  throw error;
}
