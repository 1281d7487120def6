/** @file Routes of runners' pages: a photographer publishes them, whoever has the link sees one, and can have it taken down. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { CROP_LIMITS } from '../../src/contracts/egress.ts';
import {
  galleryIdSchema,
  galleryPhotoIdSchema,
  galleryTokenSchema,
  MAX_GALLERY_BYTES,
  publishedGallerySchema,
  publishGallerySchema,
  takeDownsSchema,
} from '../../src/contracts/race-gallery.ts';
import { problemSchema } from '../../src/contracts/server-api.ts';
import { digestOf } from '../services/watching/auditing.ts';
import type { Services } from '../services/open-services.ts';
import { ownerOf } from '../services/keys/principal.ts';
import { HttpProblem } from '../services/http/problem.ts';
import { GALLERY_HEADERS, galleryPage } from '../services/lenses/race-gallery-page.ts';

const tags = ['race galleries'];
const security = [{ apiKey: [] }, {}];
/** The name around the page. */
const ENVELOPE_BYTES = 64;
const photoParams = z.strictObject({ id: galleryIdSchema, photo: galleryPhotoIdSchema });
/** Anything: a link that is mistyped gets a page that says so. */
const linkParams = z.strictObject({ token: z.string().max(1000) });
const pictureParams = z.strictObject({ token: z.string().max(1000), photo: z.string().max(1000) });

export function raceGalleryRoutes({ raceGalleries }: Pick<Services, 'raceGalleries'>): FastifyPluginCallbackZod {
  return (app, _options, done) => {
    app.post(
      '/race-galleries',
      {
        bodyLimit: MAX_GALLERY_BYTES + ENVELOPE_BYTES,
        schema: {
          ...{ tags, security },
          summary: 'Publish what a runner’s page says',
          description:
            'Race, number and times; no picture. The same page again replaces what it said. Without photos it is withdrawn and erased.',
          body: publishGallerySchema,
          response: {
            200: publishedGallerySchema,
            400: problemSchema,
            403: problemSchema,
            409: problemSchema,
            410: problemSchema,
            507: problemSchema,
          },
        },
      },
      async (request) => {
        request.auditSubject = request.body.gallery.id;
        return raceGalleries.publish(request.body.gallery, ownerOf(request.principal), request.principal.id);
      },
    );

    app.get(
      '/race-galleries/take-downs',
      { schema: { tags, security, summary: 'Pages that runners had taken down', response: { 200: takeDownsSchema, 401: problemSchema } } },
      (request) => raceGalleries.takeDowns(ownerOf(request.principal)),
    );

    void app.register((pictures: typeof app, _none: object, ready: () => void) => {
      // For this route only: everywhere else pictures are refused unread.
      pictures.addContentTypeParser(['image/jpeg', 'image/webp'], { parseAs: 'buffer' }, (request, body: Buffer, parsed) => {
        request.bodyDigest = digestOf(body);
        parsed(null, body);
      });
      pictures.post(
        '/race-galleries/:id/photos/:photo',
        {
          bodyLimit: CROP_LIMITS.maxBytes,
          schema: {
            ...{ tags, security },
            summary: 'Add a small picture to a runner’s page',
            description: `JPEG or WebP, at most ${CROP_LIMITS.maxSidePx} px a side and ${CROP_LIMITS.maxBytes} bytes. Kept re-encoded, without metadata, encrypted.`,
            consumes: ['image/jpeg', 'image/webp'],
            params: photoParams,
            response: { 204: z.null(), 404: problemSchema, 410: problemSchema, 413: problemSchema, 415: problemSchema, 507: problemSchema },
          },
        },
        async (request, reply) => {
          if (!Buffer.isBuffer(request.body)) throw new HttpProblem(415, 'invalid-input', 'A picture of a page is a JPEG or a WebP.');
          const { id, photo } = request.params;
          request.auditSubject = id;
          await raceGalleries.putPhoto(id, photo, request.body, ownerOf(request.principal));
          return reply.code(204).send(null);
        },
      );
      ready();
    });

    app.get('/g/:token', { schema: { hide: true, params: linkParams } }, (request, reply) => show(request, reply, request.params.token));

    app.get('/g/:token/photos/:photo', { schema: { hide: true, params: pictureParams } }, async (request, reply) => {
      const { token, photo } = request.params;
      const isLink = galleryTokenSchema.safeParse(token).success && galleryPhotoIdSchema.safeParse(photo).success;
      const picture = isLink ? await raceGalleries.photo(token, photo) : null;
      if (picture === null) throw new HttpProblem(404, 'invalid-input', 'There is no such picture.');
      return reply
        .headers({ 'cache-control': 'no-store', 'x-robots-tag': 'noindex', 'content-disposition': 'inline' })
        .type(picture.type)
        .send(picture.bytes);
    });

    void app.register((button: typeof app, _none: object, ready: () => void) => {
      // What a form without fields sends.
      button.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'buffer', bodyLimit: 64 }, (_request, _body, parsed) =>
        parsed(null),
      );
      button.post('/g/:token/take-down', { bodyLimit: 64, schema: { hide: true, params: linkParams } }, async (request, reply) => {
        const { token } = request.params;
        if (galleryTokenSchema.safeParse(token).success) request.auditSubject = await raceGalleries.takeDown(token);
        return show(request, reply, token, 200);
      });
      ready();
    });
    done();

    async function show(request: FastifyRequest, reply: FastifyReply, token: string, takenDownStatus = 410): Promise<FastifyReply> {
      const shown = galleryTokenSchema.safeParse(token).success ? await raceGalleries.show(token) : null;
      const { status, html } = galleryPage(token, shown, request.headers['accept-language']);
      return reply
        .code(status === 410 ? takenDownStatus : status)
        .headers(GALLERY_HEADERS)
        .send(html);
    }
  };
}
