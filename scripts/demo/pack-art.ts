/** @file What is printed on a pack: front, back and sides as SVG or HTML, at 4 CSS pixels per millimetre. */
import { toSVG } from 'bwip-js/node';
import { gtin13, type DemoProduct, type Pack } from './demo-products.ts';
import { drawMotif } from './motifs.ts';

/** CSS pixels per millimetre of pack. */
export const PX_PER_MM = 4;

/** Printed faces of a pack, each an HTML document body of exactly `widthPx × heightPx`. */
export interface Artwork {
  readonly html: string;
  readonly widthPx: number;
  readonly heightPx: number;
}

/** Width and height in millimetres of one printed side; round packs are printed on two half-circles. */
export function sideMm(pack: Pack): { widthMm: number; heightMm: number } {
  switch (pack.shape) {
    case 'box':
    case 'bag':
      return { widthMm: pack.widthMm, heightMm: pack.heightMm };
    case 'can':
      return { widthMm: (Math.PI * pack.diameterMm) / 2, heightMm: pack.heightMm };
    case 'cup':
      return { widthMm: (Math.PI * (pack.diameterMm + pack.bottomMm)) / 4, heightMm: pack.heightMm };
    case 'bottle':
      return { widthMm: (Math.PI * pack.diameterMm) / 2, heightMm: pack.heightMm * BOTTLE_LABEL.height };
  }
}

/** Part of a bottle's height that its label covers. */
export const BOTTLE_LABEL = { from: 0.2, height: 0.42 } as const;

const SANS = `'Noto Sans CJK JP', 'Noto Sans JP', sans-serif`;
const SERIF = `'Noto Serif CJK JP', 'Noto Serif JP', serif`;

/** Front of the pack. */
export function frontArt(product: DemoProduct): Artwork {
  const { widthMm, heightMm } = sideMm(product.pack);
  const widthPx = Math.round(widthMm * PX_PER_MM);
  const heightPx = Math.round(heightMm * PX_PER_MM);
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${widthPx}" height="${heightPx}" viewBox="0 0 ${widthPx} ${heightPx}" style="display:block">${layoutOf(product, widthPx, heightPx)}</svg>`;
  return { html: svg, widthPx, heightPx };
}

/** Back of the pack: the label that the law asks for. */
export function backArt(product: DemoProduct): Artwork {
  const { widthMm, heightMm } = sideMm(product.pack);
  const widthPx = Math.round(widthMm * PX_PER_MM);
  const heightPx = Math.round(heightMm * PX_PER_MM);
  return {
    html: product.language === 'ja' ? japaneseBack(product, widthPx, heightPx) : englishBack(product, widthPx, heightPx),
    widthPx,
    heightPx,
  };
}

/** A narrow side of a box. */
export function edgeArt(product: DemoProduct, widthMm: number, heightMm: number): Artwork {
  const widthPx = Math.round(widthMm * PX_PER_MM);
  const heightPx = Math.round(heightMm * PX_PER_MM);
  const [ground, second, accent, ink] = product.colours;
  const [fill, words] =
    product.layout === 'calm' || product.layout === 'seal' ? [ground, onGround(product)] : [second, contrast(second, ink)];
  const isUpright = heightPx > widthPx;
  const size = Math.min(widthPx, heightPx) * 0.42;
  const length = Math.max(widthPx, heightPx);
  const label = product.language === 'en' ? product.nameEn : `${product.brandJa}\u3000${product.nameJa}`;
  const fit = Math.min(size, (length * 0.86) / Math.max(4, textUnits(label)));
  const turn = isUpright ? `rotate(90 ${widthPx / 2} ${heightPx / 2})` : '';
  return {
    html: `<svg xmlns="http://www.w3.org/2000/svg" width="${widthPx}" height="${heightPx}" style="display:block"><rect width="100%" height="100%" fill="${fill}"/><rect x="0" y="0" width="100%" height="${isUpright ? 12 : 6}" fill="${accent}"/><text transform="${turn}" x="${widthPx / 2}" y="${heightPx / 2 + fit * 0.36}" text-anchor="middle" font-family="${SANS}" font-weight="700" font-size="${fit}" fill="${words}">${escape(label)}</text></svg>`,
    widthPx,
    heightPx,
  };
}

function escape(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}

/** Width of a text in ems, roughly: full-width signs count one, others a little over half. */
function textUnits(text: string): number {
  return Array.from(text).reduce((sum, sign) => sum + (sign.codePointAt(0)! > 0x2e7f ? 1 : 0.6), 0);
}

function luminance(colour: string): number {
  const channel = (from: number): number => parseInt(colour.slice(from, from + 2), 16) / 255;
  return 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
}

