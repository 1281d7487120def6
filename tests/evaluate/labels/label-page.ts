/** @file One label as an HTML page, and the text that a careful reader would copy from it, in reading order. */
import { ingredientLine, type LabelText } from './label-text.ts';
import type { Random } from './random.ts';

/** How a label is laid out. */
export const LAYOUTS = ['boxed', 'row-rules', 'plain', 'running', 'two-column', 'vertical'] as const;
export type Layout = (typeof LAYOUTS)[number];

/** A page to photograph. */
export interface LabelPage {
  readonly html: string;
  readonly widthPx: number;
  /** Ground truth, lines joined by `\n`. */
  readonly text: string;
  readonly layout: Layout;
  readonly isPhoto: boolean;
}

const COLOURS: readonly (readonly [ink: string, paper: string])[] = [
  ['#111', '#fff'],
  ['#000', '#f6f2e6'],
  ['#222', '#ffffff'],
  ['#3a1d0a', '#fbf0d8'],
  ['#0b2e5c', '#ffffff'],
  ['#7a1010', '#fffdf5'],
  ['#fff', '#14532d'],
  ['#fdf6d8', '#5b1a1a'],
  ['#113', '#dfe9d0'],
  ['#111', '#ffe9a8'],
];

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}

/** @param family CSS font family, installed. @param isPhoto tilt, perspective, blur and shading as in a hand-held photo. */
export function labelPage(label: LabelText, layout: Layout, family: string, isPhoto: boolean, random: Random): LabelPage {
  const fontPx = random.integer(13, 22);
  const widthPx = Math.round(fontPx * random.between(layout === 'two-column' ? 52 : 26, layout === 'two-column' ? 66 : 46));
  const [ink, paper] = random.chance(0.6) ? COLOURS[0]! : random.pick(COLOURS);
  const condense = random.chance(0.3) ? random.between(0.78, 0.96) : 1;
  const spacing = random.chance(0.3) ? random.between(-0.03, 0.08) : 0;
  const leading = random.between(1.15, 1.6);
  const weight = random.chance(0.25) ? 700 : 400;
  const middle = random.chance(0.5) ? 'middle' : 'top';
  const ruleWidth = random.pick(['1px', '1px', '1.5px', '2px']);

  const rows = rowsOf(label);
  const column = layout === 'vertical' ? columnStyle(random) : null;
  const notes = [...label.notes];
  const text: string[] = [];
  let body: string;
  const nutrition = label.nutrition;
  const nutritionHtml =
    nutrition === null
      ? ''
      : `<table class="nutrition"><caption>${escape(nutrition.per)}</caption>${nutrition.rows
          .map(([name, amount]) => `<tr><td>${escape(name)}</td><td class="amount">${escape(amount)}</td></tr>`)
          .join('')}</table>`;
  const nutritionText = nutrition === null ? [] : [nutrition.per, ...nutrition.rows.map(([name, amount]) => `${name}\n${amount}`)];
  const notesHtml = notes.map((note) => `<p class="note">${escape(note)}</p>`).join('');
  if (layout === 'running' || layout === 'vertical') {
    const [open, close] = random.pick([
      ['●', '：'],
      ['【', '】'],
      ['■', '／'],
      ['〔', '〕'],
      ['', '：'],
    ] as const);
    const mark = close === '／' ? ' ' : close;
    if (column === null) {
      body = rows.map(([heading, value]) => `<p>${escape(open + heading + mark + value)}</p>`).join('') + notesHtml + nutritionHtml;
      text.push(...rows.map(([heading, value]) => open + heading + mark + value), ...notes, ...nutritionText);
    } else if (column.isTable) {
      const cells = rows.map(([heading, value]) => `<tr><th>${column.mark(heading)}</th><td>${column.mark(value)}</td></tr>`).join('');
      body = `<table class="label">${cells}</table>`;
      text.push(...rows.map(([heading, value]) => `${heading}\n${value}`));
    } else {
      const paragraphs = [...rows.map(([heading, value]) => open + heading + mark + value), ...notes];
      body = paragraphs.map((paragraph) => `<p>${column.mark(paragraph)}</p>`).join('');
      text.push(...paragraphs);
    }
  } else {
    const table = `<table class="label">${rows.map(([heading, value]) => `<tr><th>${escape(heading)}</th><td>${escape(value)}</td></tr>`).join('')}</table>`;
    const tableText = rows.map(([heading, value]) => `${heading}\n${value}`);
    if (layout === 'two-column') {
      body = `<div class="columns"><div>${table}</div><div>${notesHtml}${nutritionHtml}</div></div>`;
      text.push(...tableText, ...notes, ...nutritionText);
    } else {
      body = table + notesHtml + nutritionHtml;
      text.push(...tableText, ...notes, ...nutritionText);
    }
  }
  const border = layout === 'boxed' || layout === 'two-column' || column?.isTable === true ? `${ruleWidth} solid ${ink}` : 'none';
  const rowRule = layout === 'row-rules' ? `border-bottom:${ruleWidth} solid ${ink};` : '';
  const tilt = isPhoto
    ? `transform:perspective(${random.integer(1400, 2600)}px) rotateX(${random.between(-9, 9)}deg) rotateY(${random.between(-11, 11)}deg) rotateZ(${random.between(-3.5, 3.5)}deg);filter:blur(${random.between(0, 0.7)}px);`
    : '';
  const shade = isPhoto
    ? `<div style="position:fixed;inset:0;background:linear-gradient(${random.integer(0, 360)}deg,rgba(0,0,0,${random.between(0, 0.38)}),rgba(0,0,0,0) ${random.integer(30, 90)}%,rgba(0,0,0,${random.between(0, 0.25)}))"></div>`
    : '';
  const shape =
    column === null
      ? `width:${widthPx}px;`
      : `writing-mode:vertical-rl;height:${Math.round(fontPx * random.between(20, 28))}px;width:auto;${column.css}`;
  const html = `<!doctype html><meta charset="utf-8"><style>
*{box-sizing:border-box}html,body{margin:0;background:${isPhoto ? random.pick(['#888', '#b9a98c', '#50565c', '#d8d8d8']) : paper}}
body{padding:${isPhoto ? random.integer(30, 90) : random.integer(8, 40)}px;display:inline-block;font-family:'${family}';font-size:${fontPx}px;line-height:${leading};font-weight:${weight};color:${ink};letter-spacing:${spacing}em}
.card{${shape}background:${paper};padding:${random.integer(4, 26)}px;${tilt}}
.inner{transform-origin:0 0;${condense < 1 && layout !== 'vertical' ? `transform:scaleX(${condense});width:${100 / condense}%;` : ''}}
p{margin:0 0 .25em;${column?.rule === true ? `border-left:1px solid ${ink};` : ''}}table{border-collapse:collapse;width:100%}
.label{border:${border}}.label th{font-weight:inherit;text-align:left;white-space:nowrap;vertical-align:${middle};padding:.18em .5em}.label td{vertical-align:${middle};padding:.18em .5em;text-align:left;word-break:break-all}
.label th,.label td{border:${border};${rowRule}}
.nutrition{margin-top:.6em;width:auto;min-width:${Math.round(fontPx * 14)}px;border:${random.chance(0.5) ? `1px solid ${ink}` : 'none'}}.nutrition caption{text-align:left}.nutrition td{padding:.05em .5em}.amount{text-align:right}
.columns{display:flex;gap:2em;align-items:flex-start}.columns>div:first-child{flex:1.6}.columns>div:last-child{flex:1}
.note{margin-top:.4em}
</style><body><div class="card"><div class="inner">${body}</div></div>${shade}`;
  return { html, widthPx: widthPx + 200, text: text.join('\n'), layout, isPhoto };
}

