/** @file Pictures on the packs, drawn as SVG around (0, 0) with a radius of about 100. */
import { seededRandom, type Random } from './seeded-random.ts';
import type { DemoProduct, Motif } from './demo-products.ts';

const polar = (radius: number, angle: number): [number, number] => [radius * Math.cos(angle), radius * Math.sin(angle)];
const at = (x: number, y: number): string => `${x.toFixed(1)} ${y.toFixed(1)}`;

/** Irregular closed shape, smooth. */
function blob(random: Random, radiusX: number, radiusY: number, wobble: number, points = 12): string {
  const ring = Array.from({ length: points }, (_, i) => {
    const scale = 1 + (random() - 0.5) * wobble;
    const [x, y] = polar(1, (i / points) * 2 * Math.PI);
    return [x * radiusX * scale, y * radiusY * scale] as const;
  });
  const middle = (i: number): string => {
    const [ax, ay] = ring[i % points]!;
    const [bx, by] = ring[(i + 1) % points]!;
    return at((ax + bx) / 2, (ay + by) / 2);
  };
  const curves = ring.map((_, i) => `Q ${at(...ring[(i + 1) % points]!)} ${middle(i + 1)}`);
  return `M ${middle(0)} ${curves.join(' ')} Z`;
}

function bowl(rim: string, inside: string, outside: string, filling: string): string {
  return `<ellipse cx="0" cy="88" rx="88" ry="12" fill="#000" opacity=".22"/>
    <path d="M -104 -6 C -98 62 -58 92 0 92 C 58 92 98 62 104 -6 Z" fill="${outside}"/>
    <path d="M -96 26 C -84 66 -52 84 0 86 C 20 86 36 82 50 76 C 10 74 -50 62 -78 4 Z" fill="#fff" opacity=".16"/>
    <ellipse cx="0" cy="-8" rx="106" ry="46" fill="${rim}"/><ellipse cx="0" cy="-6" rx="97" ry="40" fill="${inside}"/>
    <clipPath id="soup"><ellipse cx="0" cy="-4" rx="94" ry="38"/></clipPath><g clip-path="url(#soup)">${filling}</g>`;
}

function noodles(product: DemoProduct, random: Random): string {
  const [, second, accent] = product.colours;
  const soup = { tonkotsu: '#ead9b4', shoyu: '#a4541c', seafood: '#f3e3bf' }[product.id.split('-')[1] ?? ''] ?? '#d9b070';
  let strands = '';
  for (let i = 0; i < 46; i++) {
    const x = -80 + random() * 120;
    const y = -26 + random() * 46;
    const bend = (random() - 0.5) * 46;
    strands += `<path d="M ${at(x, y)} q ${at(24, bend)} ${at(48, (random() - 0.5) * 22)} t ${at(44, bend / 2)}" fill="none" stroke="${i % 3 === 0 ? '#f9e2a0' : '#efc964'}" stroke-width="5.4" stroke-linecap="round"/>`;
  }
  const pork = (x: number, y: number): string =>
    `<g transform="translate(${x} ${y}) scale(1 .62)"><path d="${blob(random, 34, 34, 0.14)}" fill="#d79a76"/><path d="${blob(random, 27, 26, 0.2)}" fill="#f3cdb2"/><path d="${blob(random, 17, 15, 0.4)}" fill="#c9805c"/></g>`;
  const egg = (x: number, y: number): string =>
    `<g transform="translate(${x} ${y})"><ellipse rx="28" ry="18" fill="#fffdf5"/><ellipse cx="2" cy="1" rx="14" ry="10" fill="#f59d1d"/><ellipse cx="-3" cy="-3" rx="5" ry="3" fill="#ffd27a"/></g>`;
  const shrimp = (x: number, y: number): string =>
    `<g transform="translate(${x} ${y})"><path d="M -20 6 C -18 -18 16 -22 22 2 C 24 12 14 16 8 10 C 10 0 -2 -4 -8 8 Z" fill="#ff9f7d"/><path d="M -14 -4 l 7 7 M -2 -13 l 4 10 M 11 -11 l -1 9" stroke="#e0603f" stroke-width="3"/></g>`;
  let leeks = '';
  for (let i = 0; i < 22; i++) {
    const [x, y] = polar(20 + random() * 66, random() * 2 * Math.PI);
    leeks += `<ellipse cx="${x.toFixed(1)}" cy="${(y * 0.38 - 4).toFixed(1)}" rx="5.5" ry="3.6" fill="none" stroke="${i % 2 ? '#4f9a2f' : '#8cc63f'}" stroke-width="3"/>`;
  }
  const toppings = product.id.includes('seafood')
    ? shrimp(-42, -14) + shrimp(26, -24) + shrimp(44, 8) + egg(-6, 12)
    : product.id.includes('shoyu')
      ? egg(-38, -6) + pork(36, -12) + `<rect x="-8" y="-46" width="40" height="34" fill="#1c2b1c" transform="rotate(12)"/>`
      : pork(-40, -10) + pork(34, -14) + egg(2, 14);
  return bowl(accent, soup, second, `${strands}${toppings}${leeks}`) + steam();
}

