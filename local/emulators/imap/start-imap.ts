/**
 * An IMAP4rev1 server on 127.0.0.1 with the mail in memory: strictly what the gateway needs as a mail client, plus
 * every kind of misbehaviour on order (`control.faults`) or by login address: `disabled@` (login refused without a
 * reason, as Exchange does), `throttled@`, `notconnected@` (login works, the mailbox cannot be opened), `expired@` (the
 * session ends with AccessTokenExpired when a folder is opened).
 */
import type { Parts } from '../parts.js'
import { startWireServer } from '../wire.js'
import { ImapFaults } from './imap-faults.js'
import { ImapLies } from './imap-lies.js'
import { ImapSession } from './imap-session.js'
import type { ImapCommandSeen, ImapOptions, ImapServerState } from './imap-state.js'
import { MailStore, type MailStoreState, type NewMessage, type StoredMessage } from './mail-store.js'

export interface ImapEmulator {
  host: '127.0.0.1'
  port: number
  store: MailStore
  /** Connections accepted so far. */
  readonly connections: number
  /** Connections open now. */
  readonly open: number
  /** Every line the clients sent, whether under TLS, and by whom. */
  commands: ImapCommandSeen[]
  /** Logins that succeeded, and whole messages or parts fetched. */
  counts: { logins: number; bodies: number }
  /** Puts a mail into a user's folder (default INBOX) as if it had arrived. */
  deliver(user: string, raw: Buffer | string, folder?: string, more?: NewMessage): StoredMessage
  control: {
    faults: ImapFaults
    lies: ImapLies
    /** Capabilities no longer offered, and their commands refused: `UIDPLUS`, `MOVE`, `IDLE`, `STARTTLS`, … */
    withhold(...capabilities: string[]): void
    /** SELECT and EXAMINE announce so many messages more (or fewer) than there are. */
    lieAboutExists(difference: number): void
    /** New UIDVALIDITY and UIDs, at once, also for sessions that have the folder open. */
    flipUidValidity(user: string, folder?: string): void
    /** UIDs counted from 1 again under the same UIDVALIDITY, as after a restore. */
    rewindUids(user: string, folder?: string): void
    dropConnections(): void
    /** Ends faults, lies and withheld capabilities. */
    behave(): void
  }
  snapshot(parts: Parts): MailStoreState
  restore(state: MailStoreState, parts: Parts): void
  stop(): Promise<void>
}

export async function startImap(options: ImapOptions): Promise<ImapEmulator> {
  if (options.mode !== 'plain' && !options.tls) throw new Error(`IMAP mode ${options.mode} needs a certificate`)
  const store = options.store ?? new MailStore()
  const state: ImapServerState = {
    options,
    store,
    faults: new ImapFaults(),
    lies: new ImapLies(),
    withheld: new Set(),
    commands: [],
    sessionsOf: new Map(),
    lie: { exists: 0 },
    counts: { logins: 0, bodies: 0 },
  }
  const server = await startWireServer((wire, connection) => new ImapSession(state, wire, connection).run(), {
    port: options.port,
    tls: options.mode === 'implicit' ? options.tls : undefined,
  })
  const folderOf = (user: string, name = 'INBOX') => {
    const folder = store.folder(user, name)
    if (!folder) throw new Error(`${user} has no folder ${name}`)
    return folder
  }
  return {
    host: server.host,
    port: server.port,
    store,
    get connections() {
      return server.connections
    },
    get open() {
      return server.open
    },
    commands: state.commands,
    counts: state.counts,
    deliver: (user, raw, folder, more) => store.append(user, folderOf(user, folder), Buffer.from(raw), more),
    control: {
      faults: state.faults,
      lies: state.lies,
      withhold: (...capabilities) => {
        for (const capability of capabilities) state.withheld.add(capability.toUpperCase())
      },
      lieAboutExists: (difference) => {
        state.lie.exists = difference
      },
      flipUidValidity: (user, folder) => store.flipUidValidity(user, folderOf(user, folder)),
      rewindUids: (user, folder) => store.rewindUids(user, folderOf(user, folder)),
      dropConnections: () => server.dropConnections(),
      behave: () => {
        state.faults.clear()
        state.lies.clear()
        state.withheld.clear()
        state.lie.exists = 0
      },
    },
    snapshot: (parts) => store.snapshot(parts),
    restore: (saved, parts) => store.restore(saved, parts),
    stop: async () => {
      state.faults.stop()
      await server.stop()
    },
  }
}