/** The ink where it can be read on the ground, else white or near-black. */
function contrast(ground: string, ink: string): string {
  if (Math.abs(luminance(ground) - luminance(ink)) > 0.4) return ink;
  return luminance(ground) > 0.55 ? '#1d1a16' : '#ffffff';
}

function onGround(product: DemoProduct): string {
  const [ground, , , ink] = product.colours;
  return Math.abs(luminance(ground) - luminance(ink)) > 0.35 ? ink : '#ffffff';
}

interface TextStyle {
  readonly x: number;
  readonly y: number;
  readonly size: number;
  readonly fill: string;
  readonly family?: string;
  readonly anchor?: 'start' | 'middle' | 'end';
  readonly outline?: string;
  readonly outlineWidth?: number;
  readonly spacing?: number;
  readonly isHeavy?: boolean;
  readonly maxWidth?: number;
}

function text(words: string, style: TextStyle): string {
  const { x, y, fill, family = SANS, anchor = 'middle', outline, outlineWidth = 0, spacing = 0, isHeavy = true, maxWidth } = style;
  const units = textUnits(words) + spacing * Array.from(words).length;
  const size = maxWidth === undefined ? style.size : Math.min(style.size, maxWidth / units);
  const common = `x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" font-family="${family}" font-weight="${isHeavy ? 700 : 400}" font-size="${size.toFixed(1)}" letter-spacing="${(spacing * size).toFixed(1)}"`;
  const under =
    outline === undefined
      ? ''
      : `<text ${common} fill="none" stroke="${outline}" stroke-width="${(outlineWidth * size).toFixed(1)}" stroke-linejoin="round">${escape(words)}</text>`;
  // A stroke of its own colour makes the heaviest weight of the family heavier still.
  return `${under}<text ${common} fill="${fill}" ${isHeavy ? `stroke="${fill}" stroke-width="${(size * 0.02).toFixed(1)}"` : ''}>${escape(words)}</text>`;
}

function vertical(words: string, x: number, y: number, size: number, fill: string, family = SERIF): string {
  return Array.from(words)
    .map((sign, i) => text(sign === 'ー' ? '｜' : sign, { x, y: y + size * (0.88 + i * 1.06), size, fill, family }))
    .join('');
}

function picture(product: DemoProduct, x: number, y: number, size: number): string {
  return `<g transform="translate(${x.toFixed(1)} ${y.toFixed(1)}) scale(${(size / 220).toFixed(3)})">${drawMotif(product)}</g>`;
}

function brandMark(product: DemoProduct, x: number, y: number, size: number, fill: string, ground: string): string {
  const words = product.brandEn;
  const width = size * (textUnits(words) * 1.12 + 1.6);
  return `<g><rect x="${x - width / 2}" y="${y - size * 0.95}" width="${width}" height="${size * 1.9}" rx="${size * 0.95}" fill="${fill}"/>${text(words, { x: x + size * 0.05, y: y + size * 0.36, size, fill: ground, spacing: 0.12 })}</g>`;
}

function amountMark(product: DemoProduct, x: number, y: number, size: number, fill: string, anchor: 'start' | 'end' = 'end'): string {
  return text(`内容量 ${product.amount}`.replace(/^内容量 (.*) e$/, '$1 ℮'), { x, y, size, fill, anchor, isHeavy: false });
}

function layoutOf(product: DemoProduct, w: number, h: number): string {
  switch (product.layout) {
    case 'burst':
      return burst(product, w, h);
    case 'band':
      return band(product, w, h);
    case 'calm':
      return calm(product, w, h);
    case 'stripe':
      return stripe(product, w, h);
    case 'seal':
      return seal(product, w, h);
    case 'window':
      return windowed(product, w, h);
  }
}

/** Of a round pack only the middle of the print is seen at once. */
function isRound({ pack }: DemoProduct): boolean {
  return pack.shape !== 'box' && pack.shape !== 'bag';
}

