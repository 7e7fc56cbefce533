import type { SettingRule } from '../model/setting.js'

/** What flows read of the deployment's settings. */
export interface FlowConfig {
  publicBaseUrl: string
  /** Real origin → where the browser reaches it (local mode); empty in Azure. */
  origins: Record<string, string>
  /** How long a link works. */
  linkMs: number
  /** Without a cursor: so many days back. */
  firstSyncDays: number
  pollMinMs: number
  pollMaxMs: number
  /** At most so many mails in one poll; the rest follows at once in the next. */
  mailsPerPoll: number
  /** leave, mark-read, delete or move:Folder. */
  afterReceive: string
  /** Larger mails are refused, and listed as not imported. */
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
  retentionDays: number
  /** What tenants and mailboxes may choose for themselves. */
  adjustable: readonly SettingRule[]
}