function steam(): string {
  return [-46, 0, 46]
    .map(
      (x) =>
        `<path d="M ${x} -58 c -16 -18 16 -28 0 -48 c -10 -14 4 -22 8 -30" fill="none" stroke="#fff" stroke-width="8" stroke-linecap="round" opacity=".55"/>`,
    )
    .join('');
}

function chips(product: DemoProduct, random: Random): string {
  const dust = product.id.includes('nori') ? '#2f6b2f' : product.id.includes('consomme') ? '#a1431a' : '#fffbe8';
  const chip = (x: number, y: number, size: number, turn: number): string => {
    let specks = '';
    for (let i = 0; i < 26; i++) {
      const [px, py] = polar(random() * size * 0.75, random() * 2 * Math.PI);
      specks += `<circle cx="${px.toFixed(1)}" cy="${(py * 0.72).toFixed(1)}" r="${(0.8 + random() * 1.7).toFixed(1)}" fill="${dust}" opacity=".85"/>`;
    }
    return `<g transform="translate(${at(x, y)}) rotate(${turn.toFixed(0)})"><path d="${blob(random, size, size * 0.74, 0.2)}" fill="#8a5a12" opacity=".35" transform="translate(3 6)"/>
      <path d="${blob(random, size, size * 0.74, 0.16)}" fill="#f2bf45" stroke="#c98c1e" stroke-width="2.4"/>
      <path d="M ${at(-size * 0.7, -size * 0.1)} q ${at(size * 0.6, -size * 0.5)} ${at(size * 1.3, -size * 0.1)}" stroke="#ffe28e" stroke-width="8" fill="none" stroke-linecap="round" opacity=".9"/>
      <path d="M ${at(-size * 0.5, size * 0.3)} q ${at(size * 0.5, size * 0.25)} ${at(size, 0)}" stroke="#d79a2a" stroke-width="5" fill="none" stroke-linecap="round" opacity=".7"/>${specks}</g>`;
  };
  let out = '';
  const places: [number, number, number][] = [
    [-58, -40, 44],
    [46, -52, 46],
    [-6, -66, 38],
    [-74, 26, 42],
    [66, 22, 46],
    [-30, 60, 46],
    [34, 66, 44],
    [0, 0, 60],
  ];
  for (const [x, y, size] of places) out += chip(x, y, size, random() * 60 - 30);
  return out;
}

function chocolate(product: DemoProduct, random: Random): string {
  const dark = product.id.includes('bitter');
  const [light, mid, deep] = dark ? ['#5a3d2c', '#3a251a', '#20130c'] : ['#a0653c', '#7a4526', '#4d2913'];
  let squares = '';
  for (let row = 0; row < 4; row++)
    for (let column = 0; column < 3; column++) {
      const x = -78 + column * 53;
      const y = -104 + row * 53;
      if (row === 0 && column === 2) continue;
      squares += `<g transform="translate(${x} ${y})"><rect width="51" height="51" rx="4" fill="${mid}"/><path d="M 0 0 h 51 l -8 8 h -35 v 35 l -8 8 Z" fill="${light}"/><path d="M 51 51 h -51 l 8 -8 h 35 v -35 l 8 -8 Z" fill="${deep}"/><path d="M 16 32 q 10 -16 20 0" stroke="${light}" stroke-width="3" fill="none"/></g>`;
    }
  let crumbs = '';
  for (let i = 0; i < 12; i++)
    crumbs += `<path transform="translate(${at(40 + random() * 60, -110 + random() * 60)}) scale(${(0.06 + random() * 0.1).toFixed(2)})" d="${blob(random, 60, 50, 0.5, 7)}" fill="${mid}"/>`;
  const milk = dark
    ? `<g transform="translate(74 66) rotate(28)"><ellipse rx="34" ry="19" fill="#7d5a2b"/><path d="M -32 0 q 32 -10 64 0" stroke="#4c3416" stroke-width="3" fill="none"/></g><g transform="translate(56 96) rotate(-12)"><ellipse rx="32" ry="18" fill="#8f6a36"/><path d="M -30 0 q 30 9 60 0" stroke="#56401d" stroke-width="3" fill="none"/></g>`
    : `<path d="M 30 110 C 36 60 60 92 74 52 C 84 22 108 40 100 70 C 94 96 112 92 104 112 Z" fill="#fffaf0"/><path d="M 60 96 C 66 76 82 86 86 64" stroke="#e9dcc6" stroke-width="4" fill="none"/>`;
  return `<g transform="rotate(-9)">${squares}</g>${crumbs}${milk}`;
}

