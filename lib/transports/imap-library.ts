/**
 * What of imapflow is not in its types. Its version is pinned, and tests notice when one of these is gone.
 */
import { Socket } from 'node:net'
import type { ImapFlow } from 'imapflow'
import { hearErrors } from './dial.js'
import { saslName, tokenMechanism } from './sasl-token.js'

/** What it hands to its logger for each line of the server. */
export interface LoggedLine {
  src?: string
  /** Without the bytes of literals. */
  msg?: unknown
  payloadBytes?: number
}

interface FolderCache {
  folders: Map<string, { path: string }>
  namespace?: { prefix?: string } | false
}

interface RangeReader {
  untaggedVanished(): Promise<void>
  exec(
    command: string,
    attributes: unknown,
    options?: { untagged?: Record<string, (reply: unknown) => Promise<void>> },
  ): Promise<{ response?: unknown }>
}

/** Bytes of the socket in use. */
export function bytesReadBy(client: ImapFlow | undefined): number {
  const { socket } = (client ?? {}) as unknown as { socket?: { bytesRead?: number } | false }
  return socket ? (socket.bytesRead ?? 0) : 0
}

/** A greeting that says somebody is logged in already. */
export function onPreauth(client: ImapFlow, then: () => void): void {
  const { untaggedHandlers } = client as unknown as { untaggedHandlers: Record<string, () => Promise<void>> }
  untaggedHandlers['PREAUTH'] = async () => then()
}

interface TokenLogin {
  capabilities: Map<string, unknown>
  run(command: string, ...input: unknown[]): Promise<unknown>
}

/** imapflow prefers OAUTHBEARER, and escapes no name in it. */
export function logInByToken(flow: ImapFlow): void {
  const client = flow as unknown as TokenLogin
  const { run } = client
  client.run = (command, ...input) => {
    const { capabilities } = client
    if (command !== 'AUTHENTICATE') return run.call(client, command, ...input)
    const mechanism = tokenMechanism((name) => capabilities.has(`AUTH=${name}`))
    if (mechanism === 'XOAUTH2') capabilities.delete('AUTH=OAUTHBEARER')
    const [user, ...more] = input
    return run.call(client, command, mechanism === 'OAUTHBEARER' ? saslName(String(user)) : user, ...more)
  }
}

/** imapflow asks the server to list a folder before it opens it; opening says as much, a round trip earlier. */
export function skipList(client: ImapFlow, folder: string): void {
  const { folders, namespace } = client as unknown as FolderCache
  const { prefix = '' } = namespace || {}
  for (const path of [folder, `${prefix}${folder}`]) if (!folders.has(path)) folders.set(path, { path })
}

/**
 * A range of a few bytes names four billion mails, and imapflow writes out sixteen million of them within one turn, in
 * which no limit of time is heard. `named` is told how many a reply names before that, and throws to refuse it.
 */
export function boundRanges(flow: ImapFlow, named: (mails: number) => void): void {
  const client = flow as unknown as RangeReader
  const { exec } = client
  // Only a client that asked for it (QRESYNC) has a use for it.
  client.untaggedVanished = async () => undefined
  client.exec = async (command, attributes, options = {}) => {
    const untagged = { ...options.untagged }
    for (const name of ['ESEARCH', 'OK']) {
      const handle = untagged[name]
      if (handle)
        untagged[name] = async (reply) => {
          named(namedBy(reply))
          await handle(reply)
        }
    }
    const answer = await exec.call(client, command, attributes, { ...options, untagged })
    named(namedBy(answer.response))
    return answer
  }
}

/** How many mails the ranges in a reply name, read as imapflow reads them: also `0x1:1e9`. */
function namedBy(reply: unknown): number {
  if (typeof reply === 'string')
    return reply.split(',').reduce((sum, part) => {
      const colon = part.indexOf(':')
      const many = colon < 0 ? 0 : Math.abs(Number(part.slice(colon + 1)) - Number(part.slice(0, colon)))
      return sum + (many > 0 ? many : 0)
    }, 0)
  if (Array.isArray(reply)) return reply.reduce<number>((sum, part) => sum + namedBy(part), 0)
  if (typeof reply !== 'object' || reply === null) return 0
  const { attributes, section, value } = reply as Record<string, unknown>
  return namedBy([attributes, section, value])
}

/** imapflow takes its listeners off before a socket has closed, and off the one below TLS. */
export function hearSockets(client: ImapFlow): void {
  let held: unknown
  Object.defineProperty(client, 'socket', {
    get: () => held,
    set: (socket: unknown) => {
      held = socket instanceof Socket ? hearErrors(socket) : socket
    },
  })
}
