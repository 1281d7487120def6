import Fastify from 'fastify';
import { expect, it } from 'vitest';
import { describeVersion } from '../../../server/services/http/api-version.ts';

it('says when a route that will go was deprecated, and when it goes', async () => {
  const app = Fastify();
  describeVersion(app);
  const rules = { operation: 'x', keyless: 'all', role: 'viewer', audit: 'sum' } as const;
  app.get(
    '/old',
    { config: { access: { ...rules, deprecated: { since: '2027-01-01T00:00:00Z', sunset: '2027-07-01T00:00:00Z' } } } },
    () => 'x',
  );
  app.get('/new', { config: { access: rules } }, () => 'x');
  const old = await app.inject({ url: '/old' });
  expect(old.headers).toMatchObject({ 'api-version': '1', deprecation: '@1798761600', sunset: 'Thu, 01 Jul 2027 00:00:00 GMT' });
  expect((await app.inject({ url: '/new' })).headers['sunset']).toBeUndefined();
  await app.close();
});
