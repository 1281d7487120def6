/**
 * @file A gallery as a folder of plain pages: a number is typed, its page opens. Works from a disk, a stick or any web server; nothing is fetched
 * from elsewhere, nothing is said to search engines, and nobody is named unless that is wanted. Thread: page or Node.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import type { PictureChange } from '../contracts/race-delivery.ts';
import { safeName, splitName, TakenNames } from '../core/race/file-names.ts';
import type { Runner, RunnerPhoto } from '../core/race/runner-photos.ts';
import { digest, factsOf, keyOf, titleOf, type OpenDelivery, type PlannedFile } from './race-plan.ts';
import { breather } from '../core/breather.ts';
import { openPhotoFile } from './photo-file.ts';
import { taggedCopy } from './race-tagged-copy.ts';

/** What the pages say, in one language. */
export interface SiteWords {
  /** Such as `en`. */
  readonly language: string;
  readonly search: string;
  readonly show: string;
  readonly unknown: string;
  readonly all: string;
  readonly back: string;
  readonly goal: string;
  readonly photoOf: (number: string) => string;
}

/** Pictures of the pages, unless the preset says otherwise. */
const SITE_PICTURE: PictureChange = { maxSidePx: 1920, quality01: 0.85, watermark: null };
const SMALL_SIDE_PX = 480;

const STYLE = `:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}body{max-width:72rem;margin:0 auto;padding:1rem}
h1{font-size:1.5rem;line-height:1.2}form{display:flex;gap:.5rem;flex-wrap:wrap;align-items:end}label{display:grid;gap:.25rem}
input,button{font:inherit;padding:.6rem .8rem;min-height:2.75rem;box-sizing:border-box}
ul{list-style:none;padding:0;display:grid;gap:.75rem;grid-template-columns:repeat(auto-fill,minmax(min(100%,15rem),1fr))}
ul.numbers{grid-template-columns:repeat(auto-fill,minmax(6rem,1fr))}ul.numbers a{display:block;padding:.5rem 0}
img{width:100%;aspect-ratio:3/2;object-fit:cover;border-radius:.5rem;display:block;background:#8883}p[role=alert]{min-height:1.5em}`;

/** Without it the list of numbers below does the same. */
const SCRIPT = `const f=document.querySelector('form'),n=new Map(JSON.parse(document.getElementById('numbers').textContent));
f.hidden=false;f.addEventListener('submit',(e)=>{e.preventDefault();const v=f.elements.number.value.normalize('NFKC').replace(/\\s/g,'').toUpperCase();
const p=n.get(v)??n.get(v.replace(/^0+(?=\\d)/,''));if(p)location.href=p;else document.querySelector('[role=alert]').textContent=f.dataset.unknown.replace('{number}',v)});`;

/** A picture of a page. */
interface SitePicture {
  readonly shown: RunnerPhoto;
  readonly large: string;
  readonly small: string;
}

/** Pictures first, pages last: a page shows what was written. */
export async function planSite(delivery: OpenDelivery, words: SiteWords): Promise<PlannedFile[]> {
  const breathe = breather();
  const { runners, contents, preset } = delivery;
  const change = preset.picture ?? SITE_PICTURE;
  const names = new TakenNames();
  const pictures = new Map<string, SitePicture>();
  const missing = new Set<string>();
  const files: PlannedFile[] = [];
  for (const shown of runners.flatMap(({ photos }) => photos)) {
    const { photo } = shown;
    if (pictures.has(photo.id)) continue;
    const name = names.take(safeName(splitName(photo.path).stem, '.jpg'));
    const picture: SitePicture = { shown, large: `photos/${name}`, small: `small/${name}` };
    pictures.set(photo.id, picture);
    files.push(...picturesOf(delivery, picture, change, missing));
    await breathe();
  }
  const pages = new TakenNames();
  const pageOf = new Map(runners.map((runner) => [runner.bib, pages.take(safeName(runner.bib, '.html'))]));
  const title = `${contents.event.name} ${contents.event.day}`;
  const page = (path: string, key: unknown, html: () => string): PlannedFile => ({
    path,
    about: path,
    key: digest([key, words.language, Date.now()]),
    make: () => Promise.resolve({ body: new Blob([html()], { type: 'text/html' }), modifiedAtMs: Date.now(), problems: [] }),
  });
  return [
    ...files,
    ...runners.map((runner) =>
      page(`numbers/${pageOf.get(runner.bib)!}`, runner.bib, () => {
        const own = runner.photos.map(({ photo }) => pictures.get(photo.id)!).filter(({ shown }) => !missing.has(shown.photo.id));
        return runnerPage(runner, own, title, words, preset.withNames);
      }),
    ),
    page('index.html', 'index', () => indexPage(runners, pageOf, title, words, preset.withNames)),
    {
      path: 'robots.txt',
      about: 'robots.txt',
      key: digest('robots'),
      make: () => Promise.resolve({ body: new Blob(['User-agent: *\nDisallow: /\n']), modifiedAtMs: Date.now(), problems: [] }),
    },
  ];
}

