/**
 * @file Recognition for developers: models, and one image to one model. The app never sends a photo here; vector routes take none.
 * Who may use them is decided by `route-access.ts`, before the body is read.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import {
  IMAGE_LIMITS,
  modelDescriptionSchema,
  modelIdSchema,
  modelListSchema,
  recogniseQuerySchema,
  recognitionSchema,
} from '../../src/contracts/recognise-api.ts';
import { PRODUCT_COLLECTION, problemSchema } from '../../src/contracts/server-api.ts';
import { mayReach } from '../services/keys/access.ts';
import { acceptImages, imageOf } from '../services/recognition/image-body.ts';
import type { Services } from '../services/open-services.ts';
import { HttpProblem } from '../services/http/problem.ts';
import type { RecognitionModel } from '../services/recognition/recognition-models.ts';

const modelParams = z.strictObject({ model: modelIdSchema });
const tags = ['recognition'];
const security = [{ apiKey: [] }, {}];
const imageBody = z.unknown().meta({ type: 'string', format: 'binary', description: 'The image file itself.' });
const refusals = { 400: problemSchema, 401: problemSchema, 403: problemSchema, 404: problemSchema, 429: problemSchema };
const imageRefusals = { 413: problemSchema, 415: problemSchema, 422: problemSchema, 503: problemSchema };

export function recogniseRoutes({ recognition, bodies, holdsPersons }: Services): FastifyPluginCallbackZod {
  return (app, _options, done) => {
    acceptImages(app);

    app.get(
      '/models',
      {
        schema: {
          tags,
          summary: 'Models that recognise something',
          description:
            'What each answers, its licence, where it comes from, its measured figures with their commands, and what it is weak at.',
          response: { 200: modelListSchema },
        },
      },
      async () => ({ models: (await recognition.models.list()).map(({ description }) => description) }),
    );

    app.get(
      '/models/:model',
      {
        schema: {
          tags,
          summary: 'One model, by its id or by a type that it stands for',
          params: modelParams,
          response: { 200: modelDescriptionSchema, 404: problemSchema },
        },
      },
      async (request) => {
        const { description } = await recognition.models.find(request.params.model);
        return description;
      },
    );

    app.post(
      '/recognise/:model',
      {
        bodyLimit: IMAGE_LIMITS.maxBytes,
        preParsing: bodies.hook(IMAGE_LIMITS.maxBytes),
        schema: {
          tags,
          security,
          summary: 'Recognise one image',
          description:
            'Body: the image file, at most 20 MiB and 50 megapixels; its kind is told by its first bytes. `:model` is an id of `GET /v1/models`, or a ' +
            'type (`text`, `barcode`, `face`, `embedding`, `product`, …), then the model that stands for it. Places are 0..1 of the upright ' +
            'image (EXIF orientation applied). The image is decoded in a process of its own and kept nowhere. 503 with `Retry-After` when too many wait.',
          consumes: [...IMAGE_LIMITS.types],
          params: modelParams,
          querystring: recogniseQuerySchema,
          body: imageBody,
          response: { 200: recognitionSchema, ...refusals, ...imageRefusals },
        },
      },
      async (request, reply) => {
        const model = await recognition.models.find(request.params.model);
        requireReach(request, model, holdsPersons);
        request.auditSubject = model.description.id;
        return recognition.recognise(imageOf(request.body), model, request.query, {
          signal: goneSignal(reply),
          actor: request.principal.id,
        });
      },
    );
    done();
  };
}

/** The catalogue may be closed to a key. @throws HttpProblem 403 */
export function requireReach({ principal }: FastifyRequest, { way }: RecognitionModel, holdsPersons: Services['holdsPersons']): void {
  if (way.kind === 'product' && !mayReach(principal, PRODUCT_COLLECTION, holdsPersons))
    throw new HttpProblem(403, 'permission-denied', `Your key does not reach the collection "${PRODUCT_COLLECTION}".`);
}

/** @returns a signal that is raised when the asker hung up before the answer. */
export function goneSignal({ raw }: FastifyReply): AbortSignal {
  const abort = new AbortController();
  raw.once('close', () => {
    if (!raw.writableEnded) abort.abort();
  });
  return abort.signal;
}
