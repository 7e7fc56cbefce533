import type { GatewayError } from '../../errors.js'
import type { Mailbox } from '../../model/mailbox.js'
import type { FlowConfig } from '../../ports/flow-config.js'
import type { Toolbox } from '../../ports/toolbox.js'
import type { AsideMail, HeldReceiving, ImportRequest, ReceivingState } from '../../rows/receiving-state.js'

/** One poll of one mailbox, as its steps hand it on. */
export interface Poll {
  deps: Toolbox
  mailbox: Mailbox
  /** What counts for this mailbox. */
  settings: FlowConfig
  /** Where receiving stands, held by this poll alone. */
  receiving: HeldReceiving
  /** Where it stood, as far as that still counts: after a change of server, account or folder little does. */
  state: ReceivingState
  /** Somebody wants what is in quarantine. */
  asked: ImportRequest | undefined
  progress: Progress
}

/** What a poll did so far; filled while it runs, so that a failure loses nothing. */
export interface Progress {
  /** By `performance.now()`. */
  startedAt: number
  /** Bytes of the mail server so far. */
  arrived: () => number
  cursor: string | undefined
  handedOver: number
  quarantined: number
  duplicates: number
  resynced: boolean
  resyncSince: number
  more: boolean
  /** The row says that there is mail in hand. */
  busy: boolean
  /** The mail that the row names as the one in hand. */
  inHand: string
  aside: AsideMail[]
  /** The latest refusal of a single mail. */
  fault: GatewayError | undefined
  owed: string[]
}
