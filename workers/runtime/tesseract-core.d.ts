/** tesseract.js-core ships no types; `TesseractCore` in `workers/stages/tesseract-engine.ts` says what is used of it. */
declare module 'tesseract.js-core/tesseract-core-simd-lstm.js' {
  const createCore: (module: Record<string, unknown>) => Promise<unknown>;
  // eslint-disable-next-line no-restricted-syntax -- CommonJS: its one export is the default.
  export default createCore;
}
