import { describe, expect, it } from 'vitest';
import type { PhotoAnalysis } from '../../../src/contracts/analysis.ts';
import { AppError } from '../../../src/contracts/errors.ts';
import { analysePhoto } from '../../../src/flow/analyse-photo.ts';
import { axis, barcodeOf, LENS, mediaOf, pipelineOf, productOf, readingOf } from './fake-pipeline.ts';

const GTIN = '04901234567894';
const NOODLES = productOf('noodles', {
  gtins: [GTIN],
  contents: { ingredientsText: '原材料名：めん（小麦粉、食塩）、豚脂', language: 'ja', source: 'test', updatedAtMs: 5 },
});

describe('analysePhoto', () => {
  it('names the product of a code and judges its contents', async () => {
    const pipeline = pipelineOf({ barcodes: [barcodeOf(GTIN)], products: [NOODLES, productOf('tea')] });
    const analysis = await analysePhoto(mediaOf(), LENS, pipeline);
    expect(analysis.identification?.candidates[0]?.product.id).toBe('noodles');
    expect(analysis.identification?.certainty).not.toBe('not-sure');
    expect(analysis.judgement?.basis).toBe('database');
    expect(analysis.judgement?.people[0]?.verdict).toBe('avoid');
    expect(analysis.judgement?.contentsUpdatedAtMs).toBe(5);
    expect(analysis.isComplete).toBe(true);
  });

  it('prefers what the label in hand says over the content database', async () => {
    const text = readingOf('名称 即席めん\n原材料名 めん（小麦粉、食塩）、植物油脂／酒精\n内容量 80g');
    const analysis = await analysePhoto(mediaOf(), LENS, pipelineOf({ barcodes: [barcodeOf(GTIN)], products: [NOODLES], text }));
    expect(analysis.judgement?.basis).toBe('label');
    expect(analysis.judgement?.people[0]?.reasons.some(({ quote }) => quote.includes('豚脂'))).toBe(false);
  });

  it("does not take the words of a pack's front for a label", async () => {
    const text = readingOf('ミルクチョコレート\nまろやかな口どけ\n内容量 58g');
    const analysis = await analysePhoto(mediaOf(), LENS, pipelineOf({ barcodes: [barcodeOf(GTIN)], products: [NOODLES], text }));
    expect(analysis.judgement?.basis).toBe('database');
  });

  it('asks to check a label that was read off vertical columns', async () => {
    const reading = readingOf('名称 せんべい\n原材料名 米、食塩\n内容量 80g', 0.99);
    const text = { ...reading, lines: reading.lines.map((line) => ({ ...line, direction: 'vertical' as const })) };
    const upright = await analysePhoto(mediaOf(), LENS, pipelineOf({ text: reading, rules: ['vegan'] }));
    const vertical = await analysePhoto(mediaOf(), LENS, pipelineOf({ text, rules: ['vegan'] }));
    expect(upright.judgement?.people[0]?.verdict).toBe('suits');
    expect(vertical.judgement?.people[0]?.verdict).toBe('check');
  });

  it('is not sure about a look that is far from everything, and then judges no product', async () => {
    const pipeline = pipelineOf({
      vector: axis(3),
      products: [NOODLES],
      gallery: [{ id: 'photo', productId: 'noodles', vector: axis(0) }],
    });
    const analysis = await analysePhoto(mediaOf(), LENS, pipeline);
    expect(analysis.identification?.certainty).toBe('not-sure');
    expect(analysis.judgement).toBeNull();
  });

  it('tells what is known after every stage, and where each stage stands', async () => {
    const updates: PhotoAnalysis[] = [];
    const pipeline = pipelineOf({ barcodes: [barcodeOf(GTIN)], products: [NOODLES] });
    await analysePhoto(mediaOf(), LENS, pipeline, { onUpdate: (analysis) => updates.push(analysis) });
    expect(updates[0]?.stages.decode).toBe('waiting');
    const early = updates.find(({ stages, judgement }) => judgement !== null && stages.read === 'waiting');
    expect(early, 'the verdict of a known code comes before the text is read').toBeDefined();
    expect(updates.at(-1)?.stages).toMatchObject({ decode: 'done', barcode: 'done', embed: 'done', read: 'done', judge: 'done' });
  });

  it('goes on when one stage fails, and names the error', async () => {
    const readText = () => Promise.reject(new AppError('model-unavailable', 'no weights', { stage: 'read' }));
    const pipeline = pipelineOf({ barcodes: [barcodeOf(GTIN)], products: [NOODLES], vision: { readText } });
    const analysis = await analysePhoto(mediaOf(), LENS, pipeline);
    expect(analysis.errors.read?.code).toBe('model-unavailable');
    expect(analysis.stages.read).toBe('failed');
    expect(analysis.identification?.candidates[0]?.product.id).toBe('noodles');
  });

  it('fails as a whole only when the photo cannot be decoded', async () => {
    const open = () => Promise.reject(new AppError('decode-unsupported', 'not an image', { stage: 'decode' }));
    await expect(analysePhoto(mediaOf(), LENS, pipelineOf({ vision: { open } }))).rejects.toMatchObject({ code: 'decode-unsupported' });
  });

  it('stops at a cancellation and closes the frame', async () => {
    const readText = () => Promise.reject(new AppError('cancelled', 'stopped'));
    const pipeline = pipelineOf({ vision: { readText } });
    await expect(analysePhoto(mediaOf(), LENS, pipeline)).rejects.toMatchObject({ code: 'cancelled' });
    expect(pipeline.closed).toEqual(['frame']);
  });

  it('keeps the frame open for who asks', async () => {
    const pipeline = pipelineOf({});
    await analysePhoto(mediaOf(), LENS, pipeline, { keepFrame: true });
    expect(pipeline.closed).toEqual([]);
  });

  it('asks the server for a code that the device does not know, and survives a server that is down', async () => {
    const asked: string[] = [];
    const lookup = async (lensId: string, gtin: string) => {
      asked.push(`${lensId} ${gtin}`);
      return NOODLES;
    };
    const search = () => Promise.reject(new AppError('offline', 'no server'));
    const analysis = await analysePhoto(mediaOf(), LENS, pipelineOf({ barcodes: [barcodeOf(GTIN)], server: { lookup, search } }));
    expect(asked).toEqual([`product ${GTIN}`]);
    expect(analysis.identification?.candidates[0]?.product.id).toBe('noodles');
    expect(analysis.errors).toEqual({});
  });

  it('runs only the stages that the lens stands on', async () => {
    const lens = { ...LENS, id: 'label', stages: { ...LENS.stages, embed: false as const, verify: false } };
    const embed = () => Promise.reject(new Error('must not be called'));
    const text = readingOf('原材料名 小麦粉、豚肉');
    const analysis = await analysePhoto(mediaOf(), lens, pipelineOf({ text, vision: { embed } }));
    expect(analysis.stages).toMatchObject({ embed: 'skipped', match: 'skipped', verify: 'skipped', read: 'done' });
    expect(analysis.judgement?.people[0]?.verdict).toBe('avoid');
  });
});

