/**
 * Writes a composed mail in one pass. nodemailer's own `build` joins several streams per mail, which costs more than
 * all the encoding; the bytes are the same, and a test compares them.
 */
import * as base64 from 'nodemailer/lib/base64'
import type MimeNode from 'nodemailer/lib/mime-node'
import * as qp from 'nodemailer/lib/qp'

/** What the tree holds besides its typed methods. */
interface Part extends Omit<MimeNode, 'getTransferEncoding'> {
  content?: string | Buffer
  childNodes: Part[]
  /** False for a part without children. */
  multipart: string | false
  boundary: string | false
  getTransferEncoding(): string | false
}

/** For trees whose contents are strings and buffers. Meant for small mails: it all happens at once. */
export function writeMime(root: MimeNode): Buffer {
  const text = written(root as unknown as Part)
  return Buffer.from(text.endsWith('\n') ? text : `${text}\r\n`)
}

function written(part: Part): string {
  const encoding = part.getTransferEncoding()
  let text = `${part.buildHeaders()}\r\n\r\n`
  if (part.content) text += encoded(part.content, encoding)
  if (!part.multipart) return text
  const children = part.childNodes.map((child) => `--${part.boundary}\r\n${written(child)}`)
  return `${text}${children.join('\r\n')}\r\n--${part.boundary}--\r\n`
}

function encoded(content: string | Buffer, encoding: string | false): string {
  if (encoding === 'base64') return base64.wrap(base64.encode(content))
  if (encoding === 'quoted-printable') return qp.wrap(qp.encode(content))
  return content.toString()
}