/** Loud: rays from behind the picture, outlined name on a slant. Snacks. */
function burst(product: DemoProduct, w: number, h: number): string {
  const [ground, second, , ink] = product.colours;
  const cx = w / 2;
  const cy = h * 0.63;
  let rays = '';
  for (let i = 0; i < 28; i += 2) {
    const a = (i / 28) * 2 * Math.PI;
    const b = ((i + 1) / 28) * 2 * Math.PI;
    rays += `<path d="M ${cx} ${cy} L ${cx + Math.cos(a) * h} ${cy + Math.sin(a) * h} L ${cx + Math.cos(b) * h} ${cy + Math.sin(b) * h} Z" fill="${second}" opacity=".34"/>`;
  }
  const top = h * 0.09;
  return `<rect width="${w}" height="${h}" fill="${ground}"/>${rays}
    <radialGradient id="glow"><stop offset="0" stop-color="${second}"/><stop offset=".62" stop-color="${second}" stop-opacity=".85"/><stop offset="1" stop-color="${second}" stop-opacity="0"/></radialGradient><circle cx="${cx}" cy="${cy}" r="${w * 0.52}" fill="url(#glow)"/>
    ${picture(product, cx, cy + h * 0.02, w * 0.82)}
    ${brandMark(product, cx, top, w * 0.042, ink, '#ffffff')}
    <g transform="rotate(-5 ${cx} ${h * 0.25})">${text(product.nameJa, { x: cx, y: h * 0.18 + w * 0.15, size: w * 0.19, fill: '#ffffff', outline: ink, outlineWidth: 0.2, maxWidth: w * 0.9 })}
    ${text(product.nameEn.toUpperCase(), { x: cx, y: h * 0.18 + w * 0.222, size: w * 0.06, fill: second, outline: ink, outlineWidth: 0.26, spacing: 0.08, maxWidth: w * 0.8 })}</g>
    <path d="M ${w * 0.08} ${h * 0.855} q ${w * 0.42} ${-h * 0.04} ${w * 0.84} 0 v ${h * 0.085} q ${-w * 0.42} ${-h * 0.04} ${-w * 0.84} 0 Z" fill="${ink}"/>
    ${text(product.flavourJa, { x: cx, y: h * 0.905, size: w * 0.1, fill: second, maxWidth: w * 0.6 })}
    ${text(product.taglineJa, { x: cx, y: h * 0.152, size: w * 0.045, fill: '#ffffff', family: SERIF, maxWidth: w * 0.8 })}
    ${amountMark(product, w * 0.94, h * 0.97, w * 0.032, '#ffffff')}`;
}

/** A broad band with the name across, picture below. Curry, soup, tins. */
function band(product: DemoProduct, w: number, h: number): string {
  const [ground, second, accent, ink] = product.colours;
  const isFlat = w > h * 2;
  if (isFlat) {
    return `<rect width="${w}" height="${h}" fill="${ground}"/><rect y="${h * 0.12}" width="${w}" height="${h * 0.06}" fill="${second}"/><rect y="${h * 0.84}" width="${w}" height="${h * 0.06}" fill="${second}"/>
      ${picture(product, w * 0.73, h * 0.5, h * 0.86)}${text(product.nameJa, { x: w * 0.42, y: h * 0.6, size: h * 0.25, fill: accent, outline: ink, outlineWidth: 0.12, maxWidth: w * 0.42 })}
      ${text(product.flavourJa, { x: w * 0.42, y: h * 0.76, size: h * 0.13, fill: second, maxWidth: w * 0.4 })}${text(product.brandEn, { x: w * 0.42, y: h * 0.335, size: h * 0.1, fill: '#ffffff', spacing: 0.3, maxWidth: w * 0.4 })}`;
  }
  const onBand = contrast(second, ink);
  return `<linearGradient id="g" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="${ground}"/><stop offset="1" stop-color="${ink}"/></linearGradient><rect width="${w}" height="${h}" fill="url(#g)"/>${picture(product, w * 0.5, h * 0.7, Math.min(w * 0.78, h * 0.62))}
    <path d="M 0 ${h * 0.15} C ${w * 0.3} ${h * 0.1} ${w * 0.7} ${h * 0.2} ${w} ${h * 0.14} V ${h * 0.43} C ${w * 0.7} ${h * 0.47} ${w * 0.3} ${h * 0.38} 0 ${h * 0.44} Z" fill="${second}"/>
    <path d="M 0 ${h * 0.455} C ${w * 0.3} ${h * 0.395} ${w * 0.7} ${h * 0.485} ${w} ${h * 0.445}" stroke="${accent}" stroke-width="${h * 0.008}" fill="none"/>
    ${text(product.brandJa, { x: w * 0.5, y: h * 0.09, size: w * 0.07, fill: second, family: SERIF, spacing: 0.25 })}${text(product.brandEn, { x: w * 0.5, y: h * 0.125, size: w * 0.026, fill: second, spacing: 0.4, isHeavy: false })}
    ${text(product.nameJa, { x: w * 0.5, y: h * 0.315, size: w * 0.17, fill: onBand, family: SERIF, maxWidth: w * 0.9 })}
    ${text(product.nameEn, { x: w * 0.5, y: h * 0.375, size: w * 0.055, fill: onBand, isHeavy: false, spacing: 0.05, maxWidth: w * 0.8 })}
    ${text(product.taglineJa, { x: w * 0.5, y: h * 0.212, size: w * 0.042, fill: onBand, family: SERIF, spacing: 0.1, isHeavy: false, maxWidth: w * 0.8 })}
    <circle cx="${w * 0.84}" cy="${h * 0.525}" r="${w * 0.105}" fill="${accent}" stroke="${ground}" stroke-width="${w * 0.012}"/>${text(product.flavourJa, { x: w * 0.84, y: h * 0.525 + w * 0.024, size: w * 0.07, fill: contrast(accent, ink), maxWidth: w * 0.17 })}
    ${text('盛り付け例', { x: w * 0.06, y: h * 0.965, size: w * 0.026, fill: second, anchor: 'start', isHeavy: false })}${amountMark(product, w * 0.94, h * 0.965, w * 0.032, second)}`;
}

