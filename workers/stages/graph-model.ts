/** @file A tfjs graph model from its two files' bytes. Runtime-neutral: no tfjs here, only its file format. */
import { AppError } from '../../src/contracts/errors.ts';

/** tfjs' `WeightsManifestEntry`, as far as it is passed on. */
interface WeightEntry {
  readonly name: string;
  readonly shape: number[];
  readonly dtype: 'float32' | 'int32' | 'bool' | 'string' | 'complex64';
}

/** tfjs' `ModelArtifacts` of a graph model. */
export interface GraphModelArtifacts {
  readonly format: string;
  readonly modelTopology: object;
  readonly weightSpecs: WeightEntry[];
  readonly weightData: ArrayBuffer;
  readonly userDefinedMetadata?: Record<string, unknown>;
}

/**
 * @param topology UTF-8 of `model.json`. @param weights the one weight file that it names.
 * @throws AppError('model-integrity') when the two do not belong together.
 */
export function graphModelArtifacts(topology: Uint8Array, weights: Uint8Array<ArrayBuffer>): GraphModelArtifacts {
  const json = JSON.parse(new TextDecoder().decode(topology)) as {
    format?: string;
    modelTopology?: object;
    weightsManifest?: { weights: WeightEntry[] }[];
    userDefinedMetadata?: Record<string, unknown>;
  };
  if (json.modelTopology === undefined || json.weightsManifest === undefined)
    throw new AppError('model-integrity', 'Not a tfjs graph model', { stage: 'model' });
  return {
    format: json.format ?? 'graph-model',
    modelTopology: json.modelTopology,
    weightSpecs: json.weightsManifest.flatMap((group) => group.weights),
    weightData: weights.buffer.slice(weights.byteOffset, weights.byteOffset + weights.byteLength),
    ...(json.userDefinedMetadata === undefined ? {} : { userDefinedMetadata: json.userDefinedMetadata }),
  };
}
