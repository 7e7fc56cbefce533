/** A hand-over without an answer over SMTP: by the Sent folder, by a second copy, or by a person. */
import { describe, expect, test } from 'vitest'
import { sendFlows } from '../../lib/flows/send/index.js'
import { newId } from '../../lib/model/ids.js'
import type { ReceiveSettings, SendSettings } from '../../lib/model/mailbox.js'
import type { Sender } from '../../lib/ports/sender.js'
import { guardedLookup } from '../../lib/transports/guarded-lookup.js'
import { imapReceiver } from '../../lib/transports/imap-receiver.js'
import { smtpSender } from '../../lib/transports/smtp-sender.js'
import { makeCertificates } from '../../local/emulators/certificate.js'
import { startImap } from '../../local/emulators/imap/start-imap.js'
import { type ScriptedSmtpOptions, startScriptedSmtp } from '../../local/emulators/smtp/scripted-smtp.js'
import { everyReceiver, everySender } from '../support/general/toolbox.js'
import {
  ana,
  ben,
  hour,
  messageIds,
  password,
  stops,
  useUnknownOutcomes,
  world,
} from '../support/send/unknown-outcome-world.js'

const { retryMail } = sendFlows

useUnknownOutcomes()

const certificates = await makeCertificates()
const lookup = guardedLookup({ allowLoopback: true })

async function smtp(options: ScriptedSmtpOptions) {
  const server = await startScriptedSmtp(options)
  stops.push(() => server.stop())
  const { port } = server
  const send: SendSettings = {
    transport: 'smtp',
    connectionId: newId(),
    smtp: { host: 'localhost', port, tls: 'plain', messagesPerSession: 3 },
  }
  // As the gateway wires it: SMTP itself cannot look anything up.
  const sender = smtpSender({ lookup, timeoutsMs: { reply: 300 } })
  return { server, send, deps: { senders: everySender(sender) } }
}

describe('REL-03, P-09: the connection drops after the final dot and nothing can be looked up', () => {
  test.each(['close', 'reset', 'hang'] as const)(
    '%s: unknown, explained, and never sent again automatically',
    async (fault) => {
      const { server, send, deps } = await smtp({ phase: 'after-dot', fault })
      const w = await world({ send }, deps)
      const id = await w.send()
      const mail = await w.read(id)
      expect(mail).toMatchObject({ state: 'unknown', attempts: 1, whenUnknown: 'stop' })
      expect(mail.lastError).toMatchObject({ code: 'send_outcome_unknown', class: 'permanent' })
      expect(mail.lastError?.text).toMatch(
        /^The connection broke after .* may have been sent\. The gateway cannot read the Sent/,
      )
      expect(mail.lastError?.remedy).toMatch(/then decide: sent, not sent, or send again/)
      const [event, ...others] = await w.events()
      expect(others).toEqual([])
      const { text, remedy } = mail.lastError!
      expect(event).toMatchObject({ type: 'mail.unknown', data: { mailId: id, description: text, remedy } })
      expect(await w.attention()).toMatchObject([
        { kind: 'mail-unknown', id, whoActs: 'An administrator, after checking the mailbox', remedy },
      ])
      for (let n = 0; n < 4; n++) await w.later(30 * hour)
      expect(await w.read(id)).toMatchObject({ state: 'unknown', attempts: 1 })
      await expect(retryMail(w.deps, w.tenant, id)).rejects.toMatchObject({ code: 'wrong_state' })
      expect(server.mails).toHaveLength(1)
      expect(await w.events()).toEqual([])
    },
  )

  test.each([
    ['sent', 'sent', 1],
    ['not-sent', 'failed', 1],
    ['resend', 'sent', 2],
  ] as const)('a person decides %s: %s, %i copies', async (decision, state, copies) => {
    const { server, send, deps } = await smtp({ phase: 'after-dot', fault: 'close', times: 1 })
    const w = await world({ send }, deps)
    const id = await w.send()
    await w.resolve(id, decision)
    await w.drain()
    expect(await w.read(id)).toMatchObject({ state })
    expect(await w.attention()).toEqual([])
    expect(server.mails).toHaveLength(copies)
    expect(new Set(messageIds(server.mails)).size).toBe(1)
    if (decision !== 'resend') expect(await w.resolve(id, decision)).toMatchObject({ state })
    await expect(w.resolve(id, decision === 'sent' ? 'resend' : 'sent')).rejects.toMatchObject({ code: 'wrong_state' })
  })

  test('whenUnknown resend: one more copy with the same Message-ID, and sent', async () => {
    const { server, send, deps } = await smtp({ phase: 'after-dot', fault: 'close', times: 1 })
    const w = await world({ send }, deps)
    const id = await w.send('resend')
    const waiting = await w.read(id)
    expect(waiting).toMatchObject({
      state: 'waiting',
      lastError: { text: expect.stringContaining('sends it once more') },
    })
    await w.later(hour)
    expect(await w.read(id)).toMatchObject({ state: 'sent', attempts: 2 })
    expect(server.mails).toHaveLength(2)
    expect(new Set(messageIds(server.mails))).toEqual(new Set([waiting.messageId]))
    expect(await w.attention()).toEqual([])
  })

  test('whenUnknown resend: a server that loses every answer gets two copies, then a person is asked', async () => {
    const { server, send, deps } = await smtp({ phase: 'after-dot', fault: 'reset' })
    const w = await world({ send }, deps)
    const id = await w.send('resend')
    for (let n = 0; n < 8; n++) await w.later(hour)
    expect(server.mails).toHaveLength(2)
    expect(await w.read(id)).toMatchObject({ state: 'unknown', lastError: { text: expect.stringContaining('twice') } })
    expect(await w.attention()).toHaveLength(1)
  })

  test('whenUnknown resend past the deadline: a person is asked, it is not called failed', async () => {
    const { server, send, deps } = await smtp({ phase: 'after-dot', fault: 'hang' })
    const w = await world({ send }, deps)
    w.deps.config = { ...w.deps.config, deadlineMs: hour }
    const open: Sender['open'] = (...input) => {
      w.pass(2 * hour)
      return deps.senders.smtp.open(...input)
    }
    w.deps.senders = { ...deps.senders, smtp: { open } }
    const id = await w.send('resend')
    expect(await w.read(id)).toMatchObject({ state: 'unknown' })
    expect(server.mails).toHaveLength(1)
  })
})

