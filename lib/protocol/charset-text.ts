/** Bytes of a mail as text, whatever its label says: real mail has unknown labels, wrong ones and none. */
import { isUtf8 } from 'node:buffer'
import { decodeWords } from 'postal-mime'

/** Of several Node versions wrong from 0x80 to 0x9F; only to see what the library did. */
const latin = new TextDecoder('windows-1252')
const unicode = new TextDecoder('utf-8')

/** Labels that say nothing about bytes above 127. */
const noLabel: ReadonlySet<string> = new Set([
  '',
  'us-ascii',
  'ascii',
  'ansi_x3.4-1968',
  '7bit',
  '8bit',
  'unknown-8bit',
])
/** Those under which the text is what windows-1252 makes of it. */
const latinLabel =
  /^(?:(?:x-)?cp1252|windows-?1252|cp819|ibm819|l1|latin-?1|(?:cs)?iso[-_]?(?:8859[-_]?1|ir-100|latin1)(?::1987)?)$/

/** What windows-1252 has from 0x80 on (WHATWG index); the rest is its byte. */
const upper = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ'

/** No charset has a longer name; what is longer is a stranger's, made to be read for long. */
const longestLabel = 100

const latinText = (bytes: Uint8Array): string =>
  Buffer.from(bytes)
    .toString('latin1')
    .replace(/[\u0080-\u009f]/g, (letter) => upper[letter.charCodeAt(0) - 0x80]!)

/**
 * By the label where one is known (the labels of the WHATWG Encoding Standard and the aliases of `postal-mime`);
 * without one UTF-8 where it can be, else windows-1252, which has a character for every byte. UTF-7 is no longer read
 * by anybody (it hides markup from filters) and stays as it is written.
 */
export function charsetText(bytes: Uint8Array, label: string): string {
  const charset = label
    .slice(0, longestLabel)
    .replace(/^["'\s]+|["'\s]+$/g, '')
    .replace(/\*.*$/s, '')
    .toLowerCase()
  if (noLabel.has(charset)) return isUtf8(bytes) ? unicode.decode(bytes) : latinText(bytes)
  if (latinLabel.test(charset)) return latinText(bytes)
  const text = decodeWords(`=?${charset.replace(/[?\s]/g, '')}?B?${Buffer.from(bytes).toString('base64')}?=`)
  // The library reads what it does not know as windows-1252.
  if (text !== latin.decode(bytes)) return text
  return isUtf8(bytes) ? unicode.decode(bytes) : latinText(bytes)
}
