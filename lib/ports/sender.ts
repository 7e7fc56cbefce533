import { GatewayError } from '../errors.js'
import type { SendTarget } from '../model/transports.js'
import type { Authority } from './authority.js'

/** A mail ready to leave: complete MIME without Bcc, CRLF line ends. */
export interface OutgoingMail {
  mailId: string
  messageId: string
  from: string
  recipients: string[]
  raw: Uint8Array
  /** Not the first attempt: an earlier one may have left something unsent behind, such as a draft. */
  again?: boolean
}

export interface RefusedRecipient {
  address: string
  /** 4yz: another attempt may succeed. */
  transient: boolean
  code: string
  remedy: string
  /** The server's own line, bounded and redacted; ours when it was not asked. */
  reply: string
}

/** Nobody accepted the mail. Its class is transient when at least one recipient may be tried again (REL-06). */
export class AllRefusedError extends GatewayError {
  readonly refused: RefusedRecipient[]

  constructor(reason: GatewayError, refused: RefusedRecipient[]) {
    const { hint, description, remedy, peerLine, retryAfterMs } = reason
    super(reason.code, reason.class, {
      hint,
      description,
      remedy,
      peerLine,
      retryAfterMs,
      outcome: 'not-sent',
    })
    this.refused = refused
  }
}

export interface SendReceipt {
  refused: RefusedRecipient[]
  /** The server's final line or the provider's id. */
  reply: string
}

/** Evidence by which an unknown outcome can be looked up later. */
export interface Evidence {
  draftId?: string
}

export interface SendSession {
  /**
   * Hands one mail over. Calls and awaits `handingOver` directly before the point of no return (end of DATA; Graph
   * send call) so that the journal is durable first. Rejects with a GatewayError whose `outcome` is `not-sent` or
   * `unknown`. When all recipients are refused it rejects with AllRefusedError; when some are, it resolves and lists
   * them.
   */
  send(mail: OutgoingMail, handingOver: (evidence: Evidence) => Promise<void>): Promise<SendReceipt>
  /**
   * Tries as much of sending as has no effect, where opening alone asks the server nothing. `opened`: the mailbox can
   * be opened for it, and whether its mail is accepted shows only with a mail. `untried`: only a mail shows anything.
   */
  check?(): Promise<'opened' | 'untried' | undefined>
  close(): Promise<void>
}

export interface Sender {
  /** Mails per session before it must be opened again. */
  open(target: SendTarget, authority: Authority, signal: AbortSignal): Promise<SendSession>
  /**
   * Looks up the outcome of a mail whose hand-over was interrupted: `sent`, `not-sent`, `undecided` when this transport
   * cannot tell, or `unreadable` when the grant does not let it look. `stopped`: it had not left, and from now on it cannot, unless it was leaving at this moment;
   * a later look tells. Graph: by draft id, then Sent Items by Message-ID.
   */
  lookUp?(
    target: SendTarget,
    authority: Authority,
    question: { messageId: string; evidence: Evidence; signal: AbortSignal },
  ): Promise<SendEvidence>
}

export type SendEvidence = 'sent' | 'not-sent' | 'stopped' | 'undecided' | 'unreadable'
