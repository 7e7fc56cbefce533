/**
 * The terms of the search for mail: recipient, Message-ID, metadata, mailbox, and a rare final state. A term is the
 * beginning of a row key of the index, which contains external text only as a hash. The subject is not a term: it is
 * compared.
 */
import { hashId } from './ids.js'
import type { Mail } from './mail.js'

/** Eighty bits: a collision costs one look at the journal, which decides. */
const hashed = (kind: string, ...parts: string[]): string => `${kind}~${hashId(kind, ...parts).slice(0, 16)}`

export const recipientTerm = (address: string): string => hashed('r', address.toLowerCase())
export const messageIdTerm = (messageId: string): string => hashed('m', bareMessageId(messageId))
export const metadataTerm = (key: string, value: string): string => hashed('x', key, value)
export const mailboxTerm = (mailboxId: string): string => `b~${mailboxId}`
/** Most mail is sent: its state finds nothing. */
export const stateTerm = (state: 'failed' | 'cancelled'): string => `s~${state}`
/** Every mail. */
export const anyTerm = 'a'

/** With or without its angle brackets. */
export const bareMessageId = (text: string): string => text.trim().replace(/^<(.*)>$/, '$1')

const mostSubject = 500
/** As subjects are compared: without case, width and spacing. */
export const plainSubject = (text: string): string =>
  text.normalize('NFKC').toLowerCase().replace(/\s+/g, ' ').trim().slice(0, mostSubject)

export type Found = Pick<Mail, 'recipients' | 'messageId' | 'metadata'>

/** What its hint in the outbox says of an open mail; mailbox and state stand there anyway. */
export const openTerms = ({ recipients, messageId, metadata }: Found): string[] => [
  ...new Set([
    ...recipients.map(recipientTerm),
    messageIdTerm(messageId),
    ...Object.entries(metadata).map(([key, value]) => metadataTerm(key, value)),
  ]),
]

export function finalTerms(mail: Found & Pick<Mail, 'mailboxId' | 'state'>): string[] {
  const { state } = mail
  const rare = state === 'failed' || state === 'cancelled' ? [stateTerm(state)] : []
  return [anyTerm, mailboxTerm(mail.mailboxId), ...rare, ...openTerms(mail)]
}
