/** @file Spoils valid requests: bodies, paths, queries, headers, methods. Everything random comes from the caller. */
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import type { RawRequest } from './raw-http.ts';
import type { ValidRequest } from './valid-requests.ts';

type Random = () => number;
type Header = readonly [string, string];

const PATH_PARTS = [
  ...['..%2f..%2fetc%2fpasswd', '%2e%2e', '..', '.', '%00', '%E3%81', '%C0%AE%C0%AE', '%252e%252e%252f', '..;', '%2F', '%5c..%5c', ''],
  ...[
    "'%20OR%20'1'='1",
    '%22;DROP%20TABLE%20products;--',
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    '%F0%9F%98%80',
    '%',
    '%zz',
  ],
  ...[
    'x'.repeat(900),
    'x'.repeat(3_000),
    '%41'.repeat(400),
    '*',
    '$%7Bjndi:ldap://x%7D',
    'CON',
    'a%0d%0aSet-Cookie:%20x=1',
    '\u00e9\u00ff',
    ':name',
  ],
];
const QUERIES = [
  ...[
    '?cursor=!!!',
    '?cursor=W10',
    '?cursor=WyJhIl0',
    '?cursor=WzFlNDAwLCJhIl0',
    `?cursor=${'A'.repeat(5_000)}`,
    '?cursor=bnVsbA',
    '?cursor=WzEsMl0',
  ],
  ...[
    '?limit=-1',
    '?limit=1e9',
    '?limit=NaN',
    '?limit=',
    '?limit=2&limit=3',
    '?limit[]=1',
    '?__proto__[x]=1',
    '?constructor=1',
    '?a=%00',
    '?%',
    '??',
    '?&&&=',
  ],
  ...[
    "?gtin=0490'--",
    '?gtin=%00',
    '?gtin=049&gtin=050',
    '?head=x',
    '?from=-1&job=a',
    '?from=1e400&job=a&space=a@1',
    '?job=../../x&space=a@1',
    '?format=xml',
  ],
];
const TYPES = [
  ...[
    'text/plain',
    'image/jpeg',
    'multipart/form-data; boundary=x',
    'application/json; charset=utf-16',
    'application/json;;;',
    'application/jsonx',
  ],
  ...[
    'application/x-ndjson',
    'application/vnd.apache.arrow.stream',
    'application/x-www-form-urlencoded',
    '',
    '*/*',
    'application/json, text/html',
    '\u00ff',
  ],
];
const HEADERS: readonly Header[] = [
  ...(
    [
      'Bearer ',
      'Bearer',
      'Basic eDp5',
      'Bearer mk_aaaaaaaaaaaaaaaa_bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb',
      'bearer x y',
      "Bearer ' OR 1=1",
      `Bearer ${'a'.repeat(9_000)}`,
    ] as const
  ).map((value): Header => ['Authorization', value]),
  ...['short', 'with spaces in it', 'k'.repeat(201), '\u00e9'.repeat(20), 'same-key-again', "'; DROP TABLE x;--"].map((value): Header => [
    'Idempotency-Key',
    value,
  ]),
  ...['evil.example', 'localhost:abc', '127.0.0.1.evil.example', '', '[::1', 'localhost, evil.example'].map((value): Header => [
    'Host',
    value,
  ]),
  ...['null', 'https://evil.example', 'http://localhost:1', 'file://', '\u00ff'].map((value): Header => ['Origin', value]),
  ...['bytes=-1', 'bytes=0-0,5-9', 'bytes=99999999999999999999-', 'bytes=a-b', 'items=0-1'].map((value): Header => ['Range', value]),
  ...['gzip', 'deflate', 'br', 'gzip, gzip', 'zstd', 'identity', 'x'].map((value): Header => ['Content-Encoding', value]),
  ...['*', '"x"', 'W/"x"', ','.repeat(500)].map((value): Header => ['If-None-Match', value]),
  ...['br;q=nan', 'gzip;q=0, *;q=0', 'x'.repeat(500)].map((value): Header => ['Accept-Encoding', value]),
  ['Expect', '100-continue'],
  ['Expect', 'something'],
  ['X-Forwarded-For', '127.0.0.1'],
  ['Forwarded', 'for=127.0.0.1'],
  ['X-HTTP-Method-Override', 'DELETE'],
  ['X-Original-URL', '/v1/audit'],
  ['Sec-Fetch-Site', 'cross-site'],
  ['Upgrade', 'websocket'],
  ['Cookie', 'a=b; '.repeat(300)],
  ['Transfer-Encoding', 'chunked'],
  ['Content-Length', '3'],
  ['Content-Length', '-1'],
  ['Content-Length', '99999999999999999999'],
];
const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS', 'TRACE', 'PROPFIND', 'CONNECT', 'get', 'FOO'];
/** Zeros; two thousandths of it go over the wire. */
const BOMB = Buffer.alloc(16 << 20);
const BOMBS: readonly (readonly [string, Buffer])[] = [
  ['gzip', gzipSync(BOMB)],
  ['deflate', deflateSync(BOMB)],
  ['br', brotliCompressSync(BOMB)],
];
/** Written into JSON as it is, without quotes. */
const RAW_VALUES = [
  ...[
    'NaN',
    'Infinity',
    '-Infinity',
    '1e400',
    '-1e400',
    '1e-400',
    '-0',
    '01',
    '0x10',
    '1.',
    '+1',
    'undefined',
    "'x'",
    '9007199254740993',
    '1e308',
    '"\\ud800"',
    '"\\u0000"',
  ],
  ...[
    'null',
    'true',
    '{}',
    '[]',
    '""',
    '[[]]',
    '-1',
    '0',
    '1.5',
    '"__proto__"',
    '{"__proto__":{"isAdmin":true}}',
    '{"constructor":{"prototype":{"x":1}}}',
    '{"$ne":null}',
  ],
];
const TEXTS = [
  '\u0000',
  '😀'.repeat(60),
  '\u202e\u2066',
  "' OR 1=1 --",
  '"; DROP TABLE api_keys;--',
  '../../etc/passwd',
  'x'.repeat(3_000),
  '\\',
  '%s%n',
  '${7*7}',
  '<svg onload=x>',
  'data:image/png;base64,AAAA',
  '\ud83d',
];
/** Stands for a raw value until the text is made. */
const PLACE = '@@raw@@';

