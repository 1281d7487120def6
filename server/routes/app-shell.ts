/** @file Serves the built app: hashed files for ever, the rest revalidated, the page for every path of its router. */
import { existsSync } from 'node:fs';
import { extname, join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { CONTENT_POLICY, pageContentPolicy } from '../services/http/security-headers.ts';
import { sendProblem } from '../services/http/errors-to-problems.ts';

/** `name-Ab3dEf9_.js` of Vite, `name-1.2.0.1a2b3c4d.onnx` of the weights. */
const HASHED = /\/assets\/.+-[\w-]{8,}\.\w+$|\/models\/[^/]+\.[0-9a-f]{8,}\.\w+$/;
/** Types that file endings alone do not tell everywhere. */
const TYPES: Readonly<Record<string, string>> = {
  '.mjs': 'text/javascript; charset=utf-8',
  '.wasm': 'application/wasm',
  '.onnx': 'application/octet-stream',
  '.webmanifest': 'application/manifest+json; charset=utf-8',
  '.gz': 'application/gzip',
};

/** @param appFolder output of the build; when it is absent, the page says so and the API works. */
export async function serveApp(app: FastifyInstance, appFolder: string): Promise<void> {
  const isBuilt = existsSync(join(appFolder, 'index.html'));
  const pagePolicy = await pageContentPolicy(appFolder);
  if (isBuilt)
    await app.register(fastifyStatic, {
      root: appFolder,
      preCompressed: true,
      dotfiles: 'deny',
      index: ['index.html'],
      redirect: false,
      cacheControl: false,
      setHeaders: (reply, path) => {
        const file = path
          .replaceAll('\\', '/')
          .replace(/\.(br|gz)$/, (ending) => (existsSync(path.slice(0, -ending.length)) ? '' : ending));
        reply.headers(headersOf(file, pagePolicy));
        const type = TYPES[extname(file)];
        if (type !== undefined) reply.header('content-type', type);
      },
    });

  app.setNotFoundHandler((request, reply) => {
    const [path = '/'] = request.url.split('?');
    if (path === '/v1' || path.startsWith('/v1/')) return sendProblem(reply, 404, 'invalid-input', 'There is no such route.');
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    const isPage = isRead && extname(path) === '' && !/\/(\.|%2e)/i.test(path) && acceptsHtml(request.headers.accept);
    if (!isPage) return sendProblem(reply, 404, 'invalid-input', 'There is no such file.');
    if (isBuilt) return reply.sendFile('index.html');
    return notBuilt(reply);
  });
}

function headersOf(file: string, pagePolicy: string): Record<string, string> {
  const caching = { 'cache-control': HASHED.test(file) ? 'public, max-age=31536000, immutable' : 'no-cache' };
  return { ...caching, 'content-security-policy': file.endsWith('/index.html') ? pagePolicy : CONTENT_POLICY };
}

function acceptsHtml(accept: string | undefined): boolean {
  return accept === undefined || accept.includes('text/html');
}

function notBuilt(reply: FastifyReply): FastifyReply {
  return reply.code(503).type('text/plain; charset=utf-8').send('The app is not built yet. Run: npm run build\nThe API is at /v1/docs.\n');
}
