/** Transfer encodings of a part's body (RFC 2045 6). Bodies hold one byte per character. */
import * as base64 from 'nodemailer/lib/base64'
import * as qp from 'nodemailer/lib/qp'

export function decodeBody(encoding: string, body: string): Buffer {
  if (encoding === 'base64') return Buffer.from(body, 'base64')
  return Buffer.from(encoding === 'quoted-printable' ? decodeQuotedPrintable(body) : body, 'latin1')
}

export function encodeBody(encoding: 'base64' | 'quoted-printable', bytes: Buffer): string {
  return encoding === 'base64' ? base64.wrap(base64.encode(bytes)) : qp.wrap(qp.encode(bytes))
}

const decodeQuotedPrintable = (body: string): string =>
  body
    // From the begin of a run alone: from each of its signs, a long run costs its square.
    .replace(/(?<![ \t])[ \t]+(?=\r\n|$)/g, '')
    .replace(/=\r\n/g, '')
    .replace(/=([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