/** Quiet: one plain ground, a panel with vertical name. Chocolate, soy milk, tea. */
function calm(product: DemoProduct, w: number, h: number): string {
  const [ground, second, accent, ink] = product.colours;
  const words = onGround(product);
  const isTall = h > w * 1.3;
  if (isRound(product))
    return `<rect width="${w}" height="${h}" fill="${ground}"/><path d="M 0 ${h * 0.84} C ${w * 0.3} ${h * 0.76} ${w * 0.6} ${h * 0.93} ${w} ${h * 0.82} V ${h} H 0 Z" fill="${accent}" opacity=".7"/>${picture(product, w * 0.2, h * 0.5, h * 0.62)}${picture(product, w * 0.8, h * 0.5, h * 0.62)}
      <rect x="${w * 0.33}" y="${h * 0.1}" width="${w * 0.34}" height="${h * 0.8}" rx="${w * 0.02}" fill="${second}"/><rect x="${w * 0.342}" y="${h * 0.123}" width="${w * 0.316}" height="${h * 0.754}" rx="${w * 0.014}" fill="none" stroke="${accent}" stroke-width="3"/>
      ${text(product.brandEn, { x: w * 0.5, y: h * 0.22, size: h * 0.06, fill: ground, spacing: 0.12, maxWidth: w * 0.28 })}${text(product.nameJa, { x: w * 0.5, y: h * 0.52, size: h * 0.26, fill: ground, family: SERIF, maxWidth: w * 0.3 })}
      ${text(product.nameEn, { x: w * 0.5, y: h * 0.64, size: h * 0.06, fill: ground, isHeavy: false, maxWidth: w * 0.29 })}${text(product.taglineJa, { x: w * 0.5, y: h * 0.78, size: h * 0.065, fill: ground, family: SERIF, maxWidth: w * 0.28 })}`;
  const panel = isTall
    ? `<rect x="${w * 0.12}" y="${h * 0.2}" width="${w * 0.26}" height="${h * 0.56}" rx="${w * 0.02}" fill="${second}"/><rect x="${w * 0.137}" y="${h * 0.21}" width="${w * 0.226}" height="${h * 0.54}" rx="${w * 0.012}" fill="none" stroke="${accent}" stroke-width="${w * 0.006}"/>${vertical(product.nameJa, w * 0.25, h * 0.225, Math.min(w * 0.15, (h * 0.5) / (product.nameJa.length * 1.06)), contrast(second, ink))}`
    : `<rect x="${w * 0.06}" y="${h * 0.12}" width="${w * 0.4}" height="${h * 0.76}" rx="${w * 0.02}" fill="${second}"/>${text(product.nameJa, { x: w * 0.26, y: h * 0.55, size: h * 0.17, fill: contrast(second, ink), family: SERIF, maxWidth: w * 0.36 })}${text(product.nameEn, { x: w * 0.26, y: h * 0.68, size: h * 0.06, fill: contrast(second, ink), isHeavy: false, maxWidth: w * 0.36 })}${text(product.taglineJa, { x: w * 0.26, y: h * 0.33, size: h * 0.065, fill: accent, family: SERIF, maxWidth: w * 0.34 })}`;
  const art = isTall ? picture(product, w * 0.67, h * 0.55, w * 0.56) : picture(product, w * 0.73, h * 0.52, Math.min(w * 0.5, h * 0.78));
  return `<rect width="${w}" height="${h}" fill="${ground}"/><path d="M 0 ${h * 0.86} C ${w * 0.3} ${h * 0.8} ${w * 0.6} ${h * 0.95} ${w} ${h * 0.84} V ${h} H 0 Z" fill="${second}" opacity=".55"/><path d="M 0 ${h * 0.93} C ${w * 0.3} ${h * 0.88} ${w * 0.7} ${h * 0.99} ${w} ${h * 0.91} V ${h} H 0 Z" fill="${accent}" opacity=".8"/>
    ${text(product.brandEn, { x: w * 0.5, y: h * 0.085, size: w * 0.06, fill: accent === '#d8c27a' ? second : accent, family: SERIF, spacing: 0.3, maxWidth: w * 0.8 })}
    ${isTall ? text(product.brandJa, { x: w * 0.5, y: h * 0.125, size: w * 0.036, fill: words, spacing: 0.6, isHeavy: false }) : ''}${art}${panel}
    ${isTall ? text(product.nameEn, { x: w * 0.5, y: h * 0.815, size: w * 0.07, fill: words, family: SERIF, maxWidth: w * 0.82 }) : ''}
    ${isTall ? text(product.taglineJa, { x: w * 0.88, y: h * 0.17, size: w * 0.034, fill: words, family: SERIF, anchor: 'end', isHeavy: false, maxWidth: w * 0.6 }) : ''}
    ${amountMark(product, w * 0.94, h * 0.975, w * 0.034, contrast(accent, '#222222'))}`;
}

