import type { Mailbox } from '../../model/mailbox.js'
import type { Access } from '../../ports/authority.js'
import type { Sender } from '../../ports/sender.js'
import type { Toolbox } from '../../ports/toolbox.js'

export interface SendSettings {
  maxMailBytes: number
  maxRecipients: number
  retryBaseMs: number
  retryCapMs: number
  /** Default life of a mail from its acceptance. */
  deadlineMs: number
  /** For mails that say nothing themselves. */
  whenUnknown: 'stop' | 'resend'
  /** Subjects stay with the mail's state, so that it is found by them. */
  keepSubject: 'yes' | 'no'
  messagesPerSession: number
  recipientsPerDay: number
  laneSeconds: number
  laneMails: number
}

export interface SendDependencies extends Toolbox {
  senders: Record<'graph' | 'smtp', Sender>
  /** `undefined` for an unknown connection. */
  access(tenant: string, connectionId: string): Promise<Access | undefined>
  /** Looks into the mailbox's Sent folder; `undefined` when it cannot be read. */
  findSent?(tenant: string, mailbox: Mailbox, messageId: string): Promise<boolean | undefined>
  settings: SendSettings
}
