/**
 * @file Renders Japanese food labels into a folder in the evaluation format (kind `ocr_text`), by headless Chromium.
 *
 *     node --import tsx tests/evaluate/labels/render.ts --out <folder> [--set held-out|development] [--seed 1] [--count 60] [--photos 0.5] [--layout vertical]
 *
 * Fonts come from Debian packages; families that are not installed are named and left out.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from '@playwright/test';
import sharp from 'sharp';
import { generateLabel } from './generated-texts.ts';
import { heldOutLabels } from './held-out-texts.ts';
import { labelPage, LAYOUTS, type Layout } from './label-page.ts';
import { ingredientLine, type LabelText } from './label-text.ts';
import { seededRandom, type Random } from './random.ts';

/** Font family → Debian package, with how often it is drawn. */
const FONTS: readonly { readonly family: string; readonly debian: string; readonly share: number }[] = [
  { family: 'Noto Sans CJK JP', debian: 'fonts-noto-cjk', share: 4 },
  { family: 'Noto Serif CJK JP', debian: 'fonts-noto-cjk', share: 1 },
  { family: 'IPAGothic', debian: 'fonts-ipafont-gothic', share: 2 },
  { family: 'IPAPGothic', debian: 'fonts-ipafont-gothic', share: 2 },
  { family: 'IPAMincho', debian: 'fonts-ipafont-mincho', share: 1 },
  { family: 'TakaoPGothic', debian: 'fonts-takao-gothic', share: 1 },
  { family: 'VL PGothic', debian: 'fonts-vlgothic', share: 2 },
  { family: 'BIZ UDPGothic', debian: 'fonts-morisawa-bizud-gothic', share: 2 },
  { family: 'MotoyaLMaru', debian: 'fonts-motoya-l-maruberi', share: 1 },
  // Not in the recogniser's training: see training/japanese-text/render.py.
  { family: 'Migu 1P', debian: 'fonts-migmix', share: 2 },
  { family: 'Migu 2M', debian: 'fonts-migmix', share: 1 },
  { family: 'MigMix 1P', debian: 'fonts-migmix', share: 1 },
  { family: 'Ume Hy Gothic', debian: 'fonts-horai-umefont', share: 1 },
];

const LAYOUT_SHARES: readonly (readonly [Layout, number])[] = [
  ['boxed', 5],
  ['row-rules', 2],
  ['plain', 3],
  ['running', 3],
  ['two-column', 2],
  ['vertical', 0.6],
];

const { values } = parseArgs({
  options: {
    out: { type: 'string' },
    set: { type: 'string', default: 'held-out' },
    seed: { type: 'string', default: '1' },
    count: { type: 'string', default: '60' },
    photos: { type: 'string', default: '0.5' },
    layout: { type: 'string' },
  },
});
if (values.out === undefined || !['held-out', 'development'].includes(values.set)) {
  console.error('usage: render.ts --out <folder> [--set held-out|development] [--seed 1] [--count 60] [--photos 0.5] [--layout vertical]');
  process.exit(2);
}
const onlyLayout = LAYOUTS.find((layout) => layout === values.layout) ?? null;
if (onlyLayout === null && values.layout !== undefined) {
  console.error(`No layout is called ${values.layout}: ${LAYOUTS.join(', ')}`);
  process.exit(2);
}
await render(values.out, values.set, Number(values.seed), Number(values.count), Number(values.photos), onlyLayout);