/** Stripes like woven cloth, name in a plate. Rice crackers, wafers, coffee. */
function stripe(product: DemoProduct, w: number, h: number): string {
  const [ground, second, accent, ink] = product.colours;
  let stripes = '';
  const step = w / 22;
  for (let x = -h; x < w + h; x += step * 2)
    stripes += `<path d="M ${x} ${h} L ${x + h * 0.35} 0" stroke="${second}" stroke-width="${step * 0.32}" opacity=".22"/>`;
  const isTall = h > w;
  const plate = isTall
    ? { x: w * (isRound(product) ? 0.17 : 0.09), y: h * 0.13, width: w * (isRound(product) ? 0.66 : 0.82), height: h * 0.27 }
    : { x: w * 0.05, y: h * 0.18, width: w * 0.52, height: h * 0.56 };
  const px = plate.x + plate.width / 2;
  const art = isTall
    ? picture(product, w * 0.5, h * 0.67, Math.min(w * (isRound(product) ? 0.62 : 0.78), h * 0.46))
    : picture(product, w * 0.78, h * 0.5, Math.min(w * 0.4, h * 0.8));
  const onPlate = contrast(second, ink);
  return `<rect width="${w}" height="${h}" fill="${ground}"/>${stripes}<rect width="${w}" height="${h * 0.045}" fill="${accent}"/><rect y="${h * 0.955}" width="${w}" height="${h * 0.045}" fill="${accent}"/>${art}
    <rect x="${plate.x}" y="${plate.y}" width="${plate.width}" height="${plate.height}" rx="${w * 0.02}" fill="${second}"/><rect x="${plate.x + w * 0.012}" y="${plate.y + w * 0.012}" width="${plate.width - w * 0.024}" height="${plate.height - w * 0.024}" rx="${w * 0.014}" fill="none" stroke="${ground}" stroke-width="${w * 0.005}"/>
    ${text(product.taglineJa, { x: px, y: plate.y + plate.height * 0.25, size: plate.height * 0.12, fill: ground, family: SERIF, spacing: 0.08, isHeavy: false, maxWidth: plate.width * 0.86 })}
    ${text(product.nameJa, { x: px, y: plate.y + plate.height * 0.62, size: plate.height * 0.34, fill: onPlate, family: SERIF, maxWidth: plate.width * 0.9 })}
    ${text(product.nameEn, { x: px, y: plate.y + plate.height * 0.84, size: plate.height * 0.13, fill: onPlate, isHeavy: false, maxWidth: plate.width * 0.86 })}
    ${brandMark(product, isTall ? w / 2 : plate.x + plate.width / 2, h * 0.095, Math.min(w, h) * 0.04, accent, '#ffffff')}
    <g transform="translate(${w * (isTall ? 0.8 : 0.93)} ${h * (isTall ? 0.46 : 0.16)}) rotate(8)"><circle r="${Math.min(w, h) * 0.095}" fill="${accent}"/>${text(product.flavourJa, { x: 0, y: Math.min(w, h) * 0.018, size: Math.min(w, h) * 0.055, fill: '#ffffff', maxWidth: Math.min(w, h) * 0.165 })}</g>
    ${amountMark(product, w * 0.95, h * 0.94, Math.min(w, h) * 0.036, ink)}`;
}