function picturesOf(
  delivery: OpenDelivery,
  { shown, large, small }: SitePicture,
  change: PictureChange,
  missing: Set<string>,
): PlannedFile[] {
  const { photo } = shown;
  const { places, preset } = delivery;
  // The small one is made of the large one, which was made a moment ago.
  let last: Blob | null = null;
  const make = async (wanted: PictureChange, from: Blob | null, signal: AbortSignal | undefined): Promise<Blob> => {
    const options = { ...(signal === undefined ? {} : { signal }), priority: 'batch' as const };
    try {
      return (await places.pictures.make(from ?? (await openPhotoFile(await places.open(photo))).picture, wanted, options)).blob;
    } catch (error) {
      missing.add(photo.id);
      throw error;
    }
  };
  const smaller = { ...change, maxSidePx: SMALL_SIDE_PX, quality01: 0.75 };
  return [
    {
      path: large,
      about: photo.path,
      key: keyOf(delivery, photo, `site ${JSON.stringify(change)}`),
      make: async (signal) => {
        last = await make(change, null, signal);
        const facts = preset.withKeywords ? factsOf(delivery, photo) : null;
        return { body: await taggedCopy(last, { facts, removeGps: false }), modifiedAtMs: photo.modifiedAtMs, problems: [] };
      },
    },
    {
      path: small,
      about: photo.path,
      key: keyOf(delivery, photo, `site ${JSON.stringify(smaller)}`),
      make: async (signal) => {
        const body = last === null ? await make(smaller, null, signal) : await make({ ...smaller, watermark: null }, last, signal);
        last = null;
        return { body, modifiedAtMs: photo.modifiedAtMs, problems: [] };
      },
    },
  ];
}

function indexPage(
  runners: readonly Runner[],
  pageOf: ReadonlyMap<string, string>,
  title: string,
  words: SiteWords,
  withNames: boolean,
): string {
  const links = runners.map((runner) => ({ runner, href: `numbers/${encodeURIComponent(pageOf.get(runner.bib)!)}` }));
  // `<` must not end the script that holds it.
  const numbers = JSON.stringify(links.map(({ runner, href }) => [runner.bib.normalize('NFKC').toUpperCase(), href])).replaceAll(
    '<',
    '\\u003c',
  );
  return documentOf(
    title,
    words.language,
    `<h1>${escaped(title)}</h1>
<form hidden data-unknown="${escaped(words.unknown)}"><label>${escaped(words.search)}<input name="number" inputmode="text" autocomplete="off" required></label>
<button>${escaped(words.show)}</button></form><p role="alert"></p>
<details><summary>${escaped(words.all)}</summary><ul class="numbers">
${links.map(({ runner, href }) => `<li><a href="${escaped(href)}">${escaped(titleOf(runner, withNames))}</a></li>`).join('\n')}
</ul></details>
<script type="application/json" id="numbers">${numbers}</script>
<script>${SCRIPT}</script>`,
    [numbers, SCRIPT],
  );
}

function runnerPage(runner: Runner, pictures: readonly SitePicture[], title: string, words: SiteWords, withNames: boolean): string {
  const address = (path: string): string => `../${path.split('/').map(encodeURIComponent).join('/')}`;
  return documentOf(
    `${runner.bib} · ${title}`,
    words.language,
    `<p><a href="../index.html">${escaped(words.back)}</a></p><h1>${escaped(titleOf(runner, withNames))}</h1><p>${escaped(title)}</p><ul>
${pictures
  .map(({ shown, large, small }) => {
    const time = shown.localAtMs === null ? '' : new Date(shown.localAtMs).toISOString().slice(11, 19);
    const caption = [shown.camera?.place === 'goal' ? words.goal : '', time].filter((part) => part !== '').join(' · ');
    return `<li><a href="${address(large)}"><img loading="lazy" src="${address(small)}" alt="${escaped(words.photoOf(runner.bib))}"></a>${escaped(caption)}</li>`;
  })
  .join('\n')}
</ul>`,
    [],
  );
}

/** @param scripts that may run, by their hashes; nothing else may, and nothing may be fetched but pictures beside the page. */
function documentOf(title: string, language: string, body: string, scripts: readonly string[]): string {
  const policy = [
    "default-src 'none'",
    // On a disk a page has no origin of its own that `'self'` could mean.
    "img-src 'self' file:",
    `style-src ${sourceOf(STYLE)}`,
    ...(scripts.length > 0 ? [`script-src ${scripts.map(sourceOf).join(' ')}`] : []),
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return `<!doctype html>
<html lang="${escaped(language)}"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="robots" content="noindex, nofollow, noarchive, noimageindex"><meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>${escaped(title)}</title>
<style>${STYLE}</style></head><body>
${body}
</body></html>
`;
}

function sourceOf(text: string): string {
  return `'sha256-${btoa(String.fromCharCode(...sha256(utf8ToBytes(text))))}'`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;').replaceAll("'", '&#39;');
}
