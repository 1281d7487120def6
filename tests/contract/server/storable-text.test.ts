import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { App } from '../../../server/app.ts';
import { holdsUnstorable, isStorable } from '../../../server/services/http/storable-text.ts';
import { removeFolders, startApp } from './test-server.ts';

let app: App;
beforeAll(async () => {
  app = await startApp();
});
afterAll(async () => {
  await app.http.close();
  removeFolders();
});

describe('text that does not come back as it was stored', () => {
  it('is told apart', () => {
    for (const text of ['a\0', '\ud800', 'x\udc00y', '\ud800\ud800']) expect(isStorable(text), JSON.stringify(text)).toBe(false);
    for (const text of ['', '目利き 😀', '\\u0000', '\n\t']) expect(isStorable(text), JSON.stringify(text)).toBe(true);
    for (const value of [{ a: ['x\0'] }, { 'k\0': 1 }, '\udfff']) expect(holdsUnstorable(JSON.stringify(value), value)).toBe(true);
    const deep = `${'['.repeat(50_000)}"\\u0000"${']'.repeat(50_000)}`;
    expect(holdsUnstorable(deep, JSON.parse(deep))).toBe(true);
    // A backslash that is text, and a pair that is whole.
    expect(holdsUnstorable('"\\\\u0000 \\ud83d\\ude00"', JSON.parse('"\\\\u0000 \\ud83d\\ude00"'))).toBe(false);
  });

  it.each(['\\u0000', '\\ud800'])('%s is refused, and nobody’s list is broken by it', async (text) => {
    const headers = { 'content-type': 'application/json' };
    const payload = `{"name":"${text}","purpose":"x","role":"viewer"}`;
    const asked = await app.http.inject({ method: 'POST', url: '/v1/keys/requests', headers, payload });
    expect(asked.statusCode).toBe(400);
    const key = `Bearer ${app.firstAdminKey ?? ''}`;
    const made = await app.http.inject({ method: 'POST', url: '/v1/keys', headers: { ...headers, authorization: key }, payload });
    expect(made.statusCode).toBe(400);
    for (const url of ['/v1/keys', '/v1/keys/requests'])
      expect((await app.http.inject({ url, headers: { authorization: key } })).statusCode).toBe(200);
  });

  it('in an address does not break the audit log', async () => {
    for (const name of ['%00', 'a%00b', '%ED%A0%80', '%F0%9F%98%80'])
      await app.http.inject({ method: 'DELETE', url: `/v1/collections/${name}/items`, payload: { ids: ['x'] } });
    await app.services.journal.flush();
    expect(await app.services.audit.verify()).toMatchObject({ isIntact: true });
    expect((await app.services.audit.read(0, 100)).length).toBeGreaterThan(2);
  });
});
