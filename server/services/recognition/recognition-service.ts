/** @file One image, one model, one answer; alone, in a batch or in a job. */
import { AppError } from '../../../src/contracts/errors.ts';
import type { Box } from '../../../src/contracts/geometry.ts';
import type { Finding, Recognition, RecogniseQuery } from '../../../src/contracts/recognise-api.ts';
import type { RecogniserResult, RecogniserTask } from '../../runtime/recogniser-messages.ts';
import { checkImage } from './image-check.ts';
import type { PartnerCaller } from './partner-caller.ts';
import { HttpProblem } from '../http/problem.ts';
import type { ProductsByLook } from '../collections/products-by-look.ts';
import type { Recogniser, RecogniserCall } from './recogniser.ts';
import type { RecognitionModel, RecognitionModels } from './recognition-models.ts';

/** What recognition stands on. */
export interface RecognitionParts {
  readonly recogniser: Recogniser;
  readonly models: RecognitionModels;
  readonly productsByLook: ProductsByLook;
  readonly partners: PartnerCaller;
}

/** How one image is recognised, and for whom. */
export interface RecognitionCall extends RecogniserCall {
  /** Named in the audit log when an image leaves for a partner. */
  readonly actor: string;
}

/** Of the JPEG that a partner gets. */
const SENT_QUALITY = 0.9;

/** Recognises for the API. */
export class RecognitionService {
  readonly #parts: RecognitionParts;

  constructor(parts: RecognitionParts) {
    this.#parts = parts;
  }

  get models(): RecognitionModels {
    return this.#parts.models;
  }

  /**
   * @param bytes an image file. It is decoded elsewhere, and kept nowhere.
   * @throws HttpProblem 413 | 415 | 422 for what is no image that is taken; AppError('busy') when too many wait; what the model throws.
   */
  async recognise(bytes: Uint8Array, model: RecognitionModel, query: RecogniseQuery, call: RecognitionCall): Promise<Recognition> {
    checkImage(bytes);
    const { id, version, type } = model.description;
    const { image, finding } = await this.#run(bytes, model, query, call);
    return { model: { id, version, type }, image, ...finding };
  }

  async #run(
    bytes: Uint8Array,
    { way }: RecognitionModel,
    { region, script, limit }: RecogniseQuery,
    call: RecognitionCall,
  ): Promise<{ image: RecogniserResult['image']; finding: Finding }> {
    if (way.kind === 'endpoint') {
      const { maxSidePx } = way.endpoint;
      const { image, encoded } = await this.#look(
        bytes,
        { kind: 'reencode', maxSidePx, type: 'image/jpeg', quality01: SENT_QUALITY },
        call,
      );
      if (encoded === undefined) throw new AppError('bug', 'Nothing was encoded');
      return { image, finding: await this.#parts.partners.ask(way, encoded, limit, call) };
    }
    const place = region === undefined ? {} : { region: regionOf(region) };
    const { image, finding = {} } = await this.#look(bytes, { kind: 'recognise', model: way.model, script, limit, ...place }, call);
    if (way.kind === 'net') return { image, finding };
    if (finding.vector === undefined) throw new AppError('bug', `${way.model} gave no vector`);
    return { image, finding: { ...finding, tags: await this.#parts.productsByLook(finding.vector, limit) } };
  }

  async #look(bytes: Uint8Array, task: RecogniserTask, call: RecognitionCall): Promise<RecogniserResult> {
    try {
      return await this.#parts.recogniser.run(bytes, task, call);
    } catch (error) {
      // The decoder's own words are of no use to a caller.
      if (error instanceof AppError && error.code === 'decode-unsupported')
        throw new HttpProblem(422, 'decode-unsupported', 'The image cannot be decoded: it is damaged, or not what its first bytes say.');
      throw error;
    }
  }
}

/** @throws HttpProblem 400 for a region that is empty or leaves the image. */
export function regionOf(text: string): Box {
  const [x = 0, y = 0, width = 0, height = 0] = text.split(',').map(Number);
  if (!(width > 0 && height > 0 && x + width <= 1.000_001 && y + height <= 1.000_001))
    throw new HttpProblem(400, 'invalid-input', 'A region is x,y,width,height within 0..1 of the image.');
  return { x, y, width, height };
}
