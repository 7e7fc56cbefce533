/**
 * A mail in the form that Microsoft Graph accepts. A draft created from MIME keeps every header and every part, so
 * every mail is sent this way, whatever its size: if it is too large for one request, its files are removed and
 * uploaded to the draft. A mail that cannot be sent this way is refused with the reason before anything is created
 * (decision 33).
 */
import { buildHeaderValue } from 'nodemailer/lib/mime-funcs'
import { GatewayError } from '../errors.js'
import { readAddressList } from './address-list.js'
import { sameAddress } from './mail-address.js'
import { checkMailLimits } from './mail-limits.js'
import { mailParser } from './mail-parser.js'
import {
  contentOf,
  fieldValue,
  isSealed,
  type MimeEntity,
  parameters,
  readEntity,
  readMultipart,
  withField,
  writeEntity,
  writeMultipart,
} from './mime-entity.js'
import { decodeBody } from './transfer-encoding.js'

/** A request may have about 4 MB; reports put the real bound for base64 MIME well below its 3 MB (Microsoft Q&A). */
const largestMime = 2_200_000

export interface GraphMail {
  /** With a Bcc field for recipients that stand in no header, which Exchange honours and strips. */
  mime: Buffer
  /** To be added to the draft, in this order. */
  attachments: GraphAttachment[]
}

export interface GraphAttachment {
  name: string
  /** With its parameters, such as a charset. */
  contentType: string
  isInline: boolean
  contentId?: string
  bytes(): Buffer
}

/** Rejects with a permanent error, outcome `not-sent`, when Graph would deliver to others or lose a part. */
export async function forGraph(raw: Uint8Array, recipients: readonly string[]): Promise<GraphMail> {
  const { bytes, head, bcc } = addressed(raw, recipients)
  if (bytes.length <= largestMime) return { mime: Buffer.concat([bcc, bytes]), attachments: [] }
  checkMailLimits(bytes)
  const { skeleton, taken } = takeApart(bytes.toString('latin1'), largestMime)
  if (skeleton === undefined) throw tooLargeForGraph(head.type)
  const attachments = await Promise.all(taken.map(attachmentOf))
  return { mime: Buffer.concat([bcc, Buffer.from(skeleton, 'latin1')]), attachments }
}

/** The same for one request that creates no draft: nothing can be added to it, so it is refused when it is too large. */
export async function wholeForGraph(raw: Uint8Array, recipients: readonly string[]): Promise<Buffer> {
  const { bytes, head, bcc } = addressed(raw, recipients)
  if (bytes.length > largestMime) throw tooLargeForGraph(head.type)
  return Buffer.concat([bcc, bytes])
}

function addressed(raw: Uint8Array, recipients: readonly string[]) {
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength)
  const end = bytes.indexOf('\r\n\r\n')
  const head = readEntity(bytes.toString('latin1', 0, end === -1 ? bytes.length : end + 4))
  return { bytes, head, bcc: bccField(hiddenRecipients(head, recipients)) }
}

const addressFields = new Set(['to', 'cc', 'resent-to', 'resent-cc'])

/**
 * Who is named by no header. Exchange delivers to everybody in To and Cc, so nobody else may stand there (RFC 5321
 * 2.3.1).
 */
function hiddenRecipients({ fields }: MimeEntity, recipients: readonly string[]): string[] {
  const shown: string[] = []
  for (const field of fields) {
    if (!addressFields.has(field.name)) continue
    const { addresses, unreadable } = readAddressList(Buffer.from(contentOf(field), 'latin1').toString())
    const stranger = addresses.find((address) => !recipients.some((one) => sameAddress(one, address)))
    if (stranger !== undefined || unreadable) throw namesOthers(field.name, stranger)
    if (!field.name.startsWith('resent-')) shown.push(...addresses)
  }
  return recipients.filter((one) => !shown.some((address) => sameAddress(one, address)))
}

function bccField(addresses: readonly string[]): Buffer {
  if (addresses.length === 0) return Buffer.alloc(0)
  if (addresses.some((address) => /[\r\n\0<>]/.test(address))) throw namesOthers('bcc', undefined)
  return Buffer.from(`Bcc: ${addresses.map((address) => `<${address}>`).join(',\r\n ')}\r\n`)
}

/** Parts of these kinds hold others that may be taken out; every other kind stays as it is. */
const opened = new Set(['multipart/mixed', 'multipart/related', 'multipart/alternative'])

interface Leaf {
  entity: MimeEntity
  bytes: number
  isFile: boolean
}