describe('REL-03, P-09: the Sent folder over IMAP', () => {
  async function withSentFolder() {
    const outgoing = await smtp({ phase: 'after-dot', fault: 'close', times: 1 })
    const imap = await startImap({ accounts: () => ({ password }), mode: 'plain', tls: certificates })
    stops.push(() => imap.stop())
    const receive: ReceiveSettings = {
      transport: 'imap',
      connectionId: newId(),
      imap: { host: 'localhost', port: imap.port, tls: 'plain', folder: 'INBOX' },
      after: { action: 'leave' },
    }
    const receiver = imapReceiver({ lookup })
    const w = await world({ send: outgoing.send, receive }, { ...outgoing.deps, receivers: everyReceiver(receiver) })
    // What mail services do with a mail they took: keep a copy for its sender.
    const keepCopy = () => imap.deliver(ana, outgoing.server.mails[0]!.raw.toString('latin1'), 'Sent')
    return { w, imap, server: outgoing.server, keepCopy }
  }

  test.each(['stop', 'resend'] as const)(
    '%s: a copy there, even a late one, proves that it was sent',
    async (policy) => {
      const { w, server, keepCopy } = await withSentFolder()
      const id = await w.send(policy)
      expect(await w.read(id)).toMatchObject({ state: 'unknown' })
      expect(await w.attention()).toEqual([])
      keepCopy()
      await w.later(61_000)
      const mail = await w.read(id)
      expect(mail).toMatchObject({ state: 'sent', attempts: 1, delivered: [ben] })
      expect(mail.history.at(-1)?.text).toContain('in the Sent folder')
      expect((await w.events()).map(({ type }) => type)).toEqual(['mail.sent'])
      expect(server.mails).toHaveLength(1)
    },
  )

  test('no copy there proves nothing: a person is asked, and told so', async () => {
    const { w, server } = await withSentFolder()
    const id = await w.send()
    await w.later(61_000)
    const mail = await w.read(id)
    expect(mail).toMatchObject({ state: 'unknown', lastError: { remedy: expect.stringContaining('decide') } })
    expect(mail.lastError?.text).toContain('not in the Sent folder, which does not prove')
    expect(await w.attention()).toMatchObject([{ description: expect.stringContaining('which does not prove') }])
    expect(server.mails).toHaveLength(1)
  })

  test('a mailbox that cannot be reached is asked again, until the deadline', async () => {
    const { w, imap, server, keepCopy } = await withSentFolder()
    const id = await w.send()
    keepCopy()
    await imap.stop()
    for (let n = 0; n < 3; n++) await w.later(hour)
    expect(await w.read(id)).toMatchObject({ state: 'unknown', attempts: 1 })
    expect(await w.attention()).toEqual([])
    await w.later(72 * hour)
    const mail = await w.read(id)
    expect(mail.lastError?.text).toContain('The gateway could not search the mailbox: ')
    expect(await w.attention()).toHaveLength(1)
    expect(server.mails).toHaveLength(1)
  })
})
