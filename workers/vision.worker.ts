/** @file The vision worker: decode, detect, crop, read, embed. Wiring only. */
import { serve } from '../src/contracts/wire.ts';
import type { VisionApi } from '../src/contracts/vision-api.ts';
import { memoise } from '../src/core/memoise.ts';
import { createBrowserRuntime } from './runtime/browser-runtime.ts';
import { listenForSetup } from './setup.ts';
import { createVision } from './stages/vision.ts';

const setup = listenForSetup();

/** Made with the first call, when the setup is known. */
const vision = memoise(() => Promise.resolve(createVision(createBrowserRuntime(setup()))));
const call =
  <Name extends keyof VisionApi>(name: Name) =>
  async (...given: Parameters<VisionApi[Name]>): Promise<Awaited<ReturnType<VisionApi[Name]>>> => {
    const method = (await vision(''))[name] as (...given: unknown[]) => Promise<Awaited<ReturnType<VisionApi[Name]>>>;
    return method(...given);
  };

const api = {
  open: call('open'),
  close: call('close'),
  readBarcodes: call('readBarcodes'),
  readText: call('readText'),
  embed: call('embed'),
  proposeBox: call('proposeBox'),
  extractFeatures: call('extractFeatures'),
  verify: call('verify'),
  detectFaces: call('detectFaces'),
  describeFaces: call('describeFaces'),
  detectShelf: call('detectShelf'),
  detectRunners: call('detectRunners'),
  lookAtRunners: call('lookAtRunners'),
  readBibs: call('readBibs'),
  cropImage: call('cropImage'),
  prepare: call('prepare'),
  embeddingSpace: call('embeddingSpace'),
  modelStatus: call('modelStatus'),
  cancel: call('cancel'),
  ping: call('ping'),
} satisfies VisionApi;

serve(api, self);
