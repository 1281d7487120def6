/**
 * @file Models of partners: added by manifest once their golden gives what it says, then asked like our own. What leaves for a partner's
 * endpoint is a JPEG without metadata, and is in the audit log before it leaves.
 */
import { AppError } from '../../../src/contracts/errors.ts';
import type { ModelManifest } from '../../../src/contracts/model-manifest.ts';
import { recogniseQuerySchema, RECOGNITION_TYPES, type Finding, type Recognition } from '../../../src/contracts/recognise-api.ts';
import { intersectionOverUnion } from '../../../src/core/nms.ts';
import { dot, normalised } from '../../../src/core/vector.ts';
import { MODELS } from '../../../src/models/registry.ts';
import type { AddedModel, AddedModels } from '../../repositories/added-models.ts';
import { seal } from '../secrets/envelope.ts';
import type { ModelFilesStore } from './model-files-store.ts';
import type { OutboundCaller } from '../webhooks/outbound-call.ts';
import { authorizationName } from './partner-caller.ts';
import { HttpProblem } from '../http/problem.ts';
import { addedModel, type RecognitionModel } from './recognition-models.ts';
import type { RecognitionService } from './recognition-service.ts';

/** What adding stands on. */
export interface AddedModelParts {
  readonly added: AddedModels;
  readonly files: ModelFilesStore;
  readonly recognition: Pick<RecognitionService, 'recognise'>;
  readonly caller: Pick<OutboundCaller, 'check'>;
  /** 32 bytes. */
  readonly masterKey: Uint8Array;
}

/** How near a golden's answer must be. Another runtime's rounding is far below; another model's answer far beyond. */
const TOLERANCE = { score: 0.05, cosine: 0.985, overlap: 0.8 } as const;
const GOLDEN_TAGS = 50;

/** Adds and removes models. */
export class AddedModelService {
  readonly #parts: AddedModelParts;

  constructor(parts: AddedModelParts) {
    this.#parts = parts;
  }

  /** After a start: files that no model names go. */
  async resume(): Promise<void> {
    await this.#parts.files.sweep(namedFiles(await this.#parts.added.list()));
  }

  /**
   * Add a model, or replace it by another version.
   * @param authorization for its endpoint. @param by who adds it.
   * @throws HttpProblem 400 for an address that is never called or a missing file; 409 for a name that is taken; 422 `model-integrity` when
   * the golden gives something else; what the model throws.
   */
  async add(manifest: ModelManifest, authorization: string | null, by: string): Promise<RecognitionModel> {
    const { added, files, caller, masterKey, recognition } = this.#parts;
    const { id, version, where } = manifest;
    if (id === 'product' || Object.hasOwn(MODELS, id) || (RECOGNITION_TYPES as readonly string[]).includes(id))
      throw new HttpProblem(409, 'invalid-input', `"${id}" is the name of a model or type of this server.`);
    const known = (await added.list()).find((model) => model.manifest.id === id);
    if (known?.manifest.version === version && JSON.stringify(known.manifest) !== JSON.stringify(manifest))
      throw new HttpProblem(409, 'invalid-input', `${id} ${version} is there with another manifest. A changed model is another version.`);
    if (where.kind === 'endpoint') caller.check(where.url);
    else if ((await files.sizeOf(where.sha256)) !== where.bytes)
      throw new HttpProblem(400, 'model-unavailable', `Its file is not here. Send it first: PUT /v1/model-files/${where.sha256}.`);
    const sealed = authorization === null ? null : seal(masterKey, authorizationName(id), Buffer.from(authorization));
    const stored: AddedModel = { manifest, addedAtMs: Date.now(), addedBy: by, authorization: sealed };
    const model = addedModel(stored, files);
    const image = Buffer.from(manifest.golden.image, 'base64');
    const query = { ...recogniseQuerySchema.parse({}), limit: GOLDEN_TAGS };
    const answer = await recognition.recognise(image, model, query, { actor: by }).catch((error: unknown) => {
      if (error instanceof HttpProblem) throw error;
      const why = error instanceof AppError && error.code !== 'bug' ? error.message : 'it ends with an error inside its net';
      throw new HttpProblem(422, 'model-integrity', `Its golden cannot be run: ${why.slice(0, 300)}`);
    });
    const difference = goldenDifference(answer, manifest);
    if (difference !== null) throw new HttpProblem(422, 'model-integrity', `Its golden gives something else: ${difference}.`);
    await added.put(stored);
    return model;
  }

  /** @throws HttpProblem 404 */
  async remove(id: string): Promise<void> {
    const { added, files } = this.#parts;
    const model = (await added.list()).find(({ manifest }) => manifest.id === id);
    if (model === undefined || !(await added.remove(id))) throw new HttpProblem(404, 'invalid-input', 'No model of that id was added.');
    const { where } = model.manifest;
    // Recognisers that have its net loaded go when they are idle.
    if (where.kind === 'onnx' && !namedFiles(await added.list()).has(where.sha256)) await files.remove(where.sha256);
  }

  /** Take a file in for a manifest that follows. @returns its size. */
  putFile(sha256: string, chunks: AsyncIterable<Uint8Array>, maxBytes: number): Promise<number> {
    return this.#parts.files.put(sha256, chunks, maxBytes);
  }
}

/** @returns what is different from what the golden expects, in words; null: nothing. */
export function goldenDifference(answer: Pick<Recognition, keyof Finding>, { golden: { expected } }: ModelManifest): string | null {
  const { tags, vector, text, boxes } = expected;
  for (const { id, score01 } of tags ?? []) {
    const found = answer.tags?.find((tag) => tag.id === id)?.score01 ?? 0;
    if (Math.abs(found - score01) > TOLERANCE.score) return `"${id}" at ${found.toFixed(3)} instead of ${score01.toFixed(3)}`;
  }
  if (vector !== undefined) {
    const found = answer.vector?.values ?? [];
    if (found.length !== vector.length) return `${found.length} numbers instead of ${vector.length}`;
    const cosine = dot(normalised(Float32Array.from(found)), normalised(Float32Array.from(vector)));
    if (!(cosine >= TOLERANCE.cosine)) return `a vector at a cosine of ${cosine.toFixed(3)}, below ${TOLERANCE.cosine}`;
  }
  if (text !== undefined && answer.text?.text.trim() !== text.trim()) return 'another text';
  if (boxes !== undefined) {
    const found = answer.boxes ?? [];
    if (found.length !== boxes.length) return `${found.length} boxes instead of ${boxes.length}`;
    const lost = boxes.find(
      ({ box, label }) => !found.some((other) => other.label === label && intersectionOverUnion(other.box, box) >= TOLERANCE.overlap),
    );
    if (lost !== undefined) return `no "${lost.label}" where one is expected`;
  }
  return null;
}

function namedFiles(models: readonly AddedModel[]): ReadonlySet<string> {
  return new Set(models.flatMap(({ manifest: { where } }) => (where.kind === 'onnx' ? [where.sha256] : [])));
}
