/** @file Headers that every answer carries: content policy, isolation, no sniffing, no referrer. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * [Note: Content policy] Everything comes from this server. `wasm-unsafe-eval`: ONNX Runtime, tfjs, tesseract, zxing. `blob:` workers:
 * tesseract.js and threaded tfjs. `blob:`/`data:` images: photos of the user, QR codes. `style-src 'unsafe-inline'`: Svelte's
 * transitions and style attributes.
 */
function contentPolicy(scripts: readonly string[]): string {
  return [
    "default-src 'self'",
    `script-src 'self' 'wasm-unsafe-eval'${scripts.map((source) => ` ${source}`).join('')}`,
    "worker-src 'self' blob:",
    "img-src 'self' blob: data:",
    "media-src 'self' blob:",
    "style-src 'self' 'unsafe-inline'",
    "font-src 'self' data:",
    "connect-src 'self' blob: data:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

/** The policy of everything but the page itself. */
export const CONTENT_POLICY = contentPolicy([]);

/** @returns the policy of index.html: its inline scripts, if the build made any, are allowed by their hashes. */
export async function pageContentPolicy(appFolder: string): Promise<string> {
  let html: string;
  try {
    html = await readFile(join(appFolder, 'index.html'), 'utf8');
  } catch {
    return CONTENT_POLICY; // Not built: there is no page to allow scripts for.
  }
  return contentPolicy(inlineScriptHashes(html));
}

/** @returns a policy source for each inline script of a page. */
export function inlineScriptHashes(html: string): string[] {
  return [...html.matchAll(/<script(?![^>]*\ssrc=)[^>]*>([\s\S]*?)<\/script>/g)]
    .map(([, code = '']) => code)
    .filter((code) => code !== '')
    .map((code) => `'sha256-${createHash('sha256').update(code).digest('base64')}'`);
}

/** Headers of every answer; routes may tighten or, for a named reason, loosen single ones. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': CONTENT_POLICY,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'permissions-policy': 'camera=(self), clipboard-read=(self), clipboard-write=(self), geolocation=(), microphone=(), payment=(), usb=()',
};