/** @returns the request with one to three things wrong with it, and its headers. */
export function spoiled(valid: ValidRequest, authorization: string | null, random: Random): RawRequest {
  const pick = <Value>(values: readonly Value[]): Value => values[Math.floor(random() * values.length)]!;
  let { method, path, query, type } = valid;
  let body = bytesOf(valid.body);
  let headers: Header[] = [];
  const wrongs = 1 + Math.floor(random() * 3);
  for (let wrong = 0; wrong < wrongs; wrong++) {
    const kind = random();
    if (kind < 0.5 && valid.body !== null) {
      if (Buffer.isBuffer(valid.body)) body = spoiledBytes(valid.body, random);
      else [body, headers] = spoiledJson(valid.body, headers, pick, random);
    } else if (kind < 0.62) path = spoiledPath(path, pick, random);
    else if (kind < 0.7) query = pick(QUERIES);
    else if (kind < 0.88) headers = [...headers, pick(HEADERS)];
    else if (kind < 0.95) type = pick(TYPES);
    else method = pick(METHODS);
  }
  const has = (name: string) => headers.some(([one]) => one === name);
  return {
    method,
    path: path + query,
    headers: [
      ...(has('Host') ? [] : [['Host', 'localhost'] as const]),
      ['Connection', 'close'],
      ...(authorization === null || (has('Authorization') && random() < 0.8) ? [] : [['Authorization', authorization] as const]),
      ...(type === null ? [] : [['Content-Type', type] as const]),
      ...headers,
      ...(body === null || has('Content-Length') || has('Transfer-Encoding') ? [] : [['Content-Length', String(body.length)] as const]),
    ],
    body,
  };
}

