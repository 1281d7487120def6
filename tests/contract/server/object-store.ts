/**
 * @file A small object store that speaks as much S3 as the engine needs, in memory, for tests: real ones cannot be had here. It
 * honours `If-None-Match: *`, or does not, as many stand-ins for S3 do. It checks no signature.
 */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A running store. */
export interface ObjectStore {
  readonly url: string;
  /** Keys with their bytes. */
  readonly objects: ReadonlyMap<string, Buffer>;
  close(): Promise<void>;
}

/** @param honoursConditions false: `If-None-Match` is ignored. */
export async function startObjectStore({ honoursConditions = true } = {}): Promise<ObjectStore> {
  const objects = new Map<string, Buffer>();
  /** Clean-ups judge files by their age. */
  const writtenAt = new WeakMap<Buffer, Date>();
  const keep = (key: string, content: Buffer) => {
    writtenAt.set(content, new Date());
    objects.set(key, content);
  };
  const uploads = new Map<string, Map<number, Buffer>>();
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.writeHead(500).end());
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://store');
    const [, , ...rest] = decodeURIComponent(url.pathname).split('/');
    const key = rest.join('/');
    const query = url.searchParams;
    const body = await bodyOf(request);
    const send = (status: number, headers: Record<string, string> = {}, content: string | Buffer = '') =>
      response
        .writeHead(status, { 'content-length': Buffer.byteLength(content), ...headers })
        .end(request.method === 'HEAD' ? '' : content);
    const isTaken = () => honoursConditions && request.headers['if-none-match'] === '*' && objects.has(key);

    if (request.method === 'PUT' && query.has('partNumber')) {
      uploads.get(query.get('uploadId') ?? '')?.set(Number(query.get('partNumber')), body);
      return void send(200, { etag: etagOf(body) });
    }
    if (request.method === 'PUT') {
      const source = request.headers['x-amz-copy-source'];
      if (isTaken()) return void send(412, {}, '<Error><Code>PreconditionFailed</Code></Error>');
      const content = typeof source === 'string' ? objects.get(decodeURIComponent(source).replace(/^\/?[^/]+\//, '')) : body;
      if (content === undefined) return void send(404, {}, '<Error><Code>NoSuchKey</Code></Error>');
      keep(key, Buffer.from(content));
      return void send(
        200,
        { etag: etagOf(content) },
        typeof source === 'string' ? `<CopyObjectResult><ETag>${etagOf(content)}</ETag></CopyObjectResult>` : '',
      );
    }
    if (request.method === 'POST' && query.has('uploads')) {
      const id = `u${uploads.size + 1}`;
      uploads.set(id, new Map());
      return void send(
        200,
        {},
        `<InitiateMultipartUploadResult><Key>${key}</Key><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`,
      );
    }
    if (request.method === 'POST' && query.has('uploadId')) {
      if (isTaken()) return void send(412, {}, '<Error><Code>PreconditionFailed</Code></Error>');
      const parts = [...(uploads.get(query.get('uploadId') ?? '') ?? [])].sort(([a], [b]) => a - b).map(([, part]) => part);
      keep(key, Buffer.concat(parts));
      const etag = etagOf(objects.get(key)!);
      return void send(200, {}, `<CompleteMultipartUploadResult><Key>${key}</Key><ETag>${etag}</ETag></CompleteMultipartUploadResult>`);
    }
    if (request.method === 'POST' && query.has('delete')) {
      const keys = [...body.toString().matchAll(/<Key>([^<]+)<\/Key>/g)].map(([, one = '']) => one);
      for (const one of keys) objects.delete(one);
      return void send(200, {}, `<DeleteResult>${keys.map((one) => `<Deleted><Key>${one}</Key></Deleted>`).join('')}</DeleteResult>`);
    }
    if (request.method === 'DELETE') {
      objects.delete(key);
      return void send(204);
    }
    if (request.method === 'GET' && query.has('list-type')) return void send(200, { 'content-type': 'application/xml' }, listing(query));
    const content = objects.get(key);
    if (content === undefined) return void send(404, {}, '<Error><Code>NoSuchKey</Code></Error>');
    const headers = { etag: etagOf(content), 'last-modified': writtenAt.get(content)!.toUTCString(), 'accept-ranges': 'bytes' };
    const [, from, to] = /^bytes=(\d*)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
    if (from === undefined || to === undefined) return void send(200, headers, content);
    const start = from === '' ? Math.max(0, content.length - Number(to)) : Number(from);
    const end = from === '' || to === '' ? content.length - 1 : Math.min(Number(to), content.length - 1);
    const part = content.subarray(start, end + 1);
    send(206, { ...headers, 'content-range': `bytes ${start}-${end}/${content.length}` }, part);
  }

  function listing(query: URLSearchParams): string {
    const prefix = query.get('prefix') ?? '';
    const delimiter = query.get('delimiter') ?? '';
    const after = query.get('start-after') ?? '';
    const contents: string[] = [];
    const folders = new Set<string>();
    for (const key of [...objects.keys()].filter((one) => one.startsWith(prefix) && one > after).sort()) {
      const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
      if (cut !== -1) folders.add(key.slice(0, cut + delimiter.length));
      else {
        const content = objects.get(key)!;
        contents.push(
          `<Contents><Key>${key}</Key><LastModified>${writtenAt.get(content)!.toISOString()}</LastModified><ETag>${etagOf(content)}</ETag><Size>${content.length}</Size></Contents>`,
        );
      }
    }
    const prefixes = [...folders].map((folder) => `<CommonPrefixes><Prefix>${folder}</Prefix></CommonPrefixes>`);
    return `<?xml version="1.0"?><ListBucketResult><IsTruncated>false</IsTruncated><KeyCount>${contents.length}</KeyCount>${contents.join('')}${prefixes.join('')}</ListBucketResult>`;
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    objects,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** Environment that makes a server use the store. */
export function objectStoreEnvironment(store: ObjectStore): Record<string, string> {
  return { AWS_ENDPOINT: store.url, AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test-secret', AWS_REGION: 'us-east-1' };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  if (!(request.headers['content-encoding'] ?? '').includes('aws-chunked')) return body;
  return unchunked(body);
}

/** The S3 way of sending a body in signed chunks: `<hex length>;chunk-signature=…\r\n<bytes>\r\n`. */
function unchunked(body: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < body.length;) {
    const line = body.indexOf('\r\n', at);
    const length = Number.parseInt(body.subarray(at, line).toString().split(';')[0] ?? '', 16);
    if (!(length > 0)) break;
    parts.push(body.subarray(line + 2, line + 2 + length));
    at = line + 2 + length + 2;
  }
  return Buffer.concat(parts);
}

function etagOf(content: Buffer): string {
  return `"${createHash('md5').update(content).digest('hex')}"`;
}
