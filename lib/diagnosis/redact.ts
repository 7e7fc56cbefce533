/**
 * What a peer says may be kept only after this: servers repeat AUTH lines, identity providers repeat codes and tokens.
 * Works line by line first (a credential is known by its place on a line), then by shape, then bounds the length.
 */

const longestInput = 8_192
export const mark = '[redacted]'

const byLine: [RegExp, string][] = [
  // SMTP: AUTH mechanism initial-response, wherever a server quotes it.
  [/\b(AUTH(?:ENTICATE)?\s+(?:XOAUTH2|OAUTHBEARER|PLAIN|LOGIN|CRAM-MD5|NTLM|GSSAPI)\s+)\S+/gi, `$1${mark}`],
  // IMAP: tag LOGIN user password. Replies such as `A1 NO LOGIN failed.` have no tag directly before LOGIN.
  [/^((?!NO |BAD |OK |BYE |\* )\S{1,40} LOGIN )(?:"(?:[^"\\]|\\.)*"|\S+) .*$/i, `$1${mark}`],
  [
    /\b(LOGIN )(?!(?:failed|failure|completed|ok|is|was|not|to|from|attempts?|disabled|denied|command|refused|rejected|unsuccessful|error)\b)(?:"(?:[^"\\]|\\.)*"|\S+) .*$/,
    `$1${mark}`,
  ],
  [/^(PASS )\S.*$/i, `$1${mark}`],
  // SASL challenges and answers: `334 …`, `+ …`, or a line that is nothing but base64.
  [/^((?:334|\+)[ -]?)[A-Za-z0-9+/_-]{8,}={0,2}\s*$/, `$1${mark}`],
  [/^((?:\d{3}[ -](?:\d\.\d{1,3}\.\d{1,3} )?)?)[A-Za-z0-9+/_-]{24,}={0,2}\s*$/, `$1${mark}`],
]

const secretNames =
  'access_token|refresh_token|id_token|token|client_secret|client_assertion|assertion|password|passwd|pwd|passphrase|secret|code_verifier|sig|api_?key|authorization|result_code|binding|device_code'

const byShape: [RegExp, string][] = [
  [/\b(Bearer\s+|auth=Bearer\s*)[A-Za-z0-9._~+/=-]{12,}/gi, `$1${mark}`],
  [/\beyJ[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*){0,4}/g, mark],
  [/\b(?:ya29\.|1\/\/|4\/0|[01]\.A[A-Za-z0-9]{2}|M\.C\d{3})[A-Za-z0-9._~!*$-]{12,}/g, mark],
  [/\bmbg_[a-z0-9-]+_[a-z0-9]+_[a-z0-9]+/g, mark],
  [new RegExp(`("(?:${secretNames})"\\s*:\\s*")(?:[^"\\\\]|\\\\.)*("|$)`, 'gi'), `$1${mark}$2`],
  [new RegExp(`\\b(${secretNames}|code|state|session_state|nonce)(=|%3D)[^&\\s"'<>;,]+`, 'gi'), `$1$2${mark}`],
  [/\b(password|passwd|pwd|passphrase)(\s*[:=]\s*)("[^"]*"|'[^']*'|\S+)/gi, `$1$2${mark}`],
]

/**
 * A peer's text, fit to be stored and shown: no credentials, no control characters, at most `limit` characters
 * (default 500) with a mark where it was cut.
 */
export function redact(text: string, limit = 500): string {
  const cut = text.length > longestInput
  const lines = text.slice(0, longestInput).split(/\r\n|[\r\n\u2028\u2029]/)
  let kept = lines.map((line) => apply(line, byLine)).join(' ')
  // Invisible and direction-changing characters could hide words from a reader.
  kept = kept.replace(/[\p{Cc}\p{Cf}]+/gu, ' ')
  kept = apply(kept, byShape)
  kept = kept.replace(/[A-Za-z0-9+/_-]{24,}={0,2}/g, (blob) => (isCredential(blob) ? mark : blob))
  kept = kept.replace(/\s+/g, ' ').trim()
  if (kept.length > limit) return `${whole(kept.slice(0, limit - 1))}…`
  return cut ? `${whole(kept.slice(0, limit - 1))}…` : kept
}

function apply(text: string, rules: [RegExp, string][]): string {
  let result = text
  for (const [pattern, replacement] of rules) result = result.replace(pattern, replacement)
  return result
}

/** A SASL answer in base64, or a long random run of mixed characters. */
function isCredential(blob: string): boolean {
  // A quoted answer may have lost its first characters: each of the four alignments is tried.
  for (let skip = 0; skip < 4; skip++) {
    const bytes = Buffer.from(blob.slice(skip), 'base64').toString('latin1')
    if (/auth=bearer|user=.+\x01|\x00.+\x00/i.test(bytes)) return true
  }
  return blob.length >= 48 && /\d/.test(blob) && /[a-z]/.test(blob) && /[A-Z]/.test(blob) && !/[a-z]{12}/.test(blob)
}

function whole(text: string): string {
  return /[\ud800-\udbff]$/.test(text) ? text.slice(0, -1) : text
}
