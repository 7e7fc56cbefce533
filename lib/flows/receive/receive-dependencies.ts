import type { Access } from '../../ports/authority.js'
import type { Receiver } from '../../ports/receiver.js'
import type { Toolbox } from '../../ports/toolbox.js'

export interface ReceiveSettings {
  /** Without a cursor: so many days back. */
  firstSyncDays: number
  /** Larger mails are listed as not imported. */
  maxMailBytes: number
  pollMinMs: number
  pollMaxMs: number
  /** At most so many mails in one poll; the rest follows at once in the next. */
  mailsPerPoll: number
  /** leave, mark-read, delete or move:Folder. */
  afterReceive: string
}

export interface ReceiveDependencies extends Toolbox {
  receivers: Record<'graph' | 'imap', Receiver>
  /** `undefined` for an unknown connection. */
  access(tenant: string, connectionId: string): Promise<Access | undefined>
  settings: ReceiveSettings
}
