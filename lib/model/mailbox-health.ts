import { type AttentionItem, isForewarning } from './attention.js'

/**
 * One word for a mailbox, the same in the API, on every page and in the counts. `failing`: it does not work at the
 * moment and the gateway keeps retrying, or the server refuses one mail after another.
 */
export const mailboxHealths = [
  'working',
  'paused',
  'failing',
  'sending-stopped',
  'needs-reconnect',
  'needs-admin',
  'not-connected',
] as const

export type MailboxHealth = (typeof mailboxHealths)[number]

/** Kinds of trouble that stop a mailbox; others concern one mail, or somebody who is not connected yet. */
const stopping: ReadonlySet<string> = new Set(['mailbox-receive', 'mailbox-send', 'connection', 'registration'])

interface Sides {
  active: boolean
  /** States of the connections it receives and sends by. */
  connectionStates: readonly string[]
  /** What concerns it. */
  attention: readonly Pick<AttentionItem, 'kind' | 'class' | 'code'>[]
  receiving: { transport: string; failures: number }
  sending: { transport: string; failures: number; gate: string }
}

/** The worst that is known: who must act comes before what the gateway retries. */
export function mailboxHealth({ active, connectionStates, attention, receiving, sending }: Sides): MailboxHealth {
  if (!active) return 'paused'
  const broken = attention.filter(({ kind, code }) => stopping.has(kind) && !isForewarning(code))
  for (const who of ['needs-reconnect', 'needs-admin'] as const)
    if (connectionStates.includes(who) || broken.some((item) => item.class === who)) return who
  if (connectionStates.length === 0 || connectionStates.some((state) => state !== 'connected')) return 'not-connected'
  if (sending.transport !== 'none' && sending.gate !== 'open') return 'sending-stopped'
  const failing = [receiving, sending].some((one) => one.transport !== 'none' && one.failures > 0)
  return failing || broken.length > 0 ? 'failing' : 'working'
}
