/** @file Do a thing once per key, and forget failures, so that a failed download does not stay failed. Pure; any thread. */

/**
 * @returns a function that shares one promise per key. A rejected promise is forgotten before its callers see it.
 */
export function memoise<Value>(load: (key: string) => Promise<Value>): { (key: string): Promise<Value>; forget(key: string): void } {
  const loading = new Map<string, Promise<Value>>();
  const get = (key: string): Promise<Value> => {
    const known = loading.get(key);
    if (known !== undefined) return known;
    const promise = load(key).catch((error: unknown) => {
      if (loading.get(key) === promise) loading.delete(key);
      throw error;
    });
    loading.set(key, promise);
    return promise;
  };
  return Object.assign(get, { forget: (key: string) => void loading.delete(key) });
}
