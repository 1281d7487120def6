/** @file What an ingest says of products, laid over what the server knows: nothing that it does not say is lost. */
import { productSchema, type Product } from '../../src/contracts/product.ts';
import { productResponseSchema } from '../../src/contracts/server-api.ts';
import { namedIn, type ProductFacts } from './image-rows.ts';
import { callServer, type ServerAccess } from './server-call.ts';

/** Products asked for beside one another. */
const LANES = 8;

/** @returns the product with what is said of it; `known` itself when that says nothing new. */
export function withFacts(known: Product | null, facts: ProductFacts, source: string): Product {
  const { id, title, name, brand, category, listPrice, isOwnLabel, gtins, kind } = facts;
  const base = known ?? productSchema.parse({ id, name: {}, gtins: [], source, updatedAtMs: 0 });
  const named = { ...base.name, ...name };
  const next = productSchema.parse({
    ...base,
    name: Object.keys(named).length === 0 ? namedIn(title) : named,
    gtins: [...new Set([...base.gtins, ...gtins])].slice(0, 20),
    ...(brand === undefined ? {} : { brand }),
    ...(category === undefined ? {} : { category }),
    ...(listPrice === undefined ? {} : { listPrice }),
    ...(isOwnLabel === undefined ? {} : { isOwnLabel }),
    ...(kind === undefined ? {} : { kind }),
  });
  return known !== null && JSON.stringify(next) === JSON.stringify(productSchema.parse(known))
    ? known
    : { ...next, updatedAtMs: Date.now() };
}

/** Tell the server of products; each is asked for first. @throws as {@link callServer}. @returns how many changed. */
export async function upsertProducts(access: ServerAccess, facts: readonly ProductFacts[], source: string): Promise<number> {
  const waiting = [...mergedById(facts).values()];
  const changed: Product[] = [];
  const lane = async (): Promise<void> => {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
      const answer = await callServer(access, `/products/${encodeURIComponent(one.id)}`, { mayBeAbsent: true });
      const known = answer.ok ? productResponseSchema.parse(await answer.json()).product : null;
      const next = withFacts(known, one, source);
      if (next !== known) changed.push(next);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  if (changed.length > 0) {
    const body = new TextEncoder().encode(JSON.stringify({ products: changed }));
    await callServer(access, '/products', { method: 'POST', type: 'application/json', body });
  }
  return changed.length;
}

/** Rows of one product say of it what all of them say; of two words on one thing the first counts. */
function mergedById(facts: readonly ProductFacts[]): Map<string, ProductFacts> {
  const merged = new Map<string, ProductFacts>();
  for (const one of facts) {
    const before = merged.get(one.id);
    const gtins = [...(before?.gtins ?? []), ...one.gtins];
    merged.set(one.id, { ...one, ...before, ...(one.name === undefined ? {} : { name: { ...one.name, ...before?.name } }), gtins });
  }
  return merged;
}
