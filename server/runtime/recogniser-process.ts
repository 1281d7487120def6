/**
 * @file Entry of a recogniser process: decodes hostile images and runs nets outside the server. [Note: A process, not a thread] A native decoder or
 * net that crashes takes a thread's server with it, and a thread cannot be stopped inside a native run; a process can be killed.
 */
import { AppError, toAppError } from '../../src/contracts/errors.ts';
import { MAX_FRAME_SIDE_PX } from '../../src/contracts/media.ts';
import type { ModelSpec } from '../../src/contracts/model-spec.ts';
import { modelSpec } from '../../src/models/registry.ts';
import { recognise } from '../../workers/stages/recognise.ts';
import { enrolPhoto } from './enrol-photo.ts';
import { createNodeRuntime } from './node-runtime.ts';
import type { FromRecogniser, RecogniserResult, RecogniserTask, ToRecogniser } from './recogniser-messages.ts';

const added = new Map<string, ModelSpec>();
const runtime = createNodeRuntime({
  threads: Number(process.argv[2] ?? 1),
  specOf: (id) => added.get(id) ?? modelSpec(id),
});
let isCancelled = false;

function check(): void {
  if (isCancelled) throw new AppError('cancelled', 'Nobody waits for it any more');
}

async function perform(bytes: Uint8Array, task: RecogniserTask): Promise<RecogniserResult> {
  if (task.kind === 'enrol') {
    const { widthPx, heightPx, enrolled } = await enrolPhoto(new Blob([new Uint8Array(bytes)]), task, runtime);
    return { image: { widthPx, heightPx }, enrolled };
  }
  const maxSidePx = task.kind === 'reencode' ? task.maxSidePx : MAX_FRAME_SIDE_PX;
  const { frame, originalWidthPx, originalHeightPx } = await runtime.decode(new Blob([new Uint8Array(bytes)]), maxSidePx);
  check();
  const image = { widthPx: originalWidthPx, heightPx: originalHeightPx };
  if (task.kind === 'reencode') {
    const encoded = await runtime.encode(frame, task.type, task.quality01);
    return { image, encoded: new Uint8Array(await encoded.arrayBuffer()) };
  }
  const { model, region, script = 'auto', limit = 5 } = task;
  if (typeof model !== 'string') added.set(model.id, model);
  const spec = typeof model === 'string' ? modelSpec(model) : model;
  return { image, finding: await recognise(frame, spec, { ...(region === undefined ? {} : { region }), script, limit }, runtime, check) };
}

function say(message: FromRecogniser): void {
  process.send?.(message);
}

process.on('message', (message: ToRecogniser) => {
  if (message.kind === 'cancel') {
    isCancelled = true;
    return;
  }
  isCancelled = false;
  perform(message.bytes, message.task).then(
    (result) => say({ kind: 'done', result }),
    (error: unknown) => {
      const { code, message: text, stage } = toAppError(error);
      say({ kind: 'failed', code, message: text, stage });
    },
  );
});
// The server is gone, however it went.
process.on('disconnect', () => process.exit(0));
// Ctrl-C reaches the whole group; the server says when to stop.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
say({ kind: 'ready' });