function cookies(_product: DemoProduct, random: Random): string {
  const cookie = (x: number, y: number, size: number): string => {
    let edge = '';
    for (let i = 0; i < 18; i++) {
      const [px, py] = polar(size, (i / 18) * 2 * Math.PI);
      edge += `<circle cx="${px.toFixed(1)}" cy="${py.toFixed(1)}" r="${(size * 0.18).toFixed(1)}" fill="#e0a95a"/>`;
    }
    let holes = '';
    for (let i = 0; i < 6; i++) {
      const [px, py] = polar(size * 0.45, (i / 6) * 2 * Math.PI);
      holes += `<circle cx="${px.toFixed(1)}" cy="${py.toFixed(1)}" r="3.4" fill="#a96d27"/>`;
    }
    return `<g transform="translate(${x} ${y}) rotate(${(random() * 60).toFixed(0)})"><g transform="translate(4 7)" opacity=".25"><circle r="${size * 1.15}" fill="#402000"/></g>${edge}<circle r="${size}" fill="#ecc07a"/><circle r="${size * 0.78}" fill="#f4d296"/><circle r="${size * 0.62}" fill="none" stroke="#d49c4c" stroke-width="3"/>${holes}<circle r="4" fill="#a96d27"/></g>`;
  };
  return cookie(-62, 22, 52) + cookie(58, 30, 54) + cookie(0, -30, 58);
}

function cracker(_product: DemoProduct, random: Random): string {
  const one = (x: number, y: number, size: number): string => {
    let marks = '';
    for (let i = 0; i < 34; i++) {
      const [px, py] = polar(Math.sqrt(random()) * size * 0.86, random() * 2 * Math.PI);
      marks += `<path transform="translate(${at(px, py)}) scale(${(0.05 + random() * 0.14).toFixed(2)})" d="${blob(random, 50, 36, 0.6, 8)}" fill="${random() < 0.5 ? '#5b2c0e' : '#e3a355'}" opacity=".7"/>`;
    }
    return `<g transform="translate(${x} ${y})"><path d="${blob(random, size * 1.02, size, 0.06)}" fill="#1a0d05" opacity=".3" transform="translate(5 8)"/><path d="${blob(random, size * 1.02, size, 0.05)}" fill="#9a561c"/><path d="${blob(random, size * 0.9, size * 0.88, 0.08)}" fill="#b9712b"/>${marks}<path d="M ${-size * 0.6} ${-size * 0.5} q ${size * 0.4} ${-size * 0.35} ${size * 0.9} ${-size * 0.12}" stroke="#f5cf8c" stroke-width="7" stroke-linecap="round" fill="none" opacity=".55"/></g>`;
  };
  return one(-46, -34, 62) + one(54, -10, 60) + one(-10, 58, 64);
}

