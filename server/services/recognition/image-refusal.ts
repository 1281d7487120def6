/** @file Vector routes take no images, not even one that is hidden in a text field. */

/** Base64 of the first bytes of JPEG, PNG, GIF, WebP (RIFF), BMP, TIFF (both orders), HEIC/AVIF (`ftyp` box) and SVG or XML. */
const BASE64_STARTS = /^(\/9j\/|iVBORw0KGgo|R0lGOD|UklGR|Qk0[0-9A-Za-z+/]{9}|SUkqA|TU0AK|AAAA[A-Za-z0-9+/]{2}ZnR5c|PHN2Zy|PD94bWw)/;
/** Longer runs of base64 than this are no name, code or link. */
const LONGEST_RUN = 256;

/** @returns true when a text holds a data URL, an inline image or a long run of encoded bytes. */
export function holdsImage(text: string): boolean {
  if (/data:[a-z0-9.+-]+\/[a-z0-9.+-]+[;,]/i.test(text) || /<svg[\s>]/i.test(text)) return true;
  const compact = text.replaceAll(/\s+/g, '');
  if (compact.length >= 32 && BASE64_STARTS.test(compact)) return true;
  return new RegExp(`[A-Za-z0-9+/_=-]{${LONGEST_RUN},}`).test(compact);
}
