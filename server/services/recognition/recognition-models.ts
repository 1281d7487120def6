/** @file What can be asked to recognise something: the registry's rows that offer it, the catalogue of products, and models that an operator added. */
import { IMAGE_LIMITS, RECOGNITION_TYPES, type ModelDescription, type RecognitionType } from '../../../src/contracts/recognise-api.ts';
import type { ModelManifest } from '../../../src/contracts/model-manifest.ts';
import type { ModelSpec } from '../../../src/contracts/model-spec.ts';
import type { EmbeddingSpace } from '../../../src/contracts/results.ts';
import { MODELS } from '../../../src/models/registry.ts';
import type { AddedModel, AddedModels } from '../../repositories/added-models.ts';
import type { ModelFilesStore } from './model-files-store.ts';
import { HttpProblem } from '../http/problem.ts';

/** How a model is run. */
export type ModelWay =
  /** By a recogniser process: a row of the registry by its id, or the row made of a manifest. */
  | { readonly kind: 'net'; readonly model: string | ModelSpec }
  /** Its vector, compared with the collection of products. */
  | { readonly kind: 'product'; readonly model: string }
  /** By its provider. */
  | { readonly kind: 'endpoint'; readonly added: AddedModel; readonly endpoint: Extract<ModelManifest['where'], { kind: 'endpoint' }> };

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
  readonly #added: Pick<AddedModels, 'list'>;
  readonly #files: Pick<ModelFilesStore, 'pathOf'>;

  constructor(added: Pick<AddedModels, 'list'>, files: Pick<ModelFilesStore, 'pathOf'>) {
    this.#added = added;
    this.#files = files;
  }

  /** Every model, ours first, defaults marked. Added ones are read each time: another process may add them. */
  async list(): Promise<RecognitionModel[]> {
    const seen = new Set<RecognitionType>();
    const added = (await this.#added.list()).map((model) => addedModel(model, this.#files));
    return [...OWN_MODELS, ...added].map((model) => {
      const { type } = model.description;
      const isDefault = !seen.has(type);
      seen.add(type);
      return { ...model, description: { ...model.description, isDefault } };
    });
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
    way: { kind: 'net', model: spec.id },
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
    way: { kind: 'product', model: PRODUCT_MODEL.id },
  };
}

/** A model as its manifest describes it. */
export function addedModel(added: AddedModel, files: Pick<ModelFilesStore, 'pathOf'>): RecognitionModel {
  const { id, version, type, provider, licence, source, purpose, weaknesses, figures, where } = added.manifest;
  const description: ModelDescription = {
    ...{ id, version, type, isDefault: false, answers: [...ANSWERS[type]], licence, source, purpose, weaknesses, figures, limits: LIMITS },
    space: type === 'embedding' ? spaceOf(added.manifest) : null,
    provider: provider.url === undefined ? provider.name : `${provider.name} (${provider.url})`,
    sendsTo: where.kind === 'endpoint' ? new URL(where.url).origin : null,
  };
  if (where.kind === 'endpoint') return { description, way: { kind: 'endpoint', added, endpoint: where } };
  return { description, way: { kind: 'net', model: specOf(added.manifest, where, files.pathOf(where.sha256)) } };
}

/** Space of the vectors of an added model. */
export function spaceOf({ id, version }: Pick<ModelManifest, 'id' | 'version'>): EmbeddingSpace {
  return `${id}@${version}`;
}

/** The row that the registry would have. Its id is its own for ever: a recogniser keeps what it has loaded by it. */
function specOf(manifest: ModelManifest, where: Extract<ModelManifest['where'], { kind: 'onnx' }>, path: string): ModelSpec {
  const { id, version, type, licence, source } = manifest;
  const { name, layout, widthPx, heightPx, colour, range, mean, std, fit } = where.input;
  const { labels, activation } = where.output;
  const isTags = type === 'tags';
  return {
    ...{
      id: `${id}@${version}/${where.sha256}`,
      version,
      task: isTags ? 'tags' : 'embedding',
      runtime: 'ort',
      recognises: isTags ? 'tags' : 'embedding',
    },
    files: [{ url: path, bytes: where.bytes, sha256: where.sha256 }],
    input: {
      ...{ name, layout, dtype: 'float32', colour, range, mean, std, fit },
      shape: layout === 'NCHW' ? [1, 3, heightPx, widthPx] : [1, heightPx, widthPx, 3],
    },
    outputs: [where.output.name],
    ...(isTags && labels !== undefined
      ? {
          tags: {
            activation,
            labels: labels.map(({ id: label, en, ja }) => ({
              id: label,
              ...(en === undefined ? {} : { en }),
              ...(ja === undefined ? {} : { ja }),
            })),
          },
        }
      : { embeddingSpace: spaceOf(manifest) }),
    ...{ backends: ['cpu'], memoryMB: Math.ceil(where.bytes / 1e6) * 2, licence, source, golden: null },
    card: { purpose: { en: '', ja: '' }, figures: [], weaknesses: { en: '', ja: '' } },
  };
}