function bytesOf(body: unknown): Buffer | null {
  if (body === null) return null;
  return Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
}

function spoiledPath(path: string, pick: <Value>(values: readonly Value[]) => Value, random: Random): string {
  const parts = path.split('/');
  const at = 1 + Math.floor(random() * (parts.length - 1));
  const part = pick(PATH_PARTS);
  if (random() < 0.25) return `${path}/${part}`;
  if (random() < 0.1)
    return path.replace('/v1', pick(['//v1', '/v1/.', '/V1', '/v1//', '/./v1', 'http://localhost/v1', '/v1/docs/static/..%2f..']));
  return parts.map((one, index) => (index === at ? part : one)).join('/');
}

function spoiledBytes(bytes: Buffer, random: Random): Buffer {
  const copy = Buffer.from(bytes);
  if (random() < 0.3) return copy.subarray(0, Math.floor(random() * copy.length));
  for (let flips = 1 + Math.floor(random() * 8); flips > 0; flips--)
    copy[Math.floor(random() * copy.length)]! ^= 1 << Math.floor(random() * 8);
  return random() < 0.1 ? Buffer.concat([copy, Buffer.alloc(300_000, 0x61)]) : copy;
}

function spoiledJson(
  value: unknown,
  headers: Header[],
  pick: <Value>(values: readonly Value[]) => Value,
  random: Random,
): [Buffer, Header[]] {
  const kind = random();
  if (kind < 0.04) {
    const [encoding, bytes] = pick(BOMBS);
    return [bytes, [...headers, ['Content-Encoding', encoding]]];
  }
  const text = JSON.stringify(value);
  if (kind < 0.08) return [Buffer.from(text.slice(0, Math.floor(random() * text.length))), headers];
  if (kind < 0.12) return [spoiledBytes(Buffer.from(text), random), headers];
  if (kind < 0.15) return [Buffer.from(`\ufeff${text}`), headers];
  if (kind < 0.17) return [Buffer.from(text, 'utf16le'), headers];
  if (kind < 0.2) return [Buffer.from('['.repeat(20_000) + ']'.repeat(20_000)), headers];
  if (kind < 0.23) return [Buffer.from('{"a":'.repeat(10_000) + '1' + '}'.repeat(10_000)), headers];
  if (kind < 0.25) return [Buffer.from(`${text}${text}`), headers];
  if (kind < 0.28) return [Buffer.from(pick(RAW_VALUES)), headers];
  const copy = structuredClone(value);
  const raw = spoilLeaf(copy, pick, random);
  return [Buffer.from(JSON.stringify(copy).replaceAll(JSON.stringify(PLACE), raw)), headers];
}

/** Spoil one value somewhere inside. @returns what {@link PLACE} stands for. */
function spoilLeaf(value: unknown, pick: <Value>(values: readonly Value[]) => Value, random: Random): string {
  let holder = value as Record<string, unknown>;
  for (;;) {
    const keys = Object.keys(holder);
    const key = keys.length === 0 ? 'x' : pick(keys);
    const inner = holder[key];
    if (typeof inner === 'object' && inner !== null && Object.keys(inner).length > 0 && random() < 0.75) {
      holder = inner as Record<string, unknown>;
      continue;
    }
    const kind = random();
    if (kind < 0.45) holder[key] = PLACE;
    else if (kind < 0.65) holder[key] = pick(TEXTS);
    else if (kind < 0.75) Reflect.deleteProperty(holder, key);
    else if (kind < 0.83) holder[pick(['x', '__proto__x', 'constructor', 'toString', 'ids', 'vector'])] = PLACE;
    else if (kind < 0.9) holder[key] = Array.from({ length: 3_000 }, () => inner);
    else holder[key] = [inner, inner];
    return pick(RAW_VALUES);
  }
}
