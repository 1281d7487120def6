/** @file Clients that are slow, on purpose or not: they are sent away in the end, and others are answered all the while. */
import { createServer } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { App } from '../../../server/app.ts';
import { limitConnections } from '../../../server/services/http/connection-limits.ts';
import { removeFolders, startApp, unitVector } from './test-server.ts';

const SPACE = 'test-embedding@1';
const D = 512;
/** More than the pool of threads and the connections that a browser opens. */
const CLIENTS = 40;

let app: App;
let port: number;
beforeAll(async () => {
  app = await startApp({ requestMs: 1_500, idleMs: 3_000 });
  await app.http.listen({ port: 0, host: '127.0.0.1', listenTextResolver: () => 'listening' });
  port = (app.http.server.address() as AddressInfo).port;
  await app.services.store.create({ name: 'things', space: SPACE, dimensions: D, metric: 'cosine' });
  for (let batch = 0; batch < 4; batch++)
    await app.services.store.upsert(
      'things',
      SPACE,
      Array.from({ length: 500 }, (_, n) => ({
        id: `t${batch * 500 + n}`,
        productId: 'p',
        metadata: {},
        vector: unitVector(D, batch * 500 + n + 1),
      })),
    );
});
afterAll(async () => {
  await app.http.close();
  removeFolders();
});

/** A connection, what came over it, and its end. */
function open(first: string): { readonly socket: Socket; readonly came: () => string; readonly closed: Promise<void> } {
  const socket = connect(port, '127.0.0.1');
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  socket.on('error', () => undefined);
  socket.write(first);
  return { socket, came: () => text, closed: new Promise((resolve) => socket.once('close', () => resolve())) };
}

/** Others are answered, again and again, until something is over. */
async function othersAreAnsweredUntil(over: Promise<unknown>): Promise<void> {
  let isOver = false;
  void over.then(() => (isOver = true));
  do {
    const answer = await fetch(`http://127.0.0.1:${port}/v1/collections/things/search`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ space: SPACE, vector: unitVector(D, 7), k: 1 }),
    });
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain('t6');
    await new Promise((resolve) => setTimeout(resolve, 50));
  } while (!isOver);
}

describe('a client', () => {
  it('that sends its headers byte by byte is sent away', async () => {
    const slow = Array.from({ length: CLIENTS }, () => open('GET /v1/health HTTP/1.1\r\nHost: localhost\r\nX-Slow: '));
    const dripping = setInterval(() => slow.forEach(({ socket }) => socket.writable && socket.write('x')), 100);
    await othersAreAnsweredUntil(Promise.all(slow.map(({ closed }) => closed)));
    clearInterval(dripping);
    for (const { came } of slow) expect(came()).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('that sends its body byte by byte is sent away', async () => {
    const head =
      'POST /v1/collections/things/search HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9000\r\n\r\n{';
    const slow = Array.from({ length: CLIENTS }, () => open(head));
    const dripping = setInterval(() => slow.forEach(({ socket }) => socket.writable && socket.write(' ')), 100);
    await othersAreAnsweredUntil(Promise.all(slow.map(({ closed }) => closed)));
    clearInterval(dripping);
    for (const { came } of slow) expect(came()).toMatch(/^(HTTP\/1\.1 4\d\d |$)/);
  });

  it('that sends a row of a bulk now and then is sent away, and what was whole is kept', async () => {
    const row = (n: number) => {
      const text = `${JSON.stringify({ id: `slow-${n}`, vector: unitVector(D, 10_000 + n) })}\n`;
      return `${text.length.toString(16)}\r\n${text}\r\n`;
    };
    const { socket, closed } = open(
      `POST /v1/collections/things/ingest?job=slow&space=${SPACE}&from=0&last=false HTTP/1.1\r\nHost: localhost\r\n` +
        `Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n${row(0)}`,
    );
    let sent = 1;
    const dripping = setInterval(() => socket.writable && socket.write(row(sent++)), 200);
    await othersAreAnsweredUntil(closed);
    clearInterval(dripping);
    await expect
      .poll(async () => (await app.services.bulk.progress('things', 'slow')).searchableRows, { timeout: 20_000 })
      .toBeGreaterThan(0);
    expect((await app.services.bulk.progress('things', 'slow')).durableRows).toBeLessThanOrEqual(sent);
  });

  it('that never reads its answer is sent away', async () => {
    const slow = Array.from({ length: CLIENTS }, () => {
      const client = open('GET /v1/collections/things/export HTTP/1.1\r\nHost: localhost\r\n\r\n');
      client.socket.pause();
      return client;
    });
    const gone = expect
      .poll(
        () =>
          new Promise<number>((resolve, reject) =>
            app.http.server.getConnections((error, count) => (error === null ? resolve(count) : reject(error))),
          ),
        {
          timeout: 40_000,
          interval: 200,
        },
      )
      .toBeLessThan(CLIENTS / 2);
    await othersAreAnsweredUntil(gone);
    await gone;
    for (const { socket } of slow) socket.destroy();
  });

  it('that closes its half, or its connection, is let go', async () => {
    const half = open(
      'POST /v1/collections/things/search HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{"a',
    );
    half.socket.end();
    await half.closed;
    expect(half.came()).not.toMatch(/ 200 /);
    const cut = open('GET /v1/collections/things/export HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await expect.poll(() => cut.came().length, { timeout: 20_000 }).toBeGreaterThan(0);
    cut.socket.resetAndDestroy();
    await othersAreAnsweredUntil(cut.closed);
  });
});

describe('connections', () => {
  it('of one address beyond its share are turned away, others come through', async () => {
    const server = createServer((_request, response) => response.end('hello'));
    limitConnections(server, { total: 100, perAddress: 3, isExempt: (address) => address === '127.0.0.2' });
    await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
    const { port: own } = server.address() as AddressInfo;
    const hold = (localAddress?: string) => {
      const socket = connect({ port: own, host: '127.0.0.1', ...(localAddress === undefined ? {} : { localAddress }) });
      socket.on('error', () => undefined);
      return { socket, closed: new Promise<boolean>((resolve) => socket.once('close', () => resolve(true))) };
    };
    const counted = () => new Promise<number>((resolve) => server.getConnections((_error, count) => resolve(count)));
    const held = [hold(), hold(), hold()];
    await expect.poll(counted).toBe(3);
    expect(await hold().closed).toBe(true);
    expect(await counted()).toBe(3);
    held[0]!.socket.destroy();
    await expect.poll(counted).toBe(2);
    const again = hold();
    await expect.poll(counted).toBe(3);
    if (process.platform === 'linux') {
      const others = Array.from({ length: 5 }, () => hold('127.0.0.2'));
      await expect.poll(counted).toBe(8);
      for (const { socket } of others) socket.destroy();
    }
    for (const { socket } of [...held, again]) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
});
