/** @file What the server may call: nothing of the network that it stands in. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AppError } from '../../../src/contracts/errors.ts';
import { OutboundCaller } from '../../../server/services/webhooks/outbound-call.ts';
import { HttpProblem } from '../../../server/services/http/problem.ts';

let server: Server;
let url: string;
const seen: string[] = [];
beforeAll(async () => {
  server = createServer((request, response) => {
    seen.push(request.url ?? '');
    if (request.url === '/moved') response.writeHead(302, { location: '/secret' }).end();
    else if (request.url === '/long') response.end('x'.repeat(10_000));
    else if (request.url === '/slow') setTimeout(() => response.end('late'), 5_000).unref();
    else response.end('here');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const open = (isLoopbackAllowed: boolean, addresses: readonly string[] = []) =>
  new OutboundCaller({ isLoopbackAllowed }, () =>
    Promise.resolve(addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))),
  );
const call = { headers: {}, body: Buffer.from('{}'), timeoutMs: 500, maxAnswerBytes: 1000 };
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'called',
    (error: unknown) => (error instanceof AppError || error instanceof HttpProblem ? error.code : String(error)),
  );

describe('an address is refused unasked', () => {
  it.each([
    ...['', 'no address', 'ftp://example.com/', 'file:///etc/passwd', 'http://example.com/', 'javascript:alert(1)', '//example.com'],
    ...['https://user@example.com/', 'https://user:word@example.com/', `https://example.com/${'a'.repeat(2000)}`],
    ...[
      'https://127.0.0.1/',
      'https://localhost/',
      'https://LOCALHOST./',
      'https://a.localhost/',
      'https://0x7f.1/',
      'https://2130706433/',
    ],
    ...[
      'https://[::1]/',
      'https://[::ffff:127.0.0.1]/',
      'https://[::ffff:7f00:1]/',
      'https://[64:ff9b::7f00:1]/',
      'https://[2002:7f00:1::]/',
    ],
    ...[
      'https://10.0.0.1/',
      'https://172.16.0.1/',
      'https://192.168.1.1/',
      'https://100.64.0.1/',
      'https://169.254.169.254/latest/meta-data',
    ],
    ...['https://0.0.0.0/', 'https://[::]/', 'https://224.0.0.1/', 'https://255.255.255.255/', 'https://[fd00::1]/', 'https://[fe80::1]/'],
    ...['https://printer.local/', 'https://db.internal/', 'https://nas.lan/', 'https://router.home.arpa/'],
  ])('%s', (address) => {
    expect(() => open(false).check(address)).toThrow(HttpProblem);
  });

  it('but a public one is fine', () => {
    for (const address of ['https://example.com/hook?x=1', 'https://example.com:8443/', 'https://8.8.8.8/', 'https://[2606:4700::1111]/'])
      expect(open(false).check(address).href).toBe(address);
  });
});

describe('a name', () => {
  it.each([[['10.0.0.5']], [['127.0.0.1']], [['::1']], [['8.8.8.8', '192.168.0.1']], [['169.254.169.254']], [['::ffff:10.0.0.1']], [[]]])(
    'that leads to %j is not called',
    async (addresses) => {
      expect(await codeOf(open(false, addresses).post('https://example.com/', call))).toBe('permission-denied');
    },
  );

  it('that is not there says so', async () => {
    const caller = new OutboundCaller({ isLoopbackAllowed: false }, () =>
      Promise.reject(Object.assign(new Error('x'), { code: 'ENOTFOUND' })),
    );
    expect(await codeOf(caller.post('https://example.com/', call))).toBe('offline');
  });
});

describe('with loopback allowed', () => {
  it('this machine is called, and nothing else of the network', async () => {
    expect((await open(true).post(`${url}/hook`, call)).body.toString()).toBe('here');
    expect((await open(true, ['127.0.0.1']).post(`${url.replace('127.0.0.1', 'localhost')}/hook`, call)).status).toBe(200);
    expect(() => open(true).check('http://192.168.1.1/')).toThrow(HttpProblem);
    expect(() => open(true).check('http://example.com/')).toThrow(HttpProblem);
    expect(await codeOf(open(true, ['10.0.0.1']).post('https://example.com/', call))).toBe('permission-denied');
    expect(await codeOf(open(false).post(`${url}/hook`, call))).toBe('invalid-input');
  });

  it('redirects are not followed', async () => {
    expect((await open(true).post(`${url}/moved`, call)).status).toBe(302);
    expect(seen).not.toContain('/secret');
  });

  it('long and late answers are given up', async () => {
    expect(await codeOf(open(true).post(`${url}/long`, call))).toBe('server-refused');
    expect(await codeOf(open(true).post(`${url}/slow`, call))).toBe('offline');
  });
});
