/**
 * What the code outside an adapter knows about each transport, one row each. A new one is a member of `ReceiveSettings`
 * or `SendSettings` (mailbox.ts) and of a target below, then an adapter in lib/transports and a line in gateway.ts.
 * Until its rows are complete, nothing compiles.
 */
import { type Connection, graphMailbox, isSendOnly, type Resource } from './connection.js'
import { hashId } from './ids.js'
import type {
  GraphOptions,
  ImapOptions,
  ReceiveSettings,
  Receiving,
  SendSettings,
  ServerAddress,
  SmtpOptions,
} from './mailbox.js'

/** What an adapter opens. */
export type ReceiveTarget =
  | { transport: 'graph'; graph: GraphOptions; folder: string }
  | { transport: 'imap'; imap: ImapOptions }
export type SendTarget = { transport: 'graph'; graph: GraphOptions } | { transport: 'smtp'; smtp: SmtpOptions }

/** Both directions, as far as they are wanted. */
export interface Targets {
  receive?: ReceiveTarget
  send?: SendTarget
}

export type ReceiveTransport = ReceiveTarget['transport']
export type SendTransport = SendTarget['transport']
export type Transport = ReceiveTransport | SendTransport

/** A direction that is used. */
type Sending = Exclude<SendSettings, { transport: 'none' }>
type Place = Receiving | Sending | ReceiveTarget | SendTarget
type Of<U extends { transport: string }, T> = Extract<U, { transport: T }>

interface Facts<P> {
  /** Whose tokens it shows: one token has one audience. */
  resource: Resource
  /** Undefined: it names no server. */
  server(place: P): ServerAddress | undefined
}

const facts: { [T in Transport]: Facts<Of<Place, T>> } = {
  graph: { resource: 'graph', server: () => undefined },
  imap: { resource: 'outlook', server: ({ imap }) => imap },
  smtp: { resource: 'outlook', server: ({ smtp }) => smtp },
}

interface DirectionFacts<S, T> {
  target(side: S, of: { connection: Connection; address: string }): T
  /** As a mailbox keeps it; `user` when it is not the mailbox's own address. */
  side(target: T, by: { connectionId: string; user?: string }): S
  /** `side` at the server of `wanted`, with everything else it had. */
  atServerOf(side: S, wanted: S): S
}

interface ReceiveFacts<S, T> extends DirectionFacts<S, T> {
  /** Server, account and folder: what a cursor belongs to. */
  source(side: S, address: string): string
}

/** What the granted scopes leave of it. */
export const asGranted = <T extends SendTarget>(target: T, scopes: readonly string[]): T =>
  target.transport === 'graph' && isSendOnly(scopes)
    ? { ...target, graph: { ...target.graph, sendOnly: true } }
    : target

export const isSendOnlyTarget = (target: ReceiveTarget | SendTarget): boolean =>
  'graph' in target && target.graph.sendOnly === true

interface SendFacts<S, T> extends DirectionFacts<S, T> {
  /** Mails over one session; `chosen` by the settings. */
  perSession(side: S, chosen: number): number
}

const only = ({ host, port, tls }: ServerAddress) => ({ host, port, tls })

const receiveFacts: { [T in ReceiveTransport]: ReceiveFacts<Of<Receiving, T>, Of<ReceiveTarget, T>> } = {
  graph: {
    target: ({ user, folder }, { connection, address }) => ({
      transport: 'graph',
      graph: { mailbox: graphMailbox(connection, address, user) },
      folder,
    }),
    side: ({ folder }, { connectionId, user }) => ({
      transport: 'graph',
      connectionId,
      ...(user ? { user } : {}),
      folder,
    }),
    atServerOf: (side) => side,
    source: ({ user, folder }, address) => hashId('graph', (user ?? address).toLowerCase(), folder),
  },
  imap: {
    target: ({ imap }) => ({ transport: 'imap', imap }),
    side: ({ imap }, { connectionId }) => ({ transport: 'imap', connectionId, imap }),
    atServerOf: (side, wanted) => ({ ...side, imap: { ...side.imap, ...only(wanted.imap) } }),
    source: ({ imap }, address) => hashId('imap', address.toLowerCase(), imap.host.toLowerCase(), imap.folder),
  },
}

const sendFacts: { [T in SendTransport]: SendFacts<Of<Sending, T>, Of<SendTarget, T>> } = {
  graph: {
    target: ({ user }, { connection, address }) =>
      asGranted({ transport: 'graph', graph: { mailbox: graphMailbox(connection, address, user) } }, connection.scopes),
    side: (_, { connectionId, user }) => ({ transport: 'graph', connectionId, ...(user ? { user } : {}) }),
    atServerOf: (side) => side,
    perSession: () => Number.POSITIVE_INFINITY,
  },
  smtp: {
    target: ({ smtp }) => ({ transport: 'smtp', smtp }),
    side: ({ smtp }, { connectionId }) => ({ transport: 'smtp', connectionId, smtp }),
    atServerOf: (side, wanted) => ({ ...side, smtp: { ...side.smtp, ...only(wanted.smtp) } }),
    perSession: ({ smtp }, chosen) => Math.max(1, smtp.messagesPerSession ?? chosen),
  },
}

// The compiler has checked each row against its own transport; through an index it no longer knows which one it has.
const ofAny = facts as Record<Transport, Facts<Place>>
export const receiveTransports = receiveFacts as Record<ReceiveTransport, ReceiveFacts<Receiving, ReceiveTarget>>
export const sendTransports = sendFacts as Record<SendTransport, SendFacts<Sending, SendTarget>>

export const resourceOfTransport = (transport: Transport): Resource => facts[transport].resource

/** Undefined for a transport that names no server, and for a direction that is not used. */
export const serverOf = (place: Place | { transport: 'none' }): ServerAddress | undefined =>
  place.transport === 'none' ? undefined : ofAny[place.transport].server(place)

/** Empty for a direction that is not used. */
export const connectionOf = (side: ReceiveSettings | SendSettings): string =>
  side.transport === 'none' ? '' : side.connectionId

/** Of receiving and of sending, once when they are the same. */
export const connectionIdsOf = ({ receive, send }: { receive: ReceiveSettings; send: SendSettings }): string[] => [
  ...new Set([receive, send].map(connectionOf).filter((id) => id !== '')),
]

/** The mailbox belongs to somebody else than who signed in. */
export const isShared = (target: ReceiveTarget | SendTarget): boolean =>
  'graph' in target && target.graph.mailbox !== 'me'

/** The wanted directions at mail servers of their own. */
export function serverTargets(
  wanted: { receive: boolean; send: boolean },
  { imap, smtp }: { imap?: ServerAddress; smtp?: ServerAddress },
): Targets {
  return {
    ...(wanted.receive && imap ? { receive: { transport: 'imap', imap: { ...imap, folder: 'INBOX' } } } : {}),
    ...(wanted.send && smtp ? { send: { transport: 'smtp', smtp } } : {}),
  }
}

/** Server, account and folder that a cursor belongs to; empty when the mailbox does not receive. */
export const sourceOf = ({ receive, address }: { receive: ReceiveSettings; address: string }): string =>
  receive.transport === 'none' ? '' : receiveTransports[receive.transport].source(receive, address)