/** @param only the one layout to draw; null mixes them. */
async function render(out: string, set: string, seed: number, count: number, photoShare: number, only: Layout | null): Promise<void> {
  const random = seededRandom(seed);
  const fonts = installedFonts();
  await mkdir(join(out, 'images'), { recursive: true });
  const browser = await chromium.launch({
    ...(existsSync('/usr/bin/chromium') ? { executablePath: '/usr/bin/chromium' } : {}),
    args: ['--no-sandbox'],
  });
  const items: unknown[] = [];
  try {
    const byHand = heldOutLabels();
    for (let index = 0; index < count; index++) {
      const label = set === 'held-out' ? byHand[index % byHand.length]! : generateLabel(random);
      const font = weighted(
        random,
        fonts.map((f) => [f, f.share] as const),
      );
      const layout = only ?? weighted(random, LAYOUT_SHARES);
      const isPhoto = random.next() < photoShare;
      const page = labelPage(label, layout, font.family, isPhoto, random);
      const file = `images/${String(index).padStart(4, '0')}.${isPhoto ? 'jpg' : 'png'}`;
      const tab = await browser.newPage({ viewport: { width: page.widthPx, height: 900 }, deviceScaleFactor: random.pick([1, 1.5, 2, 2]) });
      await tab.setContent(page.html, { waitUntil: 'load' });
      const png = await tab.locator('body').screenshot();
      await tab.close();
      const { data, info } = await degrade(png, isPhoto, random);
      await writeFile(join(out, file), data);
      items.push({
        file,
        width: info.width,
        height: info.height,
        ...truthOf(label, page.text),
        layout: page.layout,
        style: isPhoto ? 'photo' : 'clean',
        font: font.family,
      });
    }
  } finally {
    await browser.close();
  }
  const truth = {
    task: `rendered_labels_${set}`,
    kind: 'ocr_text',
    source: ['rendered by tests/evaluate/labels/render.ts'],
    licence: 'Apache-2.0',
    note: `seed ${seed}`,
    count: items.length,
    items,
  };
  await writeFile(join(out, 'ground_truth.json'), JSON.stringify(truth, null, 1));
  console.log(`${items.length} labels in ${out}`);
}

function truthOf(label: LabelText, text: string): Record<string, unknown> {
  return {
    text,
    ingredients_part: label.additives === null ? ingredientLine(label) : label.ingredients,
    additives_part: label.additives === null ? '' : label.additives + label.statement,
    separator: label.additives === null ? 'none' : label.separator === 'row' ? 'heading' : 'slash',
    allergens_declared: label.allergens,
  };
}

function installedFonts(): (typeof FONTS)[number][] {
  const installed = execFileSync('fc-list', [':', 'family'], { encoding: 'utf8' });
  const present = FONTS.filter(({ family }) => installed.split('\n').some((line) => line.split(',').includes(family)));
  for (const { family, debian } of FONTS)
    if (!present.some((font) => font.family === family)) console.warn(`SKIPPED font ${family}: install ${debian}`);
  if (present.length === 0) {
    console.error('No Japanese font is installed');
    process.exit(1);
  }
  return present;
}

function weighted<T>(random: Random, items: readonly (readonly [T, number])[]): T {
  let at = random.next() * items.reduce((sum, [, share]) => sum + share, 0);
  for (const [item, share] of items) {
    at -= share;
    if (at < 0) return item;
  }
  return items[items.length - 1]![0];
}

/** Sensor noise and JPEG for photos; clean prints stay PNG. */
async function degrade(png: Buffer, isPhoto: boolean, random: Random): Promise<{ data: Buffer; info: { width: number; height: number } }> {
  if (!isPhoto) return sharp(png).removeAlpha().png().toBuffer({ resolveWithObject: true });
  const { data, info } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const sigma = random.between(0, 9);
  for (let i = 0; i < data.length; i += info.channels) {
    // Sum of three uniforms is near enough to normal.
    const noise = (random.next() + random.next() + random.next() - 1.5) * 2 * sigma;
    for (let channel = 0; channel < 3; channel++) data[i + channel] = Math.max(0, Math.min(255, data[i + channel]! + noise));
  }
  return sharp(data, { raw: { width: info.width, height: info.height, channels: info.channels } })
    .jpeg({ quality: random.integer(55, 92) })
    .toBuffer({ resolveWithObject: true });
}
