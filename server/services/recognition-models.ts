/** @file What can be asked to recognise something: the registry's rows that offer it, the catalogue of products, and models that an operator added. */
import { IMAGE_LIMITS, RECOGNITION_TYPES, type ModelDescription, type RecognitionType } from '../../src/contracts/recognise-api.ts';
import type { ModelSpec } from '../../src/contracts/model-spec.ts';
import { MODELS } from '../../src/models/registry.ts';
import { HttpProblem } from './problem.ts';

/** How a model is run. */
export type ModelWay =
  /** By a recogniser process. */
  | { readonly kind: 'net'; readonly spec: ModelSpec }
  /** Its vector, compared with the collection of products. */
  | { readonly kind: 'product'; readonly spec: ModelSpec };

/** A model that can be asked. */
export interface RecognitionModel {
  readonly description: ModelDescription;
  readonly way: ModelWay;
}

const ANSWERS: Readonly<Record<RecognitionType, ModelDescription['answers']>> = {
  barcode: ['barcodes'],
  text: ['text'],
  face: ['boxes'],
  embedding: ['vector'],
  product: ['tags', 'vector'],
  tags: ['tags'],
  boxes: ['boxes'],
};

const LIMITS: ModelDescription['limits'] = {
  types: [...IMAGE_LIMITS.types],
  maxBytes: IMAGE_LIMITS.maxBytes,
  maxPixels: IMAGE_LIMITS.maxPixels,
};
const OWN_PROVIDER = 'this server';
/** [Note: Product by look] The net whose vectors the catalogue holds. */
const PRODUCT_MODEL = MODELS['product-embedding'];

/** Models that come with the server, each id once, in the order of the registry. */
const OWN_MODELS: readonly RecognitionModel[] = [
  ...Object.values<ModelSpec>(MODELS).flatMap((spec) => (spec.recognises === undefined ? [] : [ownModel(spec, spec.id, spec.recognises)])),
  productModel(),
];

/** The models of one server. */
export class RecognitionModels {
  /** Every model, defaults marked. */
  list(): Promise<RecognitionModel[]> {
    const seen = new Set<RecognitionType>();
    return Promise.resolve(
      OWN_MODELS.map((model) => {
        const { type } = model.description;
        const isDefault = !seen.has(type);
        seen.add(type);
        return { ...model, description: { ...model.description, isDefault } };
      }),
    );
  }

  /** @param name a model's id, or a type. @throws HttpProblem 404 */
  async find(name: string): Promise<RecognitionModel> {
    const models = await this.list();
    const found =
      models.find(({ description }) => description.id === name) ??
      models.find(({ description: { type, isDefault } }) => isDefault && type === name);
    if (found !== undefined) return found;
    const isType = (RECOGNITION_TYPES as readonly string[]).includes(name);
    throw new HttpProblem(
      404,
      'invalid-input',
      isType ? `No model here recognises ${name}.` : 'There is no such model. GET /v1/models lists them.',
    );
  }
}

function ownModel(spec: ModelSpec, id: string, type: RecognitionType): RecognitionModel {
  const { version, licence, source, card, embeddingSpace = null } = spec;
  const { purpose, weaknesses, figures } = card;
  return {
    description: {
      ...{ id, version, type, isDefault: false, answers: [...ANSWERS[type]], space: embeddingSpace, licence, source },
      ...{
        provider: OWN_PROVIDER,
        sendsTo: null,
        purpose: { ...purpose },
        weaknesses: { ...weaknesses },
        figures: [...figures],
        limits: LIMITS,
      },
    },
    way: { kind: 'net', spec },
  };
}

function productModel(): RecognitionModel {
  const { description } = ownModel(PRODUCT_MODEL, 'product', 'product');
  return {
    description: {
      ...description,
      purpose: {
        en: 'Names the products of this server’s catalogue whose photos look most like the thing in the middle.',
        ja: '中央に写っているものに最もよく似た写真をもつ、このサーバーのカタログの商品を挙げます。',
      },
    },
    way: { kind: 'product', spec: PRODUCT_MODEL },
  };
}
