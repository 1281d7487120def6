/** @file Bytes of a text file of unknown encoding → text. Pure; any thread. */

/** Encodings that spreadsheets in Japan and Europe write. */
export type TextEncodingName = 'utf-8' | 'utf-16le' | 'utf-16be' | 'shift_jis' | 'euc-jp' | 'windows-1252';

/** Text without its byte order mark. */
export interface DecodedText {
  readonly text: string;
  readonly encoding: TextEncodingName;
}

/**
 * A byte order mark decides, except that some programs put the mark of UTF-8 before Shift-JIS; then whatever the bytes are valid in.
 * @param encoding what the user says it is; guessed when absent.
 * @returns null when the bytes are no text in any of the encodings.
 */
export function decodeText(bytes: Uint8Array, encoding?: TextEncodingName): DecodedText | null {
  if (encoding !== undefined) return decodedAs(withoutMark(bytes), encoding);
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return decodedAs(bytes.subarray(2), 'utf-16le');
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return decodedAs(bytes.subarray(2), 'utf-16be');
  const plain = withoutMark(bytes);
  const wide = wideEncoding(plain);
  if (wide !== null) return decodedAs(plain, wide);
  const utf8 = decodedAs(plain, 'utf-8');
  if (utf8 !== null) return utf8;
  const western = decodedAs(plain, 'windows-1252');
  const shiftJis = decodedAs(plain, 'shift_jis');
  const eucJp = decodedAs(plain, 'euc-jp');
  const japanese =
    shiftJis !== null && eucJp !== null ? (kanaOf(eucJp.text) > kanaOf(shiftJis.text) ? eucJp : shiftJis) : (shiftJis ?? eucJp);
  if (japanese === null) return western;
  return western !== null && kanaOf(japanese.text) === 0 && isWestern(western.text) ? western : japanese;
}

/** @returns null when the bytes are not valid in it, or hold control characters that no text has. */
function decodedAs(bytes: Uint8Array, encoding: TextEncodingName): DecodedText | null {
  try {
    const text = new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(bytes).replace(/^\uFEFF/u, '');
    // eslint-disable-next-line no-control-regex -- that is what is looked for
    return /[\u0000-\u0008\u000E-\u001A]/u.test(text) ? null : { text, encoding };
  } catch {
    return null;
  }
}

function withoutMark(bytes: Uint8Array): Uint8Array {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}

/** UTF-16 without a mark: commas, figures and line ends have a zero byte on one side. */
function wideEncoding(bytes: Uint8Array): 'utf-16le' | 'utf-16be' | null {
  if (bytes.length % 2 !== 0) return null;
  let [low, high] = [0, 0];
  for (let i = 0; i < Math.min(bytes.length, 4000); i += 2) {
    if (bytes[i + 1] === 0) low++;
    if (bytes[i] === 0) high++;
  }
  if (low === 0 && high === 0) return null;
  return low > high ? 'utf-16le' : 'utf-16be';
}

/** Full-width kana, which Japanese of any length has. */
function kanaOf(text: string): number {
  return (text.match(/[ぁ-んァ-ヴー]/gu) ?? []).length;
}

/** Accented letters stand within or beside Latin words, as they do in western languages. */
function isWestern(text: string): boolean {
  const foreign = text.match(/[^\u0000-\u007F]/gu) ?? []; // eslint-disable-line no-control-regex -- ASCII
  const inWords = text.match(/(?<=[A-Za-zÀ-ÿ])[À-ÿ]|[À-ÿ](?=[A-Za-zÀ-ÿ])|[€£°–’“”«»]/gu) ?? [];
  return inWords.length >= foreign.length * 0.9;
}