/** A round seal with the name over the picture. Cup noodles, biscuits. */
function seal(product: DemoProduct, w: number, h: number): string {
  const [ground, second, accent, ink] = product.colours;
  const isEnglish = product.language === 'en';
  let waves = '';
  for (let row = 0; row < 14; row++)
    for (let column = -1; column < 13; column++) {
      const x = (column + (row % 2) / 2) * (w / 10);
      const y = h - row * (w / 20);
      if (row < 9)
        for (const r of [1, 0.7, 0.4])
          waves += `<path d="M ${x - (w / 20) * r} ${y} a ${(w / 20) * r} ${(w / 20) * r} 0 0 1 ${(w / 10) * r} 0" fill="none" stroke="${accent}" stroke-width="1.6" opacity=".45"/>`;
    }
  const dark = luminance(ground) < 0.4;
  const plate = dark ? ground : second;
  return `<rect width="${w}" height="${h}" fill="${ground}"/>${isEnglish ? '' : `<clipPath id="low"><rect y="${h * 0.7}" width="${w}" height="${h * 0.3}"/></clipPath><g clip-path="url(#low)">${waves}</g>`}
    <rect width="${w}" height="${h * 0.12}" fill="${second}"/><rect y="${h * 0.126}" width="${w}" height="${h * 0.012}" fill="${accent}"/><rect y="${h * 0.95}" width="${w}" height="${h * 0.05}" fill="${second}"/>
    ${text(product.brandEn, { x: w * 0.5, y: h * 0.082, size: w * 0.072, fill: contrast(second, ink), spacing: 0.2, maxWidth: w * (isEnglish ? 0.88 : 0.55) })}
    ${
      isEnglish
        ? `<g>${picture(product, w * 0.5, h * 0.68, w * 0.86)}<ellipse cx="${w / 2}" cy="${h * 0.31}" rx="${w * 0.43}" ry="${h * 0.13}" fill="${second}"/><ellipse cx="${w / 2}" cy="${h * 0.31}" rx="${w * 0.405}" ry="${h * 0.12}" fill="none" stroke="${accent}" stroke-width="3"/>
      ${text('Ginger Oat', { x: w / 2, y: h * 0.302, size: w * 0.14, fill: ink, family: SERIF })}${text('Biscuits', { x: w / 2, y: h * 0.365, size: w * 0.14, fill: ink, family: SERIF })}${text(product.taglineJa, { x: w / 2, y: h * 0.24, size: w * 0.044, fill: accent, isHeavy: false, family: SERIF })}
      ${text(`with ${product.flavourEn}`, { x: w / 2, y: h * 0.475, size: w * 0.06, fill: second, family: SERIF })}${text('250 g ℮', { x: w * 0.92, y: h * 0.985, size: w * 0.05, fill: ink, anchor: 'end' })}</g>`
        : `${picture(product, w * 0.5, h * 0.73, Math.min(w * 0.72, h * 0.62))}
      <circle cx="${w * 0.3}" cy="${h * 0.3}" r="${h * 0.11}" fill="${accent}"/><circle cx="${w * 0.3}" cy="${h * 0.3}" r="${h * 0.096}" fill="none" stroke="${ground}" stroke-width="3"/>${text(product.flavourJa, { x: w * 0.3, y: h * 0.333, size: h * 0.1, fill: contrast(accent, ink), family: SERIF, maxWidth: h * 0.19 })}
      ${text(product.taglineJa, { x: w * 0.41, y: h * 0.23, size: h * 0.05, fill: plate, anchor: 'start', family: SERIF, isHeavy: false, maxWidth: w * 0.4 })}
      ${text(product.nameJa, { x: w * 0.41, y: h * 0.34, size: h * 0.115, fill: plate, anchor: 'start', maxWidth: w * 0.42 })}
      ${text(product.nameEn, { x: w * 0.41, y: h * 0.41, size: h * 0.055, fill: plate, anchor: 'start', isHeavy: false, maxWidth: w * 0.4 })}`
    }`;
}

/** A cut-out window look with ribbons. Cookies. */
function windowed(product: DemoProduct, w: number, h: number): string {
  const [ground, second, accent, ink] = product.colours;
  let dots = '';
  for (let y = 0; y < h; y += 22)
    for (let x = (y / 22) % 2 ? 11 : 0; x < w; x += 22) dots += `<circle cx="${x}" cy="${y}" r="2.4" fill="${second}" opacity=".28"/>`;
  return `<rect width="${w}" height="${h}" fill="${ground}"/>${dots}<rect x="${w * 0.03}" y="${h * 0.05}" width="${w * 0.94}" height="${h * 0.9}" rx="${w * 0.015}" fill="none" stroke="${second}" stroke-width="5"/>
    <ellipse cx="${w * 0.7}" cy="${h * 0.52}" rx="${w * 0.255}" ry="${h * 0.4}" fill="${accent}" stroke="${second}" stroke-width="6"/>${picture(product, w * 0.7, h * 0.53, h * 0.78)}
    ${text(product.brandJa, { x: w * 0.24, y: h * 0.22, size: h * 0.1, fill: second, family: SERIF, spacing: 0.3 })}${text(product.brandEn, { x: w * 0.24, y: h * 0.285, size: h * 0.04, fill: second, spacing: 0.5, isHeavy: false })}
    <path d="M ${w * 0.03} ${h * 0.36} H ${w * 0.47} l ${-w * 0.02} ${h * 0.12} l ${w * 0.02} ${h * 0.12} H ${w * 0.03} Z" fill="${second}"/>${text(product.nameJa, { x: w * 0.24, y: h * 0.51, size: h * 0.125, fill: accent, maxWidth: w * 0.39 })}${text(product.nameEn, { x: w * 0.24, y: h * 0.57, size: h * 0.05, fill: accent, isHeavy: false, maxWidth: w * 0.36 })}
    ${text(product.flavourJa, { x: w * 0.24, y: h * 0.71, size: h * 0.07, fill: ink, family: SERIF, maxWidth: w * 0.36 })}${text(product.taglineJa, { x: w * 0.24, y: h * 0.79, size: h * 0.048, fill: ink, isHeavy: false, family: SERIF, maxWidth: w * 0.38 })}
    ${amountMark(product, w * 0.07, h * 0.905, h * 0.042, ink, 'start')}`;
}

