/** @file The table against the files that are there: installed packages and committed weights. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { ModelFigure } from '../../../src/contracts/model-spec.ts';
import { MODELS, MODEL_IDS, RUNTIMES, modelSpec } from '../../../src/models/registry.ts';

const ROOT = new URL('../../../', import.meta.url);
const hashOf = (path: URL): string => createHash('sha256').update(readFileSync(path)).digest('hex');

/** Their cards say in the app that no figure exists: no labelled photos with barcodes are at hand, nor enough vertical labels. */
const NOT_MEASURED: readonly string[] = ['zxing', 'tesseract-jpn-vert'];

describe.each(Object.values(MODELS))('$id', (spec) => {
  it('is filed under its id, with a space of its own version', () => {
    expect(MODEL_IDS).toContain(spec.id);
    if ('embeddingSpace' in spec) expect(spec.embeddingSpace).toBe(`${spec.id}@${spec.version}`);
  });
  it.each(spec.files.map((file) => ({ ...file })))('names $url by its hash, and the file there is that file', ({ url, bytes, sha256 }) => {
    expect(url).toContain(sha256.slice(0, 8));
    const path = new URL(`public/${url}`, ROOT);
    // Files out of npm packages are copied by the build; `npm test` does so first.
    expect(existsSync(path), `${url} is missing: run scripts/copy-npm-assets.ts`).toBe(true);
    const file = readFileSync(path);
    expect(file.byteLength).toBe(bytes);
    expect(hashOf(path)).toBe(sha256);
  });
  it('states each figure once, with the size of its test and the command that repeats it', () => {
    const figures: readonly ModelFigure[] = spec.card.figures;
    if (!NOT_MEASURED.includes(spec.id)) expect(figures.length).toBeGreaterThan(0);
    expect(new Set(figures.map(({ metric, dataset }) => metric + dataset)).size).toBe(figures.length);
    for (const { value, count, command } of figures) {
      expect(Number.isFinite(value)).toBe(true);
      expect(count).toBeGreaterThan(0);
      expect(command.trim()).not.toBe('');
    }
  });
  it('speaks both languages', () => {
    for (const text of [spec.card.purpose, spec.card.weaknesses]) {
      expect(text.en.length).toBeGreaterThan(10);
      expect(text.ja).toMatch(/[ぁ-ん]/);
    }
  });
});

it.each(Object.entries(RUNTIMES).filter(([id]) => id.startsWith('ort-')))(
  '%s is the installed onnxruntime-web',
  (_id, { url, bytes, sha256 }) => {
    const path = new URL(`node_modules/onnxruntime-web/dist/${url}`, ROOT);
    expect(readFileSync(path).byteLength).toBe(bytes);
    expect(hashOf(path)).toBe(sha256);
  },
);

it('refuses ids that it does not know, inherited names included', () => {
  for (const id of ['nothing', 'toString', '__proto__'])
    expect(() => modelSpec(id)).toThrow(expect.objectContaining({ code: 'model-unavailable' }));
});
