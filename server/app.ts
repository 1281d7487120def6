/** @file Builds the HTTP application. It listens nowhere by itself, so that tests can inject requests. */
import { readFileSync } from 'node:fs';
import fastifyCompress from '@fastify/compress';
import fastifyCors from '@fastify/cors';
import fastifyRateLimit from '@fastify/rate-limit';
import fastifySwagger from '@fastify/swagger';
import fastifySwaggerUi from '@fastify/swagger-ui';
import Fastify, { LogController, type FastifyInstance, type FastifyServerOptions } from 'fastify';
import { jsonSchemaTransform, serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import type { ServerConfig } from './config.ts';
import { serveApp } from './routes/app-shell.ts';
import { auditRoutes } from './routes/audit.ts';
import { collectionRoutes } from './routes/collections.ts';
import { healthRoutes } from './routes/health.ts';
import { ingestRoutes } from './routes/ingest.ts';
import { keyRoutes } from './routes/keys.ts';
import { metricsRoute } from './routes/metrics.ts';
import { modelRoutes } from './routes/models.ts';
import { operationRoutes } from './routes/operations.ts';
import { packRoutes } from './routes/packs.ts';
import { productRoutes } from './routes/products.ts';
import { recogniseRoutes } from './routes/recognise.ts';
import { recognitionRoutes } from './routes/recognitions.ts';
import { raceGalleryRoutes } from './routes/race-galleries.ts';
import { recordRoutes } from './routes/records.ts';
import { replicaStateRoute } from './routes/replica-state.ts';
import { shelfVisitRoutes } from './routes/shelf-visits.ts';
import { thumbnailRoutes } from './routes/thumbnails.ts';
import { trustCheckRoute } from './routes/trust.ts';
import { webhookRoutes } from './routes/webhooks.ts';
import { guardRoutes } from './services/keys/access.ts';
import { writeAudit } from './services/watching/auditing.ts';
import { completeApiDescription } from './services/http/api-description.ts';
import { describeVersion } from './services/http/api-version.ts';
import { CONNECTION_LIMITS, limitConnections } from './services/http/connection-limits.ts';
import { networkOf, requireOwnHost } from './services/http/host-names.ts';
import { answerRepetitions } from './services/http/idempotency.ts';
import { identify, isReader } from './services/keys/principal.ts';
import { countQuota } from './services/keys/quota.ts';
import { answerWithProblems, sendProblem } from './services/http/errors-to-problems.ts';
import { acceptJsonOnly } from './services/http/json-body.ts';
import { logAnswers, loggerOptions } from './services/watching/logging.ts';
import { Metrics } from './services/watching/metrics.ts';
import { OperationsLog } from './services/watching/operations.ts';
import { openServices, type Services } from './services/open-services.ts';
import { PROBLEM_TYPE, problemBody } from './services/http/problem.ts';
import { guardRecords } from './services/records/record-guard.ts';
import { guardReader } from './services/replicas/reader-guard.ts';
import { SECURITY_HEADERS } from './services/http/security-headers.ts';

/** Version of the application. */
const VERSION = (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }).version;

/** Largest body of a route that does not say otherwise. */
const BODY_BYTES = 64 * 1024;
/** Within this time a request's headers must be here. */
const HEADERS_MS = 10_000;
/** How often Node looks for requests that take too long. */
const CHECK_CONNECTIONS_MS = 2_000;
/** What pages of allowed origins may read beside the body. */
const EXPOSED_HEADERS = [
  ...['x-ratelimit-limit', 'x-ratelimit-remaining', 'x-ratelimit-reset', 'retry-after', 'deprecation', 'sunset', 'link'],
  ...['x-quota-limit', 'x-quota-remaining', 'x-quota-reset', 'idempotent-replayed', 'api-version', 'location'],
];

/** The application and what it stands on. */
export interface App {
  readonly http: FastifyInstance;
  readonly services: Services;
  /** Secret of the first admin key when this start made it; null ever after. */
  readonly firstAdminKey: string | null;
}

/** What may be given instead of the defaults. */
export interface AppDependencies {
  /** Key and certificate: serve HTTPS. */
  readonly https?: { readonly key: string; readonly cert: string };
  /** Where log lines go; default: standard output. */
  readonly logStream?: { write(line: string): void };
}

/**
 * Open the data folder and build every route. Closing `http` also flushes and closes the data.
 * @throws AppError('invalid-input') when the data folder was written by a newer version.
 */
