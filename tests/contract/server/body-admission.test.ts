import { EventEmitter } from 'node:events';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { expect, it } from 'vitest';
import { BodyAdmission } from '../../../server/services/http/body-admission.ts';

const asked = (length?: number) => {
  const raw = new EventEmitter();
  const request = { headers: length === undefined ? {} : { 'content-length': String(length) } } as unknown as FastifyRequest;
  return { request, reply: { raw } as unknown as FastifyReply, end: () => raw.emit('close') };
};

it('gives room until there is none, and again when an answer was sent or its asker left', async () => {
  const hook = new BodyAdmission(100).hook(60);
  const first = asked(60);
  await hook(first.request, first.reply);
  const second = asked(41);
  await expect(hook(second.request, second.reply)).rejects.toMatchObject({ status: 503, code: 'busy' });
  const small = asked(40);
  await hook(small.request, small.reply);
  first.end();
  await hook(second.request, second.reply);
});

it('counts who names no length with the most, and refuses who names too much', async () => {
  const hook = new BodyAdmission(100).hook(60);
  const silent = asked();
  await hook(silent.request, silent.reply);
  const other = asked(41);
  await expect(hook(other.request, other.reply)).rejects.toMatchObject({ status: 503 });
  const large = asked(61);
  await expect(hook(large.request, large.reply)).rejects.toMatchObject({ status: 413 });
});
