import type { ReceivedState, StoredReceived } from '../../rows/received.js'

/** A mail as it arrived, for people and applications. */
export interface ReceivedMail {
  id: string
  tenant: string
  mailboxId: string
  state: ReceivedState
  eventId: string
  receivedAt: string
  from: string
  messageId: string
  bytes: number
  /** Why it was not imported; empty otherwise. */
  code: string
  description: string
  remedy: string
  /** How often it was tried. */
  attempts: number
}

export const receivedView = (mail: StoredReceived): ReceivedMail => ({
  id: mail.id,
  tenant: mail.tenant,
  mailboxId: mail.mailboxId,
  state: mail.state,
  eventId: mail.eventId,
  receivedAt: new Date(mail.receivedAt).toISOString(),
  from: mail.from,
  messageId: mail.messageId,
  bytes: mail.bytes,
  code: mail.code,
  description: mail.description,
  remedy: mail.remedy,
  attempts: mail.attempts,
})
