/**
 * Receives mail over IMAP. A session logs in over a guarded link; a refused access token is renewed once, on a new
 * connection. It finds new mail by UID: everything after the cursor's last UID while UIDVALIDITY is unchanged,
 * otherwise everything since a date (`imap-session.ts`).
 */
import type { LookupFunction } from 'node:net'
import { GatewayError } from '../errors.js'
import type { ImapOptions } from '../model/mailbox.js'
import type { Authority } from '../ports/authority.js'
import type { Receiver, ReceiveSession } from '../ports/receiver.js'
import { checkedAddress, tokenNeedsTls } from './dial.js'
import { longestFetchMs } from './fetch-faults.js'
import { ImapLink, type ImapLogin } from './imap-link.js'
import { ImapSession } from './imap-session.js'

export interface ImapReceiverOptions {
  /** A `dns.lookup` that refuses forbidden addresses (`guardedLookup`). */
  lookup: LookupFunction
  /** Which ports may be dialled; absent: any. */
  allowPort?: (port: number) => boolean
  /** Off this machine, which addresses may be talked to without encryption; absent: none. */
  allowPlain?: (ip: string) => boolean
  /**
   * Milliseconds: to connect and log in (default 15,000), per command and of silence (20,000; one that brings mail half
   * as long again without enough bytes, and `longest`, 7 minutes, with them), per session without enough bytes (45,000:
   * less than a poll has, so that a server that says nothing is told from a poll that was stopped).
   */
  timeoutsMs?: { connect?: number; command?: number; session?: number; longest?: number }
  /** Largest mail ever read, in bytes; default 160 MiB, above what any large service accepts. */
  maxMailBytes?: number
  /** PEM trusted besides the public authorities, for every server. */
  rootCa?: string
}

export function imapReceiver(options: ImapReceiverOptions): Receiver {
  return {
    async open(target, authority, signal): Promise<ReceiveSession> {
      if (target.transport !== 'imap') throw new TypeError('This receiver speaks IMAP only')
      const { imap } = target
      if (authority.kind === 'anonymous') throw loginNeeded()
      if (authority.kind === 'bearer' && imap.tls === 'plain') throw tokenNeedsTls()
      return new ImapSession(await openAs(authority, imap, { ...options, signal }), imap.folder)
    },
  }
}

async function openAs(
  authority: Exclude<Authority, { kind: 'anonymous' }>,
  imap: ImapOptions,
  options: ImapReceiverOptions & { signal: AbortSignal },
): Promise<ImapLink> {
  const {
    connect: connectMs = 15_000,
    command: commandMs = 20_000,
    session: sessionMs = 45_000,
    longest: longestMs = longestFetchMs,
  } = options.timeoutsMs ?? {}
  const { maxMailBytes = 160 * 1024 * 1024 } = options
  const limits = { connectMs, commandMs, fetchMs: commandMs * 1.5, sessionMs, longestMs, maxMailBytes }
  for (let renew = false; ; renew = true) {
    const { lookup, allowPort, allowPlain, signal, rootCa } = options
    const address = await checkedAddress(imap, { lookup, allowPort, allowPlain, timeoutMs: connectMs, signal })
    const login = await loginOf(authority, renew)
    const link = new ImapLink({ imap, address, login, limits, signal, rootCa })
    try {
      await link.connect()
      return link
    } catch (error) {
      await link.close()
      const { class: errorClass, hint } = error as GatewayError
      const staleToken = errorClass === 'needs-reconnect' || hint === 'refresh' || hint === 'verify'
      if (authority.kind !== 'bearer' || renew || !staleToken) throw error
    }
  }
}

async function loginOf(authority: Exclude<Authority, { kind: 'anonymous' }>, renew: boolean): Promise<ImapLogin> {
  const { user } = authority
  return authority.kind === 'bearer'
    ? { user, accessToken: (await authority.token({ renew })).reveal(), ofApp: authority.ofApp === true }
    : { user, pass: authority.password.reveal() }
}

function loginNeeded(): GatewayError {
  return new GatewayError('imap_needs_login', 'needs-admin', {
    hint: 'config',
    description: 'Reading a mailbox over IMAP needs a connection that signs in.',
    remedy: 'Give the mailbox a connection with a sign-in or a password.',
  })
}
