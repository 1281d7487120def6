/** @file Files that the app itself brings, e.g. the demo. Nothing of the user is in these requests. Thread: page. */
import { AppError } from '../contracts/errors.ts';

/** @param path below the app's root. @throws AppError('offline' | 'model-unavailable') */
export async function readAppFile(path: string): Promise<Blob> {
  return (await get(path)).blob();
}

/** @param path below the app's root. @throws AppError('offline' | 'model-unavailable') */
export async function readAppJson(path: string): Promise<unknown> {
  const response = await get(path);
  try {
    return (await response.json()) as unknown;
  } catch (error) {
    throw new AppError('model-unavailable', `${path} is not JSON`, { cause: error });
  }
}

async function get(path: string): Promise<Response> {
  const response = await fetch(`/${path}`, { credentials: 'omit' }).catch((error: unknown) => {
    throw new AppError('offline', `${path} could not be fetched`, { cause: error });
  });
  // Where a file is missing some servers answer with the page.
  if (!response.ok || (response.headers.get('content-type') ?? '').includes('text/html')) {
    await response.body?.cancel();
    throw new AppError('model-unavailable', `${path}: status ${response.status}`);
  }
  return response;
}