function curry(product: DemoProduct, random: Random): string {
  const soy = product.id.includes('soy');
  let rice = '';
  for (let i = 0; i < 220; i++) {
    const [x, y] = polar(Math.sqrt(random()) * 54, random() * 2 * Math.PI);
    rice += `<ellipse cx="${(x - 38).toFixed(1)}" cy="${(y * 0.62 - 8).toFixed(1)}" rx="5" ry="2.4" fill="${random() < 0.3 ? '#efe9d8' : '#fffdf4'}" transform="rotate(${(random() * 60 - 30).toFixed(0)} ${(x - 38).toFixed(1)} ${(y * 0.62 - 8).toFixed(1)})"/>`;
  }
  let pieces = '';
  const palette = soy ? ['#d9a441', '#c43d2a', '#8a5a24', '#b98233'] : ['#f0a63c', '#e2711d', '#6b3218', '#f4d488'];
  for (let i = 0; i < (soy ? 46 : 13); i++) {
    const [x, y] = polar(Math.sqrt(random()) * 46, random() * 2 * Math.PI);
    const size = soy ? 4 + random() * 4 : 11 + random() * 6;
    pieces += `<path transform="translate(${at(42 + x, y * 0.66)})" d="${blob(random, size, size * 0.8, 0.4, 7)}" fill="${palette[Math.floor(random() * 4)]!}"/>`;
  }
  return `<ellipse cx="0" cy="22" rx="118" ry="74" fill="#000" opacity=".25"/><ellipse cx="0" cy="8" rx="118" ry="76" fill="#fdfbf6"/><ellipse cx="0" cy="6" rx="98" ry="60" fill="#eee7da"/>
    <path d="M 8 -52 C 70 -58 98 -20 92 14 C 86 52 34 66 2 58 C -24 50 -4 20 -10 4 C -16 -18 -14 -44 8 -52 Z" fill="${soy ? '#b4651f' : '#7c3c12'}"/>
    <path d="M 16 -40 C 60 -46 80 -24 80 -2" stroke="#fff" stroke-width="6" opacity=".25" fill="none" stroke-linecap="round"/>${rice}${pieces}
    <g transform="translate(-42 -44)"><path d="M 0 8 C -14 -6 -8 -18 4 -20 C 16 -16 16 -2 0 8 Z" fill="#4f9a3a"/><path d="M 0 6 L 4 -16" stroke="#2d6b22" stroke-width="2"/></g>`;
}

function soybean(_product: DemoProduct, random: Random): string {
  let beans = '';
  const places: [number, number][] = [
    [-60, 40],
    [-24, 58],
    [18, 48],
    [58, 56],
    [-42, 10],
    [0, 18],
    [42, 14],
    [-14, -18],
    [28, -16],
  ];
  for (const [x, y] of places)
    beans += `<g transform="translate(${x} ${y}) rotate(${(random() * 80 - 40).toFixed(0)})"><ellipse cx="2" cy="5" rx="24" ry="20" fill="#7a5f20" opacity=".3"/><ellipse rx="24" ry="20" fill="#e8cf86"/><ellipse cx="-6" cy="-7" rx="9" ry="6" fill="#fff4cf"/><ellipse cx="8" cy="9" rx="7" ry="2.6" fill="#a98436"/></g>`;
  return `<path d="M -100 -40 C -60 -110 40 -120 96 -70 C 60 -40 -40 -20 -100 -40 Z" fill="#7cae4a"/><path d="M -96 -42 C -40 -60 30 -80 92 -70" stroke="#4b7a28" stroke-width="4" fill="none"/>
    <circle cx="-46" cy="-58" r="17" fill="#a9cf72"/><circle cx="-6" cy="-70" r="18" fill="#a9cf72"/><circle cx="36" cy="-78" r="17" fill="#a9cf72"/>${beans}`;
}

function coffee(product: DemoProduct): string {
  const [, second] = product.colours;
  return `<ellipse cx="-4" cy="82" rx="92" ry="16" fill="#000" opacity=".22"/><ellipse cx="-4" cy="76" rx="94" ry="18" fill="#fffaf2"/><ellipse cx="-4" cy="72" rx="70" ry="11" fill="#e4d5c0"/>
    <path d="M 62 -24 C 112 -30 112 40 54 44" fill="none" stroke="#fffaf2" stroke-width="15"/><path d="M -78 -38 C -76 40 -46 72 -6 72 C 34 72 66 40 68 -38 Z" fill="#fffaf2"/>
    <path d="M -70 -20 C -66 30 -42 60 -14 66 C -44 40 -52 4 -54 -24 Z" fill="${second}" opacity=".14"/>
    <ellipse cx="-5" cy="-38" rx="73" ry="25" fill="#efe2cf"/><ellipse cx="-5" cy="-36" rx="66" ry="21" fill="#9c6a3c"/>
    <path d="M -5 -50 C -34 -50 -44 -32 -24 -28 C -10 -26 -8 -34 -5 -40 C -2 -34 0 -26 14 -28 C 34 -32 24 -50 -5 -50 Z M -5 -24 C -18 -24 -18 -18 -5 -17 C 8 -18 8 -24 -5 -24 Z" fill="#f3dfbf"/>${steam()}`;
}

