/** @file A page with nothing but the worker clients, for `tests/e2e/workers.e2e.ts`. Thread: page. */
import { createIndexClient } from '../../../src/clients/index-client.ts';
import { createVisionClient, setBackendOverride } from '../../../src/clients/vision-client.ts';

const backend = new URL(location.href).searchParams.get('ep');
if (backend === 'wasm' || backend === 'webgpu') setBackendOverride(backend);
Object.assign(globalThis, { vision: createVisionClient(), index: createIndexClient() });
document.body.dataset['ready'] = 'true';
