/** What the parts of the emulated Graph share. */
import type { Directory, Mailbox, User } from '../directory.js'
import type { AccessTokenClaims } from '../entra/verify-access-token.js'
import { Faults } from '../faults.js'
import type { Request } from '../loopback-server.js'
import type { SubmissionMeter } from '../submission-limits.js'
import { GraphLies } from './graph-lies.js'

export interface GraphLimits {
  /** Requests at once per mailbox before 429; Exchange: 4. */
  concurrency: number
  /** Requests per mailbox in ten minutes; Exchange: 10,000. */
  requestsPerTenMinutes: number
  /** Largest request body; Exchange: 4 MB. */
  requestBytes: number
  /** Largest message that can be sent; tenant default 35 MB. */
  messageBytes: number
  /** Mails in a first delta round with a filter, which then ends as if it were complete; Graph: 5,000. */
  filteredRoundMails: number
}

export interface GraphCounters {
  /** Requests by kind: `delta`, `delta-link`, `list`, `message`, `mime`, `send`, `draft`, … and `any`. */
  requests: Record<string, number>
  requestsByUser: Record<string, number>
  /** Requests that came while `limits.concurrency` others were still open for the mailbox. */
  concurrencyViolations: number
  /** Most requests ever open at once for one mailbox. */
  peakConcurrency: number
  throttled: number
  /** Mails beyond what the mailbox may submit; see `setSubmissionLimits`. */
  submissionViolations: number
  /** Mails accepted and carried out, whatever the answer was. */
  sends: number
}

export interface LoggedGraphRequest {
  at: number
  method: string
  /** With query. */
  path: string
  mailbox: string
  kind: string
  prefer: string
  /** The first 2,000 characters. */
  body: string
  status: number
}

export interface UploadSession {
  mailbox: Mailbox
  messageId: string
  name: string
  contentType: string
  isInline: boolean
  contentId?: string
  size: number
  received: Buffer[]
  receivedBytes: number
  expiresAt: number
}

export interface GraphState {
  directory: Directory
  now: () => number
  verify: (token: string) => AccessTokenClaims | undefined
  /** Called for each recipient outside the directory. */
  onDeliver: ((from: string, to: string[], raw: Buffer) => void | Promise<void>) | undefined
  limits: GraphLimits | undefined
  submissions: SubmissionMeter | undefined
  latencyMs: number
  faults: Faults
  lies: GraphLies
  /**
   * Sends that go on although their caller was told they failed; carried out with the first request at or after `at`.
   */
  late: { at: number; send: () => Promise<void> }[]
  open: Map<string, number>
  windows: Map<string, { startsAt: number; requests: number }>
  uploads: Map<string, UploadSession>
  /** Delta links made before this generation answer 410: user oid → generation. */
  deltaGeneration: Map<string, number>
  counters: GraphCounters
  log: LoggedGraphRequest[]
}

/** One authorised request for one mailbox, as the handlers get it. */
export interface MailboxRequest {
  state: GraphState
  request: Request
  /** `/me` or `/users/{id}` as the caller wrote it; links repeat it. */
  base: string
  /** Route parameters, decoded. */
  params: Record<string, string>
  caller: AccessTokenClaims
  user: User
  mailbox: Mailbox
  /** Does the caller want ids that survive moves? */
  immutableIds: boolean
}

export const exchangeLimits: GraphLimits = {
  concurrency: 4,
  requestsPerTenMinutes: 10_000,
  requestBytes: 4 * 1024 * 1024,
  messageBytes: 35 * 1024 * 1024,
  filteredRoundMails: 5_000,
}

export const zeroGraphCounters = (): GraphCounters => ({
  requests: {},
  requestsByUser: {},
  concurrencyViolations: 0,
  peakConcurrency: 0,
  throttled: 0,
  submissionViolations: 0,
  sends: 0,
})

export const newGraphState = (
  fields: Pick<GraphState, 'directory' | 'now' | 'verify' | 'onDeliver' | 'limits'>,
): GraphState => ({
  ...fields,
  submissions: undefined,
  latencyMs: 0,
  faults: new Faults(),
  lies: new GraphLies(),
  late: [],
  open: new Map(),
  windows: new Map(),
  uploads: new Map(),
  deltaGeneration: new Map(),
  counters: zeroGraphCounters(),
  log: [],
})

export const graphOrigin = 'https://graph.microsoft.com'
