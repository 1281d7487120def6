/** @file Where the vector engine keeps its tables: a folder, an object store, or LanceDB's distributed service. */
import { isAbsolute, resolve } from 'node:path';
import { AppError } from '../../src/contracts/errors.ts';

/** A checked data URI. */
export type EngineLocation =
  | { readonly kind: 'folder'; readonly uri: string; readonly connection: Readonly<Record<string, never>> }
  | {
      readonly kind: 'object-store';
      readonly uri: string;
      readonly bucket: string;
      /** Path below the bucket, without slashes at its ends; may be empty. */
      readonly prefix: string;
      readonly access: ObjectStoreAccess;
      readonly connection: { readonly storageOptions: Record<string, string> };
    }
  | { readonly kind: 'service'; readonly uri: string; readonly connection: { apiKey?: string; region?: string; hostOverride?: string } };

/** How to reach an object store. Secrets come from the environment only, never from the command line, where others see them. */
export interface ObjectStoreAccess {
  /** Without a slash at its end; null: Amazon's own. */
  readonly endpoint: string | null;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | null;
}

/**
 * @param uri a folder, `s3://bucket/path` or `db://database`.
 * @param environment AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION, AWS_ENDPOINT; LANCEDB_API_KEY,
 * LANCEDB_REGION, LANCEDB_HOST.
 * @throws AppError('invalid-input') for another kind of URI, or when keys are missing.
 */
export function engineLocation(uri: string, environment: Readonly<Record<string, string | undefined>> = {}): EngineLocation {
  if (uri.startsWith('s3://')) return objectStore(uri, environment);
  if (uri.startsWith('db://')) {
    const given = (name: string) => environment[name] || undefined;
    const [apiKey, region, hostOverride] = [given('LANCEDB_API_KEY'), given('LANCEDB_REGION'), given('LANCEDB_HOST')];
    if (apiKey === undefined) throw new AppError('invalid-input', 'db:// needs LANCEDB_API_KEY in the environment.');
    return {
      kind: 'service',
      uri,
      connection: { apiKey, ...(region === undefined ? {} : { region }), ...(hostOverride === undefined ? {} : { hostOverride }) },
    };
  }
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(uri))
    throw new AppError('invalid-input', `The index lives in a folder, at s3:// or at db://, not at ${uri.split(':')[0] ?? ''}://.`);
  return { kind: 'folder', uri: isAbsolute(uri) ? uri : resolve(uri), connection: {} };
}

function objectStore(uri: string, environment: Readonly<Record<string, string | undefined>>): EngineLocation {
  const [, bucket, path = ''] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/([\w./-]*))?$/.exec(uri) ?? [];
  if (bucket === undefined || path.split('/').includes('..'))
    throw new AppError('invalid-input', `"${uri}" is not of the form s3://bucket/path.`);
  const [accessKeyId, secretAccessKey] = [environment['AWS_ACCESS_KEY_ID'], environment['AWS_SECRET_ACCESS_KEY']];
  if (accessKeyId === undefined || secretAccessKey === undefined)
    throw new AppError('invalid-input', 's3:// needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment.');
  const endpoint = (environment['AWS_ENDPOINT'] ?? environment['AWS_ENDPOINT_URL'])?.replace(/\/+$/, '') ?? null;
  const region = environment['AWS_REGION'] ?? environment['AWS_DEFAULT_REGION'] ?? 'us-east-1';
  const sessionToken = environment['AWS_SESSION_TOKEN'] ?? null;
  const prefix = path.replace(/^\/+|\/+$/g, '');
  return {
    kind: 'object-store',
    uri: `s3://${bucket}${prefix === '' ? '' : `/${prefix}`}`,
    bucket,
    prefix,
    access: { endpoint, region, accessKeyId, secretAccessKey, sessionToken },
    connection: {
      storageOptions: {
        region,
        accessKeyId,
        secretAccessKey,
        ...(sessionToken === null ? {} : { sessionToken }),
        ...(endpoint === null ? {} : { endpoint, allowHttp: String(endpoint.startsWith('http://')), virtualHostedStyleRequest: 'false' }),
      },
    },
  };
}
