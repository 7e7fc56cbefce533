/**
 * Sending: judge From and recipients, keep the copy in Sent Items, deliver to every recipient. Mail to local people
 * goes to their inboxes, mail to others to `onDeliver`; an address that does not exist causes a non-delivery report.
 */
import { randomUUID } from 'node:crypto'
import type { Message, MessageContent } from '../directory.js'
import type { Fault } from '../faults.js'
import type { Reply } from '../loopback-server.js'
import { maySendAs } from './access.js'
import { draftOf, jsonBody, newMail } from './drafts.js'
import { badRequest, usualRefusal } from './graph-refusal.js'
import type { GraphState, MailboxRequest } from './graph-state.js'
import { countSubmission } from './limits.js'
import type { MessageInput } from './message-input.js'
import { contentOf, headerOf, withoutHeader } from './mime.js'

// 202 without a content type: with one, Microsoft's client would try to parse the empty body.
const accepted: Reply = { status: 202 }

export async function sendMail(of: MailboxRequest): Promise<Reply> {
  const isJson = /^application\/json\b/i.test(of.request.headers['content-type'] ?? '')
  const body = isJson ? jsonBody(of.request) : undefined
  if (body && typeof body['message'] !== 'object') throw badRequest('ErrorInvalidRequest', 'message is missing.')
  const mail = await newMail(of, body?.['message'] as MessageInput | undefined)
  await submit(of, mail, () => {
    if (body?.['saveToSentItems'] !== false) of.mailbox.add('sentitems', { ...mail, isRead: true })
  })
  return accepted
}

export async function sendDraft(of: MailboxRequest): Promise<Reply> {
  const draft = draftOf(of)
  await submit(of, draft, () => {
    const now = of.state.now()
    of.mailbox.change(draft, { isDraft: false, isRead: true, receivedAt: now })
    of.mailbox.move(draft, 'sentitems')
  })
  return accepted
}

/**
 * A send of a draft that the service in front has answered with an error already. Seen in public: several tries
 * answered with 504 all arrived (Microsoft Q&A 2286986, docs/emulators.md).
 */
export function sendLate(of: MailboxRequest, fault: Fault): GraphState['late'][number] {
  const draft = draftOf(of)
  const then = { raw: draft.raw, ...(draft.content === undefined ? {} : { content: draft.content }) }
  const at = of.state.now() + (fault.lateMs ?? 0)
  const send = async (): Promise<void> => {
    if (fault.lateOf !== 'copy') await sendDraft(of)
    else
      await submit(of, then, () => {
        of.mailbox.add('sentitems', { ...then, isRead: true })
        const left = of.mailbox.message(draft.immutableId)
        if (left?.isDraft) of.mailbox.remove(left)
      })
  }
  return { at, send }
}

async function submit(of: MailboxRequest, mail: Pick<Message, 'raw' | 'content'>, keepCopy: () => void): Promise<void> {
  const { state, user, caller } = of
  const content = mail.content ?? (await contentOf({ raw: headOf(mail.raw) }))
  const from = content.from?.address ?? user.mail
  if (!maySendAs(state, caller, user, from)) {
    throw usualRefusal(403, 'ErrorSendAsDenied')
  }
  const recipients = recipientsOf(content)
  if (state.limits && mail.raw.length > state.limits.messageBytes) throw usualRefusal(413, 'ErrorMessageSizeExceeded')
  countSubmission(state, user, recipients.length)
  keepCopy()
  state.counters.sends += 1
  const raw = transported(of, mail.raw, from)
  const outside: string[] = []
  for (const address of recipients) {
    const recipient = state.directory.user(address)
    const isUnknown = recipient ? recipient.flags.includes('bounce') : state.directory.isLocalDomain(address)
    if (isUnknown || user.flags.includes('outblocked'))
      of.mailbox.add('inbox', { raw: nonDeliveryReport(of, address, mail.raw) })
    else if (recipient) state.directory.deliver(address, raw)
    else outside.push(address)
  }
  if (outside.length === 0) return
  state.directory.recordOutbound({ from, to: outside, raw })
  await state.onDeliver?.(from, outside, raw)
}

/** Who gets a mail stands in its header: a large one is not read for it. */
const headOf = (raw: Buffer): Buffer => raw.subarray(0, headEnd(raw))

function headEnd(raw: Buffer): number {
  const ends = [raw.indexOf('\r\n\r\n'), raw.indexOf('\n\n')].filter((at) => at >= 0)
  return ends.length === 0 ? raw.length : Math.min(...ends) + 2
}

function recipientsOf(content: MessageContent): string[] {
  const all = [...content.to, ...content.cc, ...content.bcc].map((a) => a.address.toLowerCase())
  const bad = all.find((a) => !/^(?:"(?:[^"\\<>]|\\.)+"|[^\s@<>]+)@[^\s@<>]+$/.test(a))
  if (all.length === 0 || bad !== undefined) {
    throw badRequest('ErrorInvalidRecipients', `At least one recipient is not valid. ${bad ?? ''}`.trim())
  }
  return [...new Set(all)]
}

/** What recipients see: no Bcc, a Received line on top, and a From when the MIME had none. */
function transported(of: MailboxRequest, raw: Buffer, from: string): Buffer {
  const date = new Date(of.state.now()).toUTCString().replace('GMT', '+0000')
  const received = `Received: from mail.outlook.example (127.0.0.1) by mail.outlook.example with HTTPS;\r\n ${date}\r\n`
  const sender = headerOf(raw, 'from') === undefined ? `From: ${from}\r\n` : ''
  return Buffer.concat([Buffer.from(received + sender), withoutHeader(raw, 'bcc')])
}

/** RFC 3464, as short as it can be. */
function nonDeliveryReport(of: MailboxRequest, address: string, raw: Buffer): Buffer {
  const boundary = randomUUID()
  const isBlocked = of.user.flags.includes('outblocked')
  const id = headerOf(raw, 'message-id') ?? ''
  const lines = [
    'From: Microsoft Outlook <postmaster@outlook.example>',
    `To: ${of.user.mail}`,
    `Subject: Undeliverable: ${headerOf(raw, 'subject') ?? ''}`,
    `Date: ${new Date(of.state.now()).toUTCString().replace('GMT', '+0000')}`,
    `Message-ID: <${randomUUID()}@outlook.example>`,
    `In-Reply-To: ${id}`,
    'Auto-Submitted: auto-replied',
    'MIME-Version: 1.0',
    `Content-Type: multipart/report; report-type=delivery-status; boundary="${boundary}"`,
    '',
    `--${boundary}`,
    'Content-Type: text/plain; charset=utf-8',
    '',
    isBlocked
      ? `Your message could not be delivered: ${of.user.mail} was blocked from sending because it looked like spam.`
      : `Your message to ${address} could not be delivered: the address does not exist.`,
    '',
    `--${boundary}`,
    'Content-Type: message/delivery-status',
    '',
    'Reporting-MTA: dns;mail.outlook.example',
    '',
    `Final-Recipient: rfc822;${address}`,
    'Action: failed',
    ...(isBlocked
      ? ['Status: 5.1.8', 'Diagnostic-Code: smtp;550 5.1.8 Access denied, bad outbound sender']
      : [
          'Status: 5.1.10',
          `Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient ${address} not found`,
        ]),
    '',
    `--${boundary}`,
    'Content-Type: text/rfc822-headers',
    '',
    `Message-ID: ${id}`,
    '',
    `--${boundary}--`,
    '',
  ]
  return Buffer.from(lines.join('\r\n'))
}