/** The mail without its last files, as few as bring it below `limit`; without a skeleton when that is not enough. */
function takeApart(text: string, limit: number): { skeleton?: string; taken: Leaf[] } {
  const leaves: Leaf[] = []
  walk(text, '', (leaf) => leaves.push(leaf) > 0)
  const taken = new Set<number>()
  let left = text.length
  for (let at = leaves.length - 1; at >= 0 && left > limit; at--) {
    const { isFile, bytes } = leaves[at]!
    if (!isFile) continue
    taken.add(at)
    left -= bytes
  }
  if (left > limit) return { taken: [] }
  let at = 0
  const skeleton = walk(text, '', () => !taken.has(at++))
  return { skeleton, taken: leaves.filter((_, index) => taken.has(index)) }
}

/** The text without the leaves for which `keeps` says no. Those that are left keep every byte. */
function walk(text: string, parent: string, keeps: (leaf: Leaf) => boolean): string {
  const entity = readEntity(text)
  const multipart = opened.has(entity.type) ? readMultipart(entity) : undefined
  if (multipart === undefined) {
    if (keeps({ entity, bytes: text.length, isFile: isFile(entity, parent) })) return text
    return parent === '' ? writeEntity({ fields: withoutContent(entity.fields), body: '' }) : ''
  }
  const parts = multipart.parts.flatMap(({ delimiter, text: part }) => {
    const kept = walk(part, entity.type, keeps)
    return kept === '' ? [] : [{ delimiter, text: kept }]
  })
  // A multipart needs a part (RFC 2046 5.1.1): an empty text, as a mail of nothing but files has it.
  const [one] = multipart.parts
  if (parts.length === 0 && one)
    parts.push({ delimiter: one.delimiter, text: 'Content-Type: text/plain; charset=utf-8\r\n\r\n' })
  return writeEntity({ fields: entity.fields, body: writeMultipart({ ...multipart, parts }) })
}

const withoutContent = (fields: MimeEntity['fields']): MimeEntity['fields'] =>
  withField(
    fields.filter(({ name }) => !name.startsWith('content-')),
    'Content-Type',
    'text/plain; charset=utf-8',
  )

/**
 * What an attachment of a draft can hold: name, type, Content-ID, inline or not. A part that says more stays a part.
 */
const told = new Set([
  'content-type',
  'content-transfer-encoding',
  'content-disposition',
  'content-id',
  'x-attachment-id',
])
const toldOfDisposition = new Set(['filename', 'size'])

function isFile({ fields, type }: MimeEntity, parent: string): boolean {
  if (/^(multipart|message)\//.test(type) || type === 'text/calendar' || isSealed(type)) return false
  if (parent !== '' && fields.some(({ name }) => !told.has(name))) return false
  if (parent === '' && fields.some(({ name }) => name.startsWith('content-') && !told.has(name))) return false
  const { value, params } = parameters(fieldValue(fields, 'content-disposition'))
  if (Object.keys(params).some((name) => !toldOfDisposition.has(name))) return false
  const hasId = fieldValue(fields, 'content-id') !== ''
  if (value === 'attachment') return true
  return !/^text\/(plain|html)$/.test(type) && (value === 'inline' || (parent === 'multipart/related' && hasId))
}

async function attachmentOf({ entity }: Leaf, index: number): Promise<GraphAttachment> {
  const { fields, type, params } = entity
  // The parser knows file names as mailers write them.
  const described = await mailParser().parse(Buffer.from(writeEntity({ fields, body: '' }), 'latin1'))
  const { name, ...kept } = params
  const disposition = parameters(fieldValue(fields, 'content-disposition')).value
  const contentId = fieldValue(fields, 'content-id').replace(/^<|>$/g, '')
  return {
    name: described.attachments[0]?.filename ?? name ?? `attachment-${index + 1}`,
    contentType: buildHeaderValue({ value: type, params: kept }),
    isInline: disposition !== 'attachment',
    ...(contentId === '' ? {} : { contentId }),
    bytes: () => decodeBody(entity.encoding, entity.body),
  }
}

const notSent = { status: 422, outcome: 'not-sent' } as const

function namesOthers(field: string, address: string | undefined): GatewayError {
  const who =
    address === undefined ? 'an entry that is no mail address' : `${address}, who is not one of its recipients`
  return new GatewayError('headers_name_others', 'permanent', {
    ...notSent,
    hint: 'message',
    field: 'raw',
    description: `The mail names ${who}, in ${field}; Microsoft 365 would deliver it to everybody named there.`,
    remedy:
      'Name the address in to, cc or bcc as well, remove it from the header, or send from a mailbox that sends by SMTP.',
  })
}

function tooLargeForGraph(type: string): GatewayError {
  const what = /signed|encrypted|pkcs7/.test(type)
    ? 'is signed or encrypted as a whole'
    : 'is larger than that without the files that can be uploaded separately'
  return new GatewayError('mail_not_divisible', 'permanent', {
    ...notSent,
    hint: 'message',
    field: 'raw',
    description: `Microsoft 365 accepts ${largestMime} bytes of a mail at once, and this one ${what}, so it would lose parts.`,
    remedy: 'Send large content as named files, shorten the text, or send from a mailbox that sends by SMTP.',
  })
}
