/** @file Asks a partner's endpoint about one image. [Note: Egress of the server] The audit log names model, origin and asker before a byte leaves. */
import { AppError } from '../../../src/contracts/errors.ts';
import { partnerAnswerSchema } from '../../../src/contracts/model-manifest.ts';
import type { Finding } from '../../../src/contracts/recognise-api.ts';
import { WHOLE_FRAME } from '../../../src/contracts/geometry.ts';
import { isFiniteVector, norm, normalised } from '../../../src/core/vector.ts';
import { unseal } from '../secrets/envelope.ts';
import type { Journal } from '../watching/journal.ts';
import type { OutboundCaller } from '../webhooks/outbound-call.ts';
import { spaceOf, type ModelWay } from './recognition-models.ts';

/** What asking stands on. */
export interface PartnerParts {
  readonly caller: Pick<OutboundCaller, 'post'>;
  readonly journal: Pick<Journal, 'record'>;
  /** 32 bytes. */
  readonly masterKey: Uint8Array;
}

const MAX_ANSWER_BYTES = 2 * 1024 * 1024;
const SECOND = 1_000;

/** Calls endpoints of added models. */
export class PartnerCaller {
  readonly #parts: PartnerParts;

  constructor(parts: PartnerParts) {
    this.#parts = parts;
  }

  /**
   * @param jpeg what is sent: upright, without metadata. @param limit most tags.
   * @throws AppError('server-refused') for an answer that is none; 'offline' when none came; what the audit log throws: then nothing left.
   */
  async ask(
    { added, endpoint }: Extract<ModelWay, { kind: 'endpoint' }>,
    jpeg: Uint8Array,
    limit: number,
    { actor, signal }: { readonly actor: string; readonly signal?: AbortSignal },
  ): Promise<Finding> {
    const { caller, journal, masterKey } = this.#parts;
    const { manifest, authorization } = added;
    await journal.record({
      ...{ atMs: Date.now(), actor, operation: 'models.egress', collection: null, count: 1, outcome: 'done', status: 0 },
      subject: `${manifest.id} → ${new URL(endpoint.url).origin}`,
    });
    const secret = authorization === null ? null : unseal(masterKey, authorizationName(manifest.id), authorization).toString();
    const { status, body } = await caller.post(endpoint.url, {
      headers: {
        ...{ 'content-type': 'image/jpeg', accept: 'application/json', 'user-agent': 'Mekiki-Models/1' },
        ...(secret === null ? {} : { authorization: secret }),
      },
      body: jpeg,
      timeoutMs: endpoint.timeoutS * SECOND,
      maxAnswerBytes: MAX_ANSWER_BYTES,
      ...(signal === undefined ? {} : { signal }),
    });
    if (status !== 200) throw new AppError('server-refused', `The provider of ${manifest.id} answered ${status}.`);
    return findingOf(body, manifest, limit);
  }
}

/** Name that the secret of an endpoint is sealed by. */
export function authorizationName(id: string): string {
  return `added-model\n${id}`;
}

function findingOf(body: Buffer, manifest: Extract<ModelWay, { kind: 'endpoint' }>['added']['manifest'], limit: number): Finding {
  const refuse = () => new AppError('server-refused', `The answer of ${manifest.id}'s provider is not one of type ${manifest.type}.`);
  let json: unknown;
  try {
    json = JSON.parse(body.toString('utf8'));
  } catch {
    throw refuse();
  }
  const { success, data } = partnerAnswerSchema.safeParse(json);
  const key = manifest.type === 'embedding' ? 'vector' : manifest.type;
  if (!success || Object.keys(data).join() !== key) throw refuse();
  const { tags, boxes, text, vector } = data;
  if (tags !== undefined) return { tags: [...tags].sort((a, b) => b.score01 - a.score01).slice(0, limit) };
  if (boxes !== undefined) return { boxes };
  if (text !== undefined) return { text };
  const values = Float32Array.from(vector ?? []);
  if (!isFiniteVector(values) || norm(values) === 0) throw refuse();
  const { x, y, width, height } = WHOLE_FRAME;
  return {
    vector: { space: spaceOf(manifest), dimensions: values.length, values: [...normalised(values)], box: { x, y, width, height } },
  };
}