function tuna(): string {
  return `<g><path d="M -104 6 C -60 -54 24 -56 70 -10 L 106 -40 C 100 -8 100 16 108 46 L 70 18 C 26 58 -60 54 -104 6 Z" fill="#1d3f63"/>
    <path d="M -100 8 C -60 40 26 44 68 14 C 26 58 -60 54 -104 6 Z" fill="#d8e4ec"/><path d="M -10 -44 C 4 -70 22 -72 34 -62 C 24 -56 22 -46 22 -38 Z" fill="#16324f"/>
    <circle cx="-72" cy="-4" r="7" fill="#fff"/><circle cx="-73" cy="-4" r="4" fill="#0a1420"/><path d="M -52 -22 C -42 -6 -42 14 -50 26" stroke="#0f2a44" stroke-width="4" fill="none"/>
    <path d="M -30 -26 C 10 -36 40 -26 62 -8" stroke="#5b86ad" stroke-width="5" fill="none" stroke-linecap="round"/>
    <path d="M -120 74 q 15 -14 30 0 t 30 0 t 30 0 t 30 0 t 30 0 t 30 0 t 30 0 t 30 0" stroke="#fff" stroke-width="6" fill="none" opacity=".8"/></g>`;
}

function tea(): string {
  const leaf = (turn: number, size: number, fill: string): string =>
    `<g transform="rotate(${turn}) scale(${size})"><path d="M 0 0 C -34 -30 -30 -84 0 -112 C 30 -84 34 -30 0 0 Z" fill="${fill}"/><path d="M 0 0 L 0 -104 M 0 -30 L -16 -46 M 0 -30 L 16 -46 M 0 -56 L -15 -72 M 0 -56 L 15 -72" stroke="#f2f7e8" stroke-width="3" fill="none" opacity=".75"/></g>`;
  return `<g transform="translate(0 60)">${leaf(-48, 0.95, '#6fa23a')}${leaf(48, 0.95, '#5d9434')}${leaf(0, 1.12, '#93c24e')}<path d="M 0 0 q 4 26 -4 48" stroke="#4c7a2a" stroke-width="7" fill="none" stroke-linecap="round"/></g>`;
}

function grapes(_product: DemoProduct, random: Random): string {
  let out = `<path d="M 0 -96 q 6 -24 26 -30" stroke="#5b7a2c" stroke-width="8" fill="none" stroke-linecap="round"/><path d="M 6 -100 C 40 -138 92 -120 98 -84 C 62 -70 26 -76 6 -100 Z" fill="#6fa63a"/><path d="M 10 -98 C 40 -104 66 -98 92 -86" stroke="#3f6b1d" stroke-width="3" fill="none"/>`;
  const rows = [4, 5, 4, 3, 2, 1];
  rows.forEach((count, row) => {
    for (let i = 0; i < count; i++) {
      const x = (i - (count - 1) / 2) * 40 + (random() - 0.5) * 6;
      const y = -76 + row * 33;
      const fill = ['#6b2fa0', '#7d3fb4', '#5a2390'][Math.floor(random() * 3)]!;
      out += `<g transform="translate(${at(x, y)})"><circle r="24" fill="#2a0d45"/><circle r="22.5" fill="${fill}"/><path d="M -13 8 A 16 16 0 0 0 12 12" stroke="#b78be0" stroke-width="3" fill="none" opacity=".6"/><ellipse cx="-8" cy="-9" rx="7" ry="5" fill="#e6d2fa" opacity=".9"/></g>`;
    }
  });
  return out;
}

function miso(_product: DemoProduct, random: Random): string {
  let inside = '';
  for (let i = 0; i < 30; i++) {
    const [x, y] = polar(Math.sqrt(random()) * 88, random() * 2 * Math.PI);
    inside += `<path transform="translate(${at(x, y * 0.36 - 6)})" d="${blob(random, 18, 8, 0.5, 8)}" fill="#e0b067" opacity=".5"/>`;
  }
  const clam = (x: number, y: number, turn: number): string => {
    let ribs = '';
    for (let i = -3; i <= 3; i++)
      ribs += `<path d="M 0 18 Q ${i * 6} -2 ${i * 10} ${-18 + Math.abs(i) * 4}" stroke="#6b543a" stroke-width="2.4" fill="none"/>`;
    return `<g transform="translate(${x} ${y}) rotate(${turn})"><path d="M 0 20 C -40 14 -40 -22 0 -24 C 40 -22 40 14 0 20 Z" fill="#cdb592" stroke="#7b6547" stroke-width="2.4"/>${ribs}<path d="M -26 -6 C -14 -18 12 -20 26 -8" stroke="#f3e7d0" stroke-width="4" fill="none" opacity=".7"/></g>`;
  };
  let green = '';
  for (let i = 0; i < 16; i++) {
    const [x, y] = polar(Math.sqrt(random()) * 80, random() * 2 * Math.PI);
    green += `<path transform="translate(${at(x, y * 0.36 - 4)})" d="${blob(random, 9, 4, 0.7, 7)}" fill="${i % 2 ? '#234d2a' : '#76b041'}"/>`;
  }
  return bowl('#b5391f', '#b9792c', '#8f2415', inside + clam(-38, -12, -18) + clam(30, -20, 22) + clam(10, 12, 4) + green) + steam();
}