function barcode(product: DemoProduct, widthPx: number): string {
  const svg = toSVG({
    bcid: 'ean13',
    text: gtin13(product),
    includetext: true,
    scale: 2,
    height: 16,
    textsize: 9,
    paddingwidth: 9,
    paddingheight: 3,
    backgroundcolor: 'FFFFFF',
  });
  return svg.replace('<svg ', `<svg style="width:${widthPx}px;height:auto;display:block" `);
}

/** Fields of the frame that Japanese food labels carry (一括表示). */
function labelRows(product: DemoProduct): [string, string][] {
  return [
    ['名称', product.kind],
    ['原材料名', product.ingredients],
    ['内容量', product.amount],
    ['賞味期限', product.bestBefore],
    ['保存方法', product.storage],
    ['製造者', product.maker],
  ];
}

function japaneseBack(product: DemoProduct, w: number, h: number): string {
  const [ground, second, , ink] = product.colours;
  const isWide = w > h * 1.15;
  // The law asks for at least eight points (2.8 mm) on large labels; small packs may go lower. The script below takes what fits.
  const [largestPx, smallestPx] = [16.5, 5];
  const rows = labelRows(product)
    .map(([name, value]) => `<tr><th>${name}</th><td>${escape(value).replace(/\n/g, '<br>')}</td></tr>`)
    .join('');
  const [unit, kcal, protein, fat, carbohydrate, salt] = product.nutrition;
  const nutrition = `<table class="n"><caption>栄養成分表示&#x3000;${escape(unit)}</caption>${[
    ['エネルギー', kcal],
    ['たんぱく質', protein],
    ['脂質', fat],
    ['炭水化物', carbohydrate],
    ['食塩相当量', salt],
  ]
    .map(([name, value]) => `<tr><th>${name}</th><td>${value}</td></tr>`)
    .join('')}<tr><td colspan="2" style="text-align:right;font-size:.82em">（推定値）</td></tr></table>`;
  const isWrapped = isRound(product);
  const mark = product.pack.shape === 'box' ? '紙' : product.pack.shape === 'can' ? 'スチール' : 'プラ';
  const code = `<div class="code">${barcode(product, Math.min(w * (isWide ? 0.27 : 0.46), h * 0.62, 168))}</div>`;
  const table = `<table class="l">${rows}</table><p class="notice">${escape(product.notice)}</p>`;
  const extra = `<div class="extra">${nutrition}<div>${code}<div class="mark">${mark}</div></div></div>`;
  const fill = isWrapped ? '#fffdf8' : luminance(ground) > 0.75 ? ground : '#fffdf8';
  return `<style>
    .back{width:${w}px;height:${h}px;background:${isWrapped ? ground : second};font-family:${SANS};color:#161412;box-sizing:border-box;padding:${isWrapped ? `${h * 0.05}px ${w * 0.12}px` : `${h * 0.05}px ${w * 0.05}px`};font-size:${largestPx}px;line-height:1.38;overflow:hidden}
    .paper{background:${fill};width:100%;height:100%;box-sizing:border-box;padding:${w * 0.022}px;border-radius:3px;display:flex;flex-direction:column;justify-content:space-between;gap:4px}
    .head{font-weight:700;font-size:1.18em;color:${luminance(ink) < 0.4 ? ink : '#222'};display:flex;justify-content:space-between;align-items:baseline}
    .l{border-collapse:collapse;width:100%}.l th,.l td{border:1px solid #222;padding:2px 5px;text-align:left;vertical-align:top;font-weight:400}.l th{white-space:nowrap;width:1%;text-align-last:justify;min-width:4.2em}
    .notice{margin:4px 0 0;font-size:.95em}.extra{display:flex;gap:${w * 0.03}px;justify-content:space-between;align-items:flex-end}
    .n{border-collapse:collapse;border:1px solid #222;font-size:.93em;line-height:1.25}.n caption{font-size:.95em;text-align:left;white-space:nowrap}.n th{font-weight:400;text-align:left;padding:0 10px 0 5px}.n td{text-align:right;padding:0 5px}
    .code{background:#fff;padding:2px}.mark{display:inline-block;border:1.5px solid #222;border-radius:50%/40%;padding:1px 7px;margin-top:4px;font-size:.9em}.fake{font-size:.74em;color:#555;text-align:right;margin:0}
    .wide{display:grid;grid-template-columns:1.55fr 1fr;gap:${w * 0.025}px;height:100%}.wide .extra{flex-direction:column;align-items:stretch}
  </style><div class="back"><div class="paper">${
    isWide
      ? `<div class="wide"><div>${table}</div><div class="extra">${nutrition}<div style="display:flex;align-items:flex-end;gap:6px">${code}<div class="mark">${mark}</div></div><p class="fake">※実在しないデモ用の商品です</p></div></div>`
      : `<div class="head"><span>${escape(product.nameJa)}&#x3000;${escape(product.flavourJa)}</span><span style="font-size:.7em">${product.brandEn}</span></div>${story(product, w, h)}<div>${table}</div>${extra}<p class="fake">※実在しないデモ用の商品です</p>`
  }</div></div><script>${fitScript(largestPx, smallestPx)}</script>`;
}

/** Large backs have room for a picture and a line of praise. */
function story(product: DemoProduct, w: number, h: number): string {
  if (product.pack.shape === 'can' || h < w * 1.2 || w * h < 330_000) return '';
  const side = Math.round(h * 0.13);
  const [ground, second] = product.colours;
  return `<div style="display:flex;align-items:center;gap:14px;background:${second}33;border-radius:8px;padding:4px 12px;color:${luminance(ground) < 0.5 ? ground : '#3a2a1a'}"><svg width="${side}" height="${side}" viewBox="-125 -135 250 260">${drawMotif(product)}</svg><b style="font-family:${SERIF};font-size:1.25em">${escape(product.taglineJa)}</b></div>`;
}

/** Shrinks the text of `.back` until everything is inside `.paper`. */
function fitScript(largestPx: number, smallestPx: number): string {
  return `const paper = document.querySelector('.paper'), back = document.querySelector('.back');
    const fits = () => paper.scrollHeight <= paper.clientHeight && paper.scrollWidth <= paper.clientWidth && [...paper.querySelectorAll('*')].every((e) => e.getBoundingClientRect().bottom <= paper.getBoundingClientRect().bottom - 2);
    for (let size = ${largestPx}; size >= ${smallestPx}; size -= 0.25) { back.style.fontSize = size + 'px'; if (fits()) break; }`;
}

function englishBack(product: DemoProduct, w: number, h: number): string {
  const [ground, , accent] = product.colours;
  const [unit, kcal, protein, fat, carbohydrate, salt] = product.nutrition;
  const bold = escape(product.ingredients).replace(/\b(oats|wheat flour|wheat|milk|soya)\b/gi, '<b>$1</b>');
  const rows = [
    ['Energy', kcal],
    ['Fat', fat],
    ['Carbohydrate', carbohydrate],
    ['Protein', protein],
    ['Salt', salt],
  ];
  return `<style>.back{width:${w}px;height:${h}px;background:${ground};font-family:'Noto Sans','DejaVu Sans',${SANS};box-sizing:border-box;padding:${w * 0.05}px;font-size:12px;line-height:1.36;color:#1a1a18}
    .paper{background:#fbf6ea;height:100%;box-sizing:border-box;padding:10px;border-radius:4px;display:flex;flex-direction:column;justify-content:space-between}h1{font-family:${SERIF};font-size:1.8em;margin:0;color:${ground}}h2{font-size:1.02em;margin:.5em 0 .1em;text-transform:uppercase;letter-spacing:.06em;color:${accent}}p{margin:0}
    table{border-collapse:collapse;width:100%;font-size:.94em}td{border-bottom:1px solid #8a8577;padding:1px 2px}td:last-child{text-align:right}.foot{display:flex;justify-content:space-between;align-items:flex-end;gap:8px}</style>
    <div class="back"><div class="paper"><div><h1>${product.nameEn}</h1><p>${product.kind}</p><h2>Ingredients</h2><p>${bold}</p><h2>Allergy advice</h2><p>${escape(product.notice)}</p><h2>Storage</h2><p>${product.storage} Best before: ${product.bestBefore.toLowerCase()}.</p>
    <h2>Nutrition ${unit}</h2><table>${rows.map(([name, value]) => `<tr><td>${name}</td><td>${value}</td></tr>`).join('')}</table></div>
    <div class="foot"><div style="background:#fff;padding:2px">${barcode(product, 140)}</div><p style="text-align:right;font-size:.85em">${product.amount}<br>${escape(product.maker).replace(/\n/g, '<br>')}<br>Drawn for a demo; not a real product.</p></div></div></div><script>${fitScript(13, 6)}</script>`;
}