export async function buildApp(config: ServerConfig, dependencies: AppDependencies = {}): Promise<App> {
  const http = createFastify(config, dependencies);
  const services = await openServices(config, http.log);
  http.addHook('onClose', () => services.close());
  const metrics = new Metrics(services.store, services.recogniser, services.copy);
  const operations = new OperationsLog();
  http.addHook('onClose', (_app, done) => {
    operations.close();
    done();
  });
  // The keys of a reader are the writer's.
  const firstAdminKey = services.copy === null ? await services.keys.firstRun() : null;

  http.setValidatorCompiler(validatorCompiler);
  http.setSerializerCompiler(serializerCompiler);
  acceptJsonOnly(http);
  answerWithProblems(http);
  logAnswers(http);
  // Outside the API nobody asks who it is.
  http.decorateRequest('principal', null as never);
  http.decorateRequest('auditSubject', null);
  http.decorateRequest('bodyDigest', null);
  http.decorateRequest('repetition', null);
  http.addHook('onRequest', async (request, reply) => {
    reply.headers(SECURITY_HEADERS);
    requireOwnHost(request, config);
  });

  await http.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Mekiki companion server',
        version: VERSION,
        description: 'Recognition, vectors, products and health. Errors are RFC 9457 problem details. Quick start: docs/api.md.',
      },
      components: { securitySchemes: { apiKey: { type: 'http', scheme: 'bearer' } } },
    },
    transform: jsonSchemaTransform,
    transformObject: (given) => completeApiDescription('openapiObject' in given ? given.openapiObject : given.swaggerObject),
  });
  await http.register(
    async (v1) => {
      v1.addHook('onRequest', async (request) => {
        request.principal = await identify(request, config, services.keys);
      });
      await v1.register(fastifyCors, {
        origin: config.allowedOrigins.length === 0 ? false : config.allowedOrigins,
        methods: ['GET', 'HEAD', 'POST', 'PUT', 'DELETE'],
        allowedHeaders: ['authorization', 'content-type', 'idempotency-key'],
        exposedHeaders: EXPOSED_HEADERS,
        maxAge: 600,
      });
      await v1.register(fastifyRateLimit, {
        max: (request) => (request.principal.kind === 'key' ? request.principal.key.requestsPerMinute : null) ?? config.requestsPerMinute,
        timeWindow: 60_000,
        cache: 10_000,
        keyGenerator: ({ principal, ip }) => (principal.kind === 'key' ? principal.key.family : networkOf(ip)),
        allowList: ({ principal }) => (principal.kind === 'local' && config.requestsPerMinute >= 1200) || isReader(principal),
      });
      guardReader(v1, services.copy);
      const { holdsPersons } = services;
      guardRoutes(v1, { config, holdsPersons });
      countQuota(v1, services.keys);
      writeAudit(v1, { journal: services.journal, holdsPersons });
      metrics.measure(v1);
      operations.watch(v1);
      const endCleanUp = await answerRepetitions(v1, services.idempotentAnswers);
      v1.addHook('onClose', endCleanUp);
      guardRecords(v1, services.keeper, services.erasure);
      describeVersion(v1);
      await v1.register(fastifyCompress, { threshold: 2048, encodings: ['br', 'gzip', 'identity'], globalDecompression: false });
      v1.addHook('onSend', async (_request, reply) => {
        if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
      });
      await v1.register(healthRoutes(services, VERSION));
      await v1.register(collectionRoutes(services));
      await v1.register(ingestRoutes(services));
      await v1.register(productRoutes(services));
      await v1.register(keyRoutes(services));
      await v1.register(modelRoutes(services));
      await v1.register(recogniseRoutes(services));
      await v1.register(recognitionRoutes(services));
      await v1.register(webhookRoutes(services));
      await v1.register(packRoutes(services));
      await v1.register(replicaStateRoute(services));
      await v1.register(shelfVisitRoutes(services));
      await v1.register(raceGalleryRoutes(services));
      await v1.register(thumbnailRoutes(services));
      await v1.register(recordRoutes(services));
      await v1.register(auditRoutes(services));
      await v1.register(metricsRoute(metrics));
      await v1.register(operationRoutes(services, operations, config.dataFolder));
      v1.get('/openapi.json', { schema: { hide: true } }, () => http.swagger());
    },
    { prefix: '/v1' },
  );
  // Not below the prefixed scope: the page would look for its files beside it.
  await http.register(fastifySwaggerUi, {
    routePrefix: '/v1/docs',
    staticCSP: false,
    uiConfig: { layout: 'BaseLayout', validatorUrl: null, persistAuthorization: false },
  });
  if (config.isLan) trustCheckRoute(http);
  await serveApp(http, config.appFolder);
  await http.ready();
  return { http, services, firstAdminKey };
}

function createFastify(config: ServerConfig, { https, logStream }: AppDependencies): FastifyInstance {
  const logger = loggerOptions(config);
  const options: FastifyServerOptions = {
    logger: logStream === undefined || typeof logger === 'boolean' ? logger : { ...logger, stream: logStream },
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_BYTES,
    requestTimeout: config.requestMs,
    connectionTimeout: config.idleMs,
    keepAliveTimeout: 10_000,
    trustProxy: false,
    return503OnClosing: true,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 1_000 },
    frameworkErrors: (_error, _request, reply) => {
      void sendProblem(reply.headers(SECURITY_HEADERS), 400, 'invalid-input', 'The address is malformed.');
    },
    clientErrorHandler: (error, socket) => {
      if (error.code === 'ECONNRESET' || !socket.writable) return;
      const status = error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400;
      const body = JSON.stringify(problemBody(status, 'invalid-input', 'The request is not HTTP that is accepted here.'));
      socket.end(
        `HTTP/1.1 ${status} ${status === 408 ? 'Request Timeout' : 'Bad Request'}\r\nContent-Type: ${PROBLEM_TYPE}\r\n` +
          `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
      );
    },
  };
  const times = {
    headersTimeout: Math.min(HEADERS_MS, config.requestMs),
    connectionsCheckingInterval: Math.min(CHECK_CONNECTIONS_MS, config.requestMs),
  };
  // The instance differs in the type of its raw server only, which nothing here relies on.
  const app =
    https === undefined
      ? Fastify({ ...options, http: times })
      : Fastify({ ...options, https: { ...https, ...times, handshakeTimeout: HEADERS_MS } } as FastifyServerOptions);
  limitConnections(app.server, CONNECTION_LIMITS);
  return app;
}
