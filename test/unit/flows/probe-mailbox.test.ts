import { expect, test } from 'vitest'
import { excuseStoredServers, refusedServers } from '../../../lib/flows/connect/judge-servers.js'
import { probeMailbox, unreachable } from '../../../lib/flows/connect/probe-mailbox.js'
import type { ServerAddress } from '../../../lib/model/mailbox.js'
import type { Receiver } from '../../../lib/ports/receiver.js'
import type { Sender } from '../../../lib/ports/sender.js'
import { Secret } from '../../../lib/secret.js'
import { everyReceiver, everySender, nobody } from '../../support/general/toolbox.js'

const imap: ServerAddress = { host: 'imap.contoso.example', port: 993, tls: 'implicit' }
const smtp: ServerAddress = { host: 'smtp.contoso.example', port: 465, tls: 'implicit' }
const password = { kind: 'password', user: 'info@contoso.example', password: new Secret('p') } as const

const never = () => new Promise<never>(() => {})
const session = { close: async () => {} }

/** One server never answers, the other one does at once; then the time is over. */
async function tryOut(hanging: 'imap' | 'smtp' | 'both', refusal?: Error) {
  const opened = async () => (refusal ? Promise.reject(refusal) : session)
  const receiver = { open: hanging === 'smtp' ? opened : never } as unknown as Receiver
  const sender = { open: hanging === 'imap' ? opened : never } as unknown as Sender
  const deps = {
    receivers: { ...everyReceiver(nobody), imap: receiver },
    senders: { ...everySender(nobody), smtp: sender },
  }
  const time = new AbortController()
  const verdicts = probeMailbox(deps, {
    authority: password,
    receive: { transport: 'imap', imap: { ...imap, folder: 'INBOX' } },
    send: { transport: 'smtp', smtp },
    signal: time.signal,
  })
  setImmediate(() => time.abort())
  return verdicts
}

test('T3, T15: a server that does not answer in time takes nothing from what the other one has shown', async () => {
  expect(await tryOut('imap')).toEqual({
    signIn: { verdict: 'works' },
    reading: unreachable,
    sending: { verdict: 'works' },
  })
  expect(await tryOut('smtp')).toEqual({
    signIn: { verdict: 'works' },
    reading: { verdict: 'works' },
    sending: unreachable,
  })
  // The control: a password that nobody accepted is not kept.
  expect(await tryOut('both')).toMatchObject({ signIn: { verdict: 'fails', code: 'server_unreachable' } })
})

test('T2: only the server that hangs is named, and at a reconnect it is waited for no longer', async () => {
  const verdicts = await tryOut('imap')
  const refusal = refusedServers(verdicts, { imap, smtp })
  expect(refusal?.problems?.map(({ field }) => field)).toEqual(['imapHost', 'imapPort', 'imapTls'])
  const stored = { imap, smtp }
  const excused = excuseStoredServers(verdicts, { imap, smtp }, stored)
  expect(excused.reading).toEqual({ verdict: 'not-tested', unanswered: true })
  expect(refusedServers(excused, { imap, smtp }, stored)).toBeUndefined()
  // Another one than before is not kept, late or not.
  const typed = { imap: { ...imap, host: 'imap2.contoso.example' }, smtp }
  expect(refusedServers(excuseStoredServers(verdicts, typed, stored), typed, stored)).toBeDefined()
})
