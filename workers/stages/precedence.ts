/**
 * @file Who goes first where several tasks want the same models: somebody who waits at the screen before work in the background.
 * Runtime-neutral. Thread: vision worker or Node.
 * [Note: Interactive first] A model run cannot be interrupted, so a task of the background waits before each of its own runs while an
 * interactive task is under way. One look is several tasks with short gaps between them; the background does not slip into the gaps.
 */
import type { OrtModel, Runtime, TfjsModel } from '../../src/contracts/runtime.ts';

/** Longest gap between two tasks of one look that the background leaves alone, in ms. */
const GAP_MS = 250;
/** How often a waiting task looks again whether it may go on, or was cancelled, in ms. */
const LOOK_EVERY_MS = 25;

/** Counts the interactive tasks of one worker. */
export class Precedence {
  readonly #gapMs: number;
  #underWay = 0;
  #lastEndedAtMs = -Infinity;

  constructor(gapMs: number = GAP_MS) {
    this.#gapMs = gapMs;
  }

  /** An interactive task begins. @returns what to call once when it has ended. */
  enter(): () => void {
    this.#underWay++;
    return () => {
      this.#underWay--;
      this.#lastEndedAtMs = performance.now();
    };
  }

  /** Resolves when nobody waits at the screen. @param check throws when the waiting task was cancelled. */
  async turn(check: () => void): Promise<void> {
    while (this.#underWay > 0 || performance.now() - this.#lastEndedAtMs < this.#gapMs) {
      await new Promise((resolve) => void setTimeout(resolve, LOOK_EVERY_MS));
      check();
    }
  }
}

/** @returns the runtime as a task of the background sees it: each run of a net waits for its turn. Other engines run once a task. */
export function givingWay(runtime: Runtime, precedence: Precedence, check: () => void): Runtime {
  const turn = (): Promise<void> => precedence.turn(check);
  return {
    ort: async (modelId) => afterTurn(await runtime.ort(modelId), turn),
    tfjs: async (modelId) => graphAfterTurn(await runtime.tfjs(modelId), turn),
    tesseract: (modelId) => runtime.tesseract(modelId),
    barcodes: () => runtime.barcodes(),
    openCv: () => runtime.openCv(),
    decode: (source, maxSidePx) => runtime.decode(source, maxSidePx),
    encode: (frame, type, quality01) => runtime.encode(frame, type, quality01),
  };
}

function afterTurn(model: OrtModel, turn: () => Promise<void>): OrtModel {
  return {
    modelId: model.modelId,
    // A model may move to another backend when its device is lost.
    get backend() {
      return model.backend;
    },
    get inputNames() {
      return model.inputNames;
    },
    get outputNames() {
      return model.outputNames;
    },
    run: async (feeds) => {
      await turn();
      return model.run(feeds);
    },
  };
}

function graphAfterTurn(model: TfjsModel, turn: () => Promise<void>): TfjsModel {
  return {
    modelId: model.modelId,
    get backend() {
      return model.backend;
    },
    run: async (input) => {
      await turn();
      return model.run(input);
    },
  };
}