/** How vertical type sets figures, and what stands between its columns. */
interface ColumnStyle {
  readonly isTable: boolean;
  /** A rule between paragraphs. */
  readonly rule: boolean;
  readonly css: string;
  /** Text as HTML, with figures set as this style sets them. */
  mark(text: string): string;
}

function columnStyle(random: Random): ColumnStyle {
  const figures = random.pick(['sideways', 'upright', 'wide', 'wide', 'paired', 'paired'] as const);
  const isTable = random.chance(0.3);
  const wide = (text: string): string => text.replaceAll(/[!-~]/gu, (character) => String.fromCharCode(character.charCodeAt(0) + 0xfee0));
  return {
    isTable,
    rule: !isTable && random.chance(0.3),
    css: figures === 'upright' ? 'text-orientation:upright;' : '',
    mark(text) {
      if (figures === 'wide') return escape(wide(text));
      if (figures !== 'paired') return escape(text);
      // Two digits share a cell, others stand one below the other.
      return text
        .split(/(\d+)/u)
        .map((part) => (/^\d\d$/u.test(part) ? `<span style="text-combine-upright:all">${part}</span>` : escape(wide(part))))
        .join('');
    },
  };
}

function rowsOf(label: LabelText): (readonly [string, string])[] {
  const additiveRow: (readonly [string, string])[] =
    label.separator === 'row' && label.additives !== null ? [['添加物', label.additives + label.statement]] : [];
  return [...label.before, ['原材料名', ingredientLine(label)] as const, ...additiveRow, ...label.after];
}
