/** @file Routes of admins that add and remove models by manifest. Who may use them is decided by `route-access.ts`. */
import type { Readable } from 'node:stream';
import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { addModelSchema, modelFileParamsSchema, modelFileSchema } from '../../src/contracts/model-manifest.ts';
import { modelDescriptionSchema, modelIdSchema } from '../../src/contracts/recognise-api.ts';
import { problemSchema } from '../../src/contracts/server-api.ts';
import type { Services } from '../services/open-services.ts';
import { HttpProblem } from '../services/http/problem.ts';

const modelParams = z.strictObject({ model: modelIdSchema });
const tags = ['models'];
const security = [{ apiKey: [] }];
const refusals = { 400: problemSchema, 401: problemSchema, 403: problemSchema, 413: problemSchema };
/** A golden's picture, a golden's vector, thousands of labels. */
const MANIFEST_BYTES = 2 * 1024 * 1024;
const FILE_BYTES = 512 * 1024 * 1024;

export function modelRoutes({ addedModels }: Pick<Services, 'addedModels'>): FastifyPluginCallbackZod {
  return (app, _options, done) => {
    // In this scope only: weights are streamed to the disk.
    app.addContentTypeParser('application/octet-stream', (_request, payload, parsed) => parsed(null, payload));

    app.post(
      '/models',
      {
        bodyLimit: MANIFEST_BYTES,
        schema: {
          tags,
          security,
          summary: 'Add a model by its manifest',
          description:
            'A partner’s endpoint, or an ONNX file that was sent before (`PUT /v1/model-files/:sha256`). Its golden is run first: a model that does not give what ' +
            'its manifest says is refused (422). Then it answers at `POST /v1/recognise/<id>` like our own. Another version of the same id replaces it.',
          body: addModelSchema,
          response: { 201: modelDescriptionSchema, ...refusals, 409: problemSchema, 422: problemSchema, 503: problemSchema },
        },
      },
      async (request, reply) => {
        const { manifest, authorization = null } = request.body;
        request.auditSubject = manifest.id;
        const { description } = await addedModels.add(manifest, authorization, request.principal.id);
        return reply.code(201).send(description);
      },
    );

    app.delete(
      '/models/:model',
      {
        schema: {
          tags,
          security,
          summary: 'Remove a model that was added',
          params: modelParams,
          response: { 204: z.null(), ...refusals, 404: problemSchema },
        },
      },
      async (request, reply) => {
        request.auditSubject = request.params.model;
        await addedModels.remove(request.params.model);
        return reply.code(204).send(null);
      },
    );

    app.put(
      '/model-files/:sha256',
      {
        bodyLimit: FILE_BYTES,
        schema: {
          tags,
          security,
          summary: 'Send the weights of a model that will be added',
          description:
            'Body: the ONNX file (`application/octet-stream`), at most 512 MiB. A file that no manifest names is gone at the next start.',
          consumes: ['application/octet-stream'],
          params: modelFileParamsSchema,
          body: z.unknown().meta({ type: 'string', format: 'binary', description: 'The file itself.' }),
          response: { 200: modelFileSchema, ...refusals, 415: problemSchema, 507: problemSchema },
        },
      },
      async (request) => {
        const { sha256 } = request.params;
        request.auditSubject = sha256.slice(0, 16);
        const body = request.body as Readable | null;
        if (body === null || typeof body.pipe !== 'function')
          throw new HttpProblem(415, 'invalid-input', 'Send the file’s bytes: content-type application/octet-stream.');
        return { sha256, bytes: await addedModels.putFile(sha256, body, FILE_BYTES) };
      },
    );
    done();
  };
}
