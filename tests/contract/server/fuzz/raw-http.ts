/** @file One request as raw bytes over a connection of its own: what no well-behaved client would send. */
import { connect } from 'node:net';

/** A request as it goes over the wire. */
export interface RawRequest {
  readonly method: string;
  /** As it stands in the request line; any bytes. */
  readonly path: string;
  /** In order; names may come twice. */
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Buffer | null;
}

/** What came back. */
export interface RawAnswer {
  /** 0: the connection ended without an answer. */
  readonly status: number;
  /** Names in lower case; of equal ones the last. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

const TIMEOUT_MS = 45_000;

/** @throws when the server says nothing for a long while. */
export function sendRaw(port: number, { method, path, headers, body }: RawRequest): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect(port, '127.0.0.1', () => {
      const head = [`${method} ${path} HTTP/1.1`, ...headers.map(([name, value]) => `${name}: ${value}`), '', ''].join('\r\n');
      // Latin-1 keeps bytes above 127 as they are.
      socket.write(Buffer.from(head, 'latin1'));
      if (body !== null) socket.write(body);
    });
    socket.setTimeout(TIMEOUT_MS, () => {
      socket.destroy();
      reject(new Error('the server says nothing'));
    });
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    // It may close while the body is still being sent; what it said before counts.
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(parsed(Buffer.concat(chunks))));
  });
}

function parsed(bytes: Buffer): RawAnswer {
  let rest = bytes;
  for (;;) {
    const end = rest.indexOf('\r\n\r\n');
    if (end < 0) return { status: 0, headers: new Map(), body: rest };
    const [first = '', ...lines] = rest.subarray(0, end).toString('latin1').split('\r\n');
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(first)?.[1] ?? 0);
    rest = rest.subarray(end + 4);
    if (status === 100) continue;
    const headers = new Map(
      lines.map((line) => {
        const at = line.indexOf(':');
        return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()] as const;
      }),
    );
    // What follows the declared end answers what the server took for another request.
    const length = Number(headers.get('content-length') ?? rest.length);
    return { status, headers, body: headers.get('transfer-encoding') === 'chunked' ? unchunked(rest) : rest.subarray(0, length) };
  }
}

function unchunked(bytes: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf('\r\n', at);
    const length = end < 0 ? 0 : Number.parseInt(bytes.subarray(at, end).toString('latin1'), 16);
    if (!(length > 0)) break;
    parts.push(bytes.subarray(end + 2, end + 2 + length));
    at = end + 2 + length + 2;
  }
  return Buffer.concat(parts);
}
