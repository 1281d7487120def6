/** @file The page of one runner as HTML: pictures, times, and a button that takes it down. Without scripts; in English or Japanese. */
import { createHash } from 'node:crypto';
import type { ShownGallery } from './race-gallery-service.ts';

const WORDS = {
  en: {
    lead: (count: number) => (count === 1 ? '1 photo' : `${count} photos`),
    goal: 'Goal',
    missing: 'Some pictures have not arrived yet.',
    by: (name: string) => `Photos: ${name}. The photographer has them in full size.`,
    until: (day: string) => `This page ends on ${day}.`,
    remove: 'Take these pictures down',
    removeText:
      'All pictures on this page are hidden at once and then erased from this server. The photographer is told. This cannot be undone.',
    removeNow: 'Yes, take them down',
    goneTitle: 'Taken down',
    gone: 'These pictures were taken down. They are no longer on this server.',
    noneTitle: 'Nothing here',
    none: 'The link is mistyped, or its time is over.',
    alt: (number: string, index: number) => `Runner ${number}, photo ${index}`,
  },
  ja: {
    lead: (count: number) => `写真 ${count} 枚`,
    goal: 'ゴール',
    missing: 'まだ届いていない画像があります。',
    by: (name: string) => `撮影: ${name}。元の大きさの写真は撮影者が持っています。`,
    until: (day: string) => `このページは ${day} に終了します。`,
    remove: 'この画像を取り下げる',
    removeText: 'このページの画像はすぐに見えなくなり、その後サーバーから消去されます。撮影者に通知されます。元に戻すことはできません。',
    removeNow: '取り下げる',
    goneTitle: '取り下げました',
    gone: 'この画像は取り下げられ、サーバーから消えました。',
    noneTitle: 'ページがありません',
    none: 'リンクが間違っているか、公開期間が終わっています。',
    alt: (number: string, index: number) => `ランナー ${number}、${index} 枚目`,
  },
} as const;

const STYLE = `:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}body{max-width:64rem;margin:0 auto;padding:1rem}h1{font-size:1.5rem;line-height:1.2;margin:0}
ul{list-style:none;padding:0;display:grid;gap:.75rem;grid-template-columns:repeat(auto-fill,minmax(min(100%,15rem),1fr))}
img{width:100%;height:auto;border-radius:.5rem;display:block}summary{padding:.75rem 0;cursor:pointer}
button{font:inherit;padding:.6rem 1rem;min-height:2.75rem}footer{margin-top:2rem}`;

/** Headers of the page: nothing runs, nothing comes from elsewhere, nobody keeps or indexes it, and the link is told to nobody. */
export const GALLERY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': [
    ...["default-src 'none'", "img-src 'self'", `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`],
    ...["form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"],
  ].join('; '),
  'cache-control': 'no-store',
  'x-robots-tag': 'noindex, nofollow, noarchive, noimageindex',
  // `no-referrer` would send the button's own request without its origin, as if from another site.
  'referrer-policy': 'same-origin',
  'content-type': 'text/html; charset=utf-8',
};

/** @param acceptLanguage the browser's header. @returns status and HTML. */
export function galleryPage(token: string, shown: ShownGallery, acceptLanguage: string | undefined): { status: number; html: string } {
  const language = languageOf(acceptLanguage);
  const words = WORDS[language];
  if (shown === null) return { status: 404, html: notePage(language, words.noneTitle, words.none) };
  if (shown === 'taken-down') return { status: 410, html: notePage(language, words.goneTitle, words.gone) };
  const { gallery, arrived } = shown;
  const { bib, name, event, day, photographer, expiresAtMs } = gallery;
  const photos = gallery.photos.filter(({ id }) => arrived.has(id));
  const title = [bib, name].filter((part) => part !== '').join(' · ');
  const base = `/v1/g/${token}`;
  const items = photos.map(({ id, takenAt, isGoal }, index) => {
    const caption = [isGoal ? words.goal : '', takenAt?.slice(11) ?? ''].filter((part) => part !== '').join(' · ');
    return `<li><img loading="lazy" src="${base}/photos/${id}" alt="${escaped(words.alt(bib, index + 1))}">${escaped(caption)}</li>`;
  });
  const body = [
    `<h1>${escaped(title)}</h1><p>${escaped(`${event} · ${day} · ${words.lead(photos.length)}`)}</p>`,
    photos.length < gallery.photos.length ? `<p>${words.missing}</p>` : '',
    `<ul>${items.join('\n')}</ul><footer>`,
    photographer === '' ? '' : `<p>${escaped(words.by(photographer))}</p>`,
    `<p>${escaped(words.until(new Date(expiresAtMs).toISOString().slice(0, 10)))}</p>`,
    `<details><summary>${words.remove}</summary><p>${words.removeText}</p><form method="post" action="${base}/take-down"><button>${words.removeNow}</button></form></details></footer>`,
  ];
  return { status: 200, html: documentOf(language, `${title} · ${event}`, body.join('\n')) };
}

function notePage(language: 'en' | 'ja', title: string, text: string): string {
  return documentOf(language, title, `<h1>${escaped(title)}</h1><p>${escaped(text)}</p>`);
}

function documentOf(language: 'en' | 'ja', title: string, body: string): string {
  return `<!doctype html>
<html lang="${language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex, nofollow, noarchive, noimageindex"><title>${escaped(title)}</title><style>${STYLE}</style></head><body>
${body}
</body></html>
`;
}

/** The first of the two that the browser names. */
function languageOf(accept = ''): 'en' | 'ja' {
  return /\b(en|ja)\b/i.exec(accept)?.[1]?.toLowerCase() === 'ja' ? 'ja' : 'en';
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;').replaceAll("'", '&#39;');
}
