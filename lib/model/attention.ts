import type { ErrorClass } from '../errors.js'

export const attentionKinds = [
  'mailbox-receive',
  'mailbox-send',
  'connection',
  'sign-in',
  'registration',
  'webhook',
  'mail-unknown',
  'message',
  'balance',
  'removal',
  'platform',
] as const

export type AttentionKind = (typeof attentionKinds)[number]

/** One thing that is broken now, as people see it. */
export interface AttentionItem {
  tenant: string
  kind: AttentionKind
  id: string
  since: string
  code: string
  class: ErrorClass
  /** Plain words for who must act. */
  whoActs: string
  description: string
  remedy: string
  peerLine: string
  mailboxId: string
  connectionId: string
  /** What people know it by: an address or a user name; empty when there is none. */
  subject: string
}
