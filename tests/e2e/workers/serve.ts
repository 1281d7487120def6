/** @file Builds the bare worker page and serves it as the companion server would: isolated, with a content policy and no `unsafe-eval`. */
import { createReadStream, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const HEADERS = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
  'content-security-policy':
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; worker-src 'self' blob:; img-src 'self' data:",
};
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
  '.json': 'application/json',
};

/** A running server. `tamper` changes what it sends for paths that contain a text; null ends that. */
export interface WorkerPage {
  readonly url: string;
  tamper(change: { path: string; how: 'flip' | 'cut' | 'page' } | null): void;
  close(): Promise<void>;
}

/** @returns the server of the built page. */
export async function serveWorkerPage(): Promise<WorkerPage> {
  const dist = mkdtempSync(join(tmpdir(), 'mekiki-workers-'));
  await build({
    configFile: false,
    root: fileURLToPath(new URL('.', import.meta.url)),
    publicDir: false,
    logLevel: 'error',
    build: { outDir: dist, target: 'es2022', emptyOutDir: true, reportCompressedSize: false },
    worker: { format: 'es' },
  });
  const folders = [dist, fileURLToPath(new URL('../../../public', import.meta.url))];
  let change: Parameters<WorkerPage['tamper']>[0] = null;
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://test').pathname);
    const file = folders
      .map((folder) => join(folder, path === '/' ? 'index.html' : path))
      .find((name) => existsSync(name) && statSync(name).isFile());
    if (file === undefined) {
      response.writeHead(404, HEADERS).end();
      return;
    }
    const headers = { ...HEADERS, 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' };
    if (change !== null && path.includes(change.path)) {
      if (change.how === 'page') response.writeHead(200, { ...headers, 'content-type': 'text/html' }).end('<!doctype html>');
      else {
        response.writeHead(200, headers);
        const { how } = change;
        const stream = createReadStream(file, how === 'cut' ? { end: Math.floor(statSync(file).size / 2) } : {});
        let isFirst = true;
        stream.on('data', (chunk) => {
          const bytes = Buffer.from(chunk);
          if (how === 'flip' && isFirst) bytes[0] = bytes[0]! ^ 1;
          isFirst = false;
          response.write(bytes);
        });
        stream.on('end', () => response.end());
      }
      return;
    }
    response.writeHead(200, headers);
    createReadStream(file).pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    tamper: (wanted) => (change = wanted),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(dist, { recursive: true, force: true });
    },
  };
}
