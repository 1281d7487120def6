/**
 * @file Renders English labels into a folder (kind `text_lines`): text in reading order, and the box of each word. By headless Chromium.
 *
 *     node --import tsx tests/evaluate/latin-labels/render.ts --out <folder> [--seed 1] [--count 24] [--photos 0.5]
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from '@playwright/test';
import sharp from 'sharp';
import { seededRandom, type Random } from '../labels/random.ts';
import { LATIN_LABELS } from './label-texts.ts';

const FONTS = [
  'DejaVu Sans',
  'DejaVu Sans Condensed',
  'DejaVu Serif',
  'Lato',
  'Liberation Sans',
  'Liberation Sans Narrow',
  'Liberation Serif',
  'M PLUS 1',
] as const;
const COLOURS = [
  ['#111', '#fff'],
  ['#222', '#f5efdf'],
  ['#fff', '#8a1522'],
  ['#0b2e5c', '#e8f0f6'],
  ['#fff7d6', '#23402a'],
  ['#5b1a1a', '#fbe9c6'],
] as const;

const { values } = parseArgs({
  options: {
    out: { type: 'string' },
    seed: { type: 'string', default: '1' },
    count: { type: 'string', default: '24' },
    photos: { type: 'string', default: '0.5' },
  },
});
if (values.out === undefined) {
  console.error('usage: render.ts --out <folder> [--seed 1] [--count 24] [--photos 0.5]');
  process.exit(2);
}
await render(values.out, Number(values.seed), Number(values.count), Number(values.photos));

async function render(out: string, seed: number, count: number, photoShare: number): Promise<void> {
  const random = seededRandom(seed);
  const installed = execFileSync('fc-list', [':', 'family'], { encoding: 'utf8' }).split('\n');
  const fonts = FONTS.filter((font) => installed.some((line) => line.split(',').includes(font)));
  for (const font of FONTS) if (!fonts.includes(font)) console.warn(`SKIPPED font ${font}: not installed`);
  await mkdir(join(out, 'images'), { recursive: true });
  const browser = await chromium.launch({
    ...(existsSync('/usr/bin/chromium') ? { executablePath: '/usr/bin/chromium' } : {}),
    args: ['--no-sandbox'],
  });
  const items: unknown[] = [];
  try {
    const page = await browser.newPage({ viewport: { width: 1400, height: 1000 } });
    for (let index = 0; index < count; index++) {
      const paragraphs = LATIN_LABELS[index % LATIN_LABELS.length]!;
      const isPhoto = random.next() < photoShare;
      const font = random.pick(fonts);
      await page.setContent(pageOf(paragraphs, font, isPhoto, random));
      const clip = await page.evaluate(() => {
        const { x, y, width, height } = document.querySelector('.table')!.getBoundingClientRect();
        return { x, y, width: Math.round(width), height: Math.round(height) };
      });
      // A word that wraps at a hyphen has a box on each line.
      const words = await page.evaluate(
        ({ left, top }) =>
          [...document.querySelectorAll('span')].flatMap((word) =>
            [...word.getClientRects()].map(({ x, y, width, height }) =>
              [x - left, y - top, width, height].map((v) => Math.round(v * 10) / 10),
            ),
          ),
        { left: clip.x, top: clip.y },
      );
      const png = await page.screenshot({ clip });
      const file = `images/${String(index).padStart(4, '0')}.${isPhoto ? 'jpg' : 'png'}`;
      await sharp(png)
        .removeAlpha()
        .toFormat(isPhoto ? 'jpeg' : 'png', isPhoto ? { quality: random.integer(50, 90) } : {})
        .toFile(join(out, file));
      items.push({
        file,
        width: clip.width,
        height: clip.height,
        text: paragraphs.join('\n'),
        words,
        style: isPhoto ? 'photo' : 'clean',
        font,
      });
    }
  } finally {
    await browser.close();
  }
  const truth = {
    task: 'rendered_latin_labels',
    kind: 'text_lines',
    source: ['rendered by tests/evaluate/latin-labels/render.ts'],
    licence: 'Apache-2.0',
    note: `seed ${seed}`,
    count: items.length,
    items,
  };
  await writeFile(join(out, 'ground_truth.json'), JSON.stringify(truth, null, 1));
  console.log(`${items.length} labels in ${out}`);
}

/** @param isPhoto tilt, perspective, blur and shading as in a hand-held photo. */
function pageOf(paragraphs: readonly string[], font: string, isPhoto: boolean, random: Random): string {
  const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  const body = paragraphs
    .map(
      (paragraph) =>
        `<p>${paragraph
          .split(/\s+/u)
          .map((word) => `<span>${escape(word)}</span>`)
          .join(' ')}</p>`,
    )
    .join('');
  const [ink, paper] = random.pick(COLOURS);
  const fontPx = random.integer(13, 24);
  const tilt = isPhoto
    ? `transform:perspective(${random.integer(1400, 2600)}px) rotateX(${random.between(-9, 9)}deg) rotateY(${random.between(-11, 11)}deg) rotateZ(${random.between(-3, 3)}deg);filter:blur(${random.between(0, 0.8)}px);`
    : '';
  const shade = isPhoto
    ? `background:linear-gradient(${random.integer(0, 360)}deg,rgba(0,0,0,${random.between(0, 0.4)}),rgba(0,0,0,0) ${random.integer(30, 90)}%,rgba(0,0,0,${random.between(0, 0.25)}))`
    : '';
  return `<!doctype html><meta charset="utf-8"><style>
body{margin:0}.table{position:relative;display:inline-block;padding:${isPhoto ? 60 : 16}px;background:${isPhoto ? random.pick(['#777', '#a59a85', '#ccc']) : paper}}
.card{width:${Math.round(fontPx * random.between(22, 38))}px;padding:${random.integer(8, 24)}px;background:${paper};color:${ink};${tilt}
font:${random.chance(0.25) ? 700 : 400} ${fontPx}px/${random.between(1.1, 1.5)} '${font}';letter-spacing:${random.chance(0.3) ? random.between(-0.02, 0.06) : 0}em}
p{margin:0 0 .5em}.shade{position:absolute;inset:0;${shade}}
</style><div class="table"><div class="card">${body}</div><div class="shade"></div></div>`;
}
