/** @file `node --import tsx tests/e2e/enrol-photo.ts <photo>`: prints a gallery photo of it as the server takes one, by the models of the app. */
import { readFileSync } from 'node:fs';
import { toGalleryMetadata } from '../../src/core/gallery-metadata.ts';
import { directVision } from '../../src/flow/direct-service.ts';
import { enrolPhoto } from '../../src/flow/enrol.ts';
import { createNodeRuntime } from '../../server/runtime/node-runtime.ts';
import { createVision } from '../../workers/stages/vision.ts';

const vision = directVision(createVision(createNodeRuntime()));
const photo = new Blob([readFileSync(process.argv[2]!)], { type: 'image/jpeg' });
const item = await enrolPhoto(vision, photo, { galleryId: 'photo', product: { id: 'product', kind: 'packaged' }, source: 'pack' });
console.log(JSON.stringify({ space: item.space, vector: [...item.vector], metadata: toGalleryMetadata(item) }));
process.exit(0);