describe('a slow server', () => {
  const late = <Answer>(answer: Answer): { answer: () => Promise<Answer>; come: () => void } => {
    let come = (): void => {};
    const coming = new Promise<void>((resolve) => (come = resolve));
    return { answer: () => coming.then(() => answer), come };
  };

  it('holds nothing up: this device answers first, and what the server knows joins the answer', async () => {
    const lookup = late(NOODLES);
    const updates: PhotoAnalysis[] = [];
    const pipeline = pipelineOf({
      barcodes: [barcodeOf(GTIN)],
      text: readingOf('名称 即席めん'),
      server: { lookup: lookup.answer, search: () => new Promise(() => {}) },
    });
    const controller = new AbortController();
    const done = analysePhoto(mediaOf(), LENS, pipeline, { onUpdate: (update) => updates.push(update), signal: controller.signal });
    await expect.poll(() => updates.at(-1)?.stages).toMatchObject({ embed: 'done', verify: 'skipped', read: 'done', judge: 'done' });
    expect(updates.at(-1)?.isComplete).toBe(false);
    lookup.come();
    await expect.poll(() => updates.at(-1)?.identification?.candidates[0]?.product.id).toBe('noodles');
    expect(updates.at(-1)?.judgement?.basis).toBe('database');
    void done.catch(() => {});
  });

  it('that finds nothing better leaves the answer as it is', async () => {
    const search = late({ space: 'product-embedding@test', matches: [], products: [] });
    search.come();
    const analysis = await analysePhoto(
      mediaOf(),
      LENS,
      pipelineOf({
        products: [NOODLES],
        gallery: [{ id: 'photo', productId: 'noodles', vector: axis(0) }],
        server: { lookup: async () => null, search: search.answer },
      }),
    );
    expect(analysis.identification?.candidates[0]?.product.id).toBe('noodles');
    expect(analysis.isComplete).toBe(true);
  });
});

it('closes the frame of a look that was stopped, even when the caller wanted to keep it', async () => {
  const readText = () => Promise.reject(new AppError('cancelled', 'stopped'));
  const pipeline = pipelineOf({ vision: { readText } });
  await expect(analysePhoto(mediaOf(), LENS, pipeline, { keepFrame: true })).rejects.toMatchObject({ code: 'cancelled' });
  expect(pipeline.closed).toEqual(['frame']);
});

it('tells the workers what runs in the background', async () => {
  const priorities: (string | undefined)[] = [];
  const pipeline = pipelineOf({});
  const { readText } = pipeline.vision;
  const vision = {
    ...pipeline.vision,
    readText: (...given: Parameters<typeof readText>) => {
      priorities.push(given[2]?.priority);
      return readText(...given);
    },
  };
  await analysePhoto(mediaOf(), LENS, { ...pipeline, vision }, { priority: 'batch' });
  await analysePhoto(mediaOf(), LENS, { ...pipeline, vision });
  expect(priorities).toEqual(['batch', undefined]);
});

it('tells two packs of one look apart by the words read in their gallery photos', async () => {
  const gallery = [
    { id: 'a-1', productId: 'apple', vector: axis(0), words: ['tropicana', 'apple'] },
    { id: 'o-1', productId: 'orange', vector: axis(0), words: ['tropicana', 'orange'] },
  ];
  const products = [productOf('apple'), productOf('orange')];
  const { identification } = await analysePhoto(mediaOf(), LENS, pipelineOf({ gallery, products, text: readingOf('Tropicana\nORANGE') }));
  expect(identification?.candidates.map(({ product }) => product.id)).toEqual(['orange', 'apple']);
  const [right, wrong] = identification?.candidates ?? [];
  expect(right?.evidence.text).toBeGreaterThan(wrong?.evidence.text ?? 1);
});