function wafers(): string {
  const one = (x: number, y: number, turn: number): string => {
    let net = '';
    for (let i = 0; i < 9; i++)
      net += `<path d="M ${-78 + i * 20} -19 l 16 18 M ${-62 + i * 20} -19 l -16 18" stroke="#b9792f" stroke-width="2.6" opacity=".8"/>`;
    return `<g transform="translate(${x} ${y}) rotate(${turn})"><rect x="-86" y="-14" width="172" height="46" rx="3" fill="#000" opacity=".2" transform="translate(5 7)"/><rect x="-86" y="-21" width="172" height="22" rx="2" fill="#e7b566"/><clipPath id="w"><rect x="-84" y="-20" width="168" height="20"/></clipPath><g clip-path="url(#w)">${net}</g>
      <rect x="-86" y="1" width="172" height="8" fill="#a4622a"/><rect x="-86" y="9" width="172" height="8" fill="#e3ad5c"/><rect x="-86" y="17" width="172" height="8" fill="#a4622a"/><rect x="-86" y="25" width="172" height="8" rx="2" fill="#dba453"/></g>`;
  };
  const nut = (x: number, y: number, turn: number): string =>
    `<g transform="translate(${x} ${y}) rotate(${turn})"><path d="M -34 0 C -36 -22 -12 -22 -4 -12 C 8 -24 36 -20 34 2 C 34 22 10 22 -2 12 C -14 22 -34 18 -34 0 Z" fill="#d9a45b" stroke="#a06a2a" stroke-width="2.4"/><path d="M -24 -4 h 12 M -22 6 h 10 M 10 -6 h 14 M 12 5 h 12 M -4 -4 v 8" stroke="#a87434" stroke-width="2"/></g>`;
  return one(0, -44, -6) + one(4, 14, 4) + nut(-52, 78, -14) + nut(28, 82, 18) + nut(86, 58, -34);
}

function oats(_product: DemoProduct, random: Random): string {
  const ear = (x: number, turn: number): string => {
    let grains = '';
    for (let i = 0; i < 8; i++)
      grains += `<g transform="translate(${i % 2 ? 13 : -13} ${-20 - i * 15}) rotate(${i % 2 ? 24 : -24})"><ellipse rx="7" ry="15" fill="#e2b659" stroke="#a87b26" stroke-width="2"/><path d="M 0 -14 v -22" stroke="#c79a3f" stroke-width="1.6"/></g>`;
    return `<g transform="translate(${x} 96) rotate(${turn})"><path d="M 0 0 V -130" stroke="#c79a3f" stroke-width="4"/>${grains}</g>`;
  };
  let crumbs = '';
  for (let i = 0; i < 90; i++) {
    const [x, y] = polar(Math.sqrt(random()) * 54, random() * 2 * Math.PI);
    crumbs += `<path transform="translate(${at(x, y)}) scale(${(0.05 + random() * 0.1).toFixed(2)})" d="${blob(random, 60, 40, 0.5, 7)}" fill="${['#e9c98c', '#a9712f', '#f6e3b5', '#8b5620'][Math.floor(random() * 4)]!}"/>`;
  }
  return `${ear(-58, -16)}${ear(58, 16)}${ear(0, 0)}<g transform="translate(0 40)"><circle cx="4" cy="8" r="64" fill="#000" opacity=".25"/><path d="${blob(random, 63, 62, 0.06)}" fill="#b97e38"/><path d="${blob(random, 57, 56, 0.07)}" fill="#cf9850"/>${crumbs}</g>`;
}

const DRAW: Readonly<Record<Motif, (product: DemoProduct, random: Random) => string>> = {
  noodles,
  chips,
  chocolate,
  cookies,
  cracker,
  curry,
  soybean,
  coffee,
  tuna,
  tea,
  grapes,
  miso,
  wafers,
  oats,
};

/** @returns SVG elements around (0, 0), about 220 wide and high. */
export function drawMotif(product: DemoProduct): string {
  return DRAW[product.motif](product, seededRandom(product.id));
}
